"""Merkle trees as RFC 6962 section 2.1 defines them: root, proof that a leaf is under it, and its check."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import count

_SIZE = 32  # bytes of a SHA-256


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf's bytes; its prefix keeps a leaf from passing for a node."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two hashes side by side."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """A tree that can change; 64 bytes a leaf.

    Nodes are paired level by level and one that is left over moves up as it is, which gives the same tree as
    the RFC's split at the largest power of two.
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels = [bytearray()]
        self.change({}, [(0, leaf) for leaf in leaves])

    def __len__(self) -> int:
        return len(self._levels[0]) // _SIZE

    @property
    def root(self) -> bytes:
        """The root; that of a tree without leaves is the hash of nothing."""
        return bytes(self._levels[-1]) or hashlib.sha256().digest()

    def change(self, changed: Mapping[int, bytes], added: Sequence[tuple[int, bytes]] = ()) -> None:
        """Put other bytes in leaves, then new leaves before others.

        `changed` has the new bytes by index; `added` the index before which each new leaf comes, in ascending
        order, and its bytes. All indexes are those from before the call. Costs the height of the tree a
        changed leaf, and what stands right of the first new one.
        """
        leaves = self._levels[0]
        for index, leaf in changed.items():
            leaves[index * _SIZE : (index + 1) * _SIZE] = leaf_hash(leaf)
        moved = len(self)
        if added:
            moved, self._levels[0] = added[0][0], _spread(leaves, added)
        dirty = {index for index in changed if index < moved}
        for depth in count():
            below = self._levels[depth]
            size = len(below) // _SIZE
            if size <= 1:
                del self._levels[depth + 1 :]
                return
            if len(self._levels) == depth + 1:
                self._levels.append(bytearray())
            above = self._levels[depth + 1]
            dirty, moved = {index // 2 for index in dirty}, moved // 2
            above[moved * _SIZE :] = b"".join(_parent(below, at) for at in range(moved, (size + 1) // 2))
            for at in dirty:
                above[at * _SIZE : (at + 1) * _SIZE] = _parent(below, at)

    def proof(self, index: int) -> list[bytes]:
        """The hashes beside the way from this leaf to the root, from below."""
        path = []
        for level in self._levels[:-1]:
            beside = (index ^ 1) * _SIZE
            if beside < len(level):
                path.append(bytes(level[beside : beside + _SIZE]))
            index //= 2
        return path


def proves(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` leads from these bytes, the leaf at `index` of `size`, to the root."""
    if not 0 <= index < size:
        return False
    steps, last, found = iter(path), size - 1, leaf_hash(leaf)
    while last:
        if index ^ 1 <= last:
            step = next(steps, None)
            if step is None:
                return False
            found = node_hash(step, found) if index & 1 else node_hash(found, step)
        index, last = index // 2, last // 2
    return next(steps, None) is None and found == root


def _parent(below: bytearray, at: int) -> bytes:
    pair = below[at * 2 * _SIZE : (at * 2 + 2) * _SIZE]
    return bytes(pair) if len(pair) == _SIZE else hashlib.sha256(b"\1" + pair).digest()


def _spread(leaves: bytearray, added: Sequence[tuple[int, bytes]]) -> bytearray:
    """The leaves' hashes with those of the new ones in their places."""
    spread, done = bytearray(), 0
    for index, leaf in added:
        spread += leaves[done * _SIZE : index * _SIZE]
        spread += leaf_hash(leaf)
        done = index
    return spread + leaves[done * _SIZE :]
