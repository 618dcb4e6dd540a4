"""The anchored head of every stream, and the anchors of a folder replayed into that map."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from uuid import UUID

from shared.audit import files
from shared.audit.anchor import Anchor, BrokenAnchorsError, Head
from shared.audit.merkle import Tree


class Heads:
    """The head of each stream and the tree over them, all in memory: some 300 bytes a stream."""

    def __init__(self) -> None:
        self._of: dict[bytes, bytes] = {}  # by the stream's 16 bytes: 8 of the version, 32 of the hash
        self._order: list[bytes] = []
        self._tree = Tree()

    def __len__(self) -> int:
        return len(self._order)

    @property
    def root(self) -> bytes:
        return self._tree.root

    def version(self, stream_id: UUID) -> int:
        """The anchored version of a stream; 0 where it has none."""
        return int.from_bytes(self._of.get(stream_id.bytes, b"")[:8])

    def get(self, stream_id: UUID) -> Head | None:
        found = self._of.get(stream_id.bytes)
        return Head(stream_id, int.from_bytes(found[:8]), found[8:]) if found else None

    def proof(self, stream_id: UUID) -> tuple[int, list[bytes]]:
        """The index of a stream's leaf and the path from it to the root."""
        index = bisect_left(self._order, stream_id.bytes)
        return index, self._tree.proof(index)

    def update(self, changed: Iterable[Head]) -> None:
        """Put these heads in the place of those of the same streams."""
        old: dict[int, bytes] = {}
        new: list[tuple[int, bytes]] = []
        added = []
        for key, head in sorted({head.stream_id.bytes: head for head in changed}.items()):
            index = bisect_left(self._order, key)
            if key in self._of:
                old[index] = head.leaf()
            else:
                new.append((index, head.leaf()))
                added.append(key)
            self._of[key] = head.version.to_bytes(8) + head.hash
        self._tree.change(old, new)
        self._order = sorted(self._order + added) if added else self._order

    def of(self, streams: Sequence[bytes]) -> Iterator[Head]:
        """The heads of streams that are known, given by their bytes."""
        for key in streams:
            found = self._of[key]
            yield Head(UUID(bytes=key), int.from_bytes(found[:8]), found[8:])


class Replay:
    """The anchors of one service's folder, read in order: the last one, and the heads it covers."""

    def __init__(self, folder: Path, service: str) -> None:
        self.folder = folder
        self.service = service
        self.heads = Heads()
        self.last: Anchor | None = None

    @property
    def number(self) -> int:
        return self.last.number if self.last else 0

    def catch_up(self) -> None:
        """Read what was added to the folder since.

        Raises BrokenAnchorsError where an anchor is missing, does not follow on the one before or does not
        fit its heads. Signatures are not looked at: whoever checks a log does that, with all public keys.
        After an error the object is of no more use.
        """
        numbers = files.numbers(self.folder)
        for expected in range(1, max([self.number, *numbers], default=0) + 1):
            if numbers[expected - 1 : expected] != [expected]:
                raise BrokenAnchorsError(f"anchor {expected} of {self.service} is missing in {self.folder}")
        for number in numbers[self.number :]:
            self._read(number)

    def _read(self, number: int) -> None:
        try:
            anchor = files.read(self.folder, number)
            for batch in files.heads(self.folder, number):
                self.heads.update(batch)
        except files.UnreadableAnchorError as fault:
            raise BrokenAnchorsError(f"anchor {number} of {self.service}: {fault}") from None
        if (anchor.service, anchor.number) != (self.service, number):
            raise BrokenAnchorsError(f"the file of anchor {number} of {self.service} is another's")
        if anchor.previous != (self.last.digest() if self.last else ""):
            raise BrokenAnchorsError(f"anchor {number} of {self.service} does not follow on the one before")
        if (anchor.root, anchor.streams) != (self.heads.root, len(self.heads)):
            raise BrokenAnchorsError(f"anchor {number} of {self.service} does not fit its heads")
        self.last = anchor
