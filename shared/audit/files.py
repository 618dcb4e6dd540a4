"""The folder of anchors: one file each that is written once, in which the heads stand that changed."""

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import UUID

from shared.audit.anchor import Anchor, Head, from_json

_NAME = re.compile(r"(\d{10})\.ndjson")
_BATCH = 10_000  # heads in memory at a time, some 4 MB


class UnreadableAnchorError(Exception):
    """A file that no anchor was written to like that; the text says what is wrong with it."""


def path_of(folder: Path, number: int) -> Path:
    return folder / f"{number:010}.ndjson"


def numbers(folder: Path) -> list[int]:
    """The numbers of the anchors in a folder, ascending; none where there is no folder."""
    if not folder.is_dir():
        return []
    return sorted(int(found[1]) for name in os.listdir(folder) if (found := _NAME.fullmatch(name)))


def write(folder: Path, anchor: Anchor, heads: Iterable[Head]) -> None:
    """Write an anchor's file, whole or not at all, and on the disk when this returns.

    The first line is the anchor, each further one a head that changed: stream, version, hash. `heads` ascend
    by stream. Raises FileExistsError where the number is taken: no file is ever replaced.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = folder / f".{anchor.number}.{secrets.token_hex(4)}"
    try:
        with unfinished.open("x", encoding="utf-8") as file:
            file.write(json.dumps(anchor.as_json()) + "\n")
            for head in heads:
                file.write(f'["{head.stream_id}",{head.version},"{head.hash.hex()}"]\n')
            file.flush()
            os.fchmod(file.fileno(), 0o444)
            os.fsync(file.fileno())
        os.link(unfinished, path_of(folder, anchor.number))  # a rename would replace what is there
    finally:
        with contextlib.suppress(FileNotFoundError):
            unfinished.unlink()
    listing = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(listing)
    finally:
        os.close(listing)


def read(folder: Path, number: int) -> Anchor:
    """The anchor of a file, without its heads. Raises UnreadableAnchorError, or OSError."""
    try:
        with path_of(folder, number).open(encoding="utf-8") as file:
            return from_json(json.loads(file.readline()))
    except (ValueError, KeyError, TypeError, OverflowError) as fault:
        raise UnreadableAnchorError(f"its first line is no anchor ({type(fault).__name__})") from None


def heads(folder: Path, number: int) -> Iterator[list[Head]]:
    """The heads that changed with an anchor, in batches. Raises UnreadableAnchorError, or OSError."""
    batch: list[Head] = []
    last, number_of_line = b"", 1
    try:
        with path_of(folder, number).open(encoding="utf-8") as file:
            file.readline()
            for line in file:
                number_of_line += 1
                stream, version, digest = json.loads(line)
                head = Head(UUID(stream), int(version), bytes.fromhex(digest))
                if head.stream_id.bytes <= last:
                    raise ValueError("streams do not ascend")
                last = head.stream_id.bytes
                batch.append(_fitting(head))
                if len(batch) == _BATCH:
                    yield batch
                    batch = []
    except (ValueError, TypeError, AttributeError, OverflowError) as fault:
        raise UnreadableAnchorError(
            f"its line {number_of_line} is no head ({type(fault).__name__})"
        ) from None
    if batch:
        yield batch


def _fitting(head: Head) -> Head:
    if not (0 < head.version < 2**63 and len(head.hash) == 32):
        raise ValueError("no version or hash of an event")
    return head
