"""Merkle trees: the root that RFC 6962 defines, and proofs that hold for one leaf in one place only."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.audit.merkle import Tree, leaf_hash, node_hash, proves

LEAVES = st.lists(st.binary(max_size=8), min_size=1, max_size=40, unique=True)


def defined(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, as it stands there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node_hash(defined(leaves[:half]), defined(leaves[half:]))


def test_the_prefixes_tell_a_leaf_from_a_node() -> None:
    assert leaf_hash(b"ab") == hashlib.sha256(b"\x00ab").digest()
    assert node_hash(b"a", b"b") == hashlib.sha256(b"\x01ab").digest()


@given(st.lists(st.binary(max_size=4), max_size=40))
def test_the_root_is_the_one_that_the_rfc_defines(leaves: list[bytes]) -> None:
    assert Tree(leaves).root == defined(leaves)


@given(st.lists(st.tuples(st.integers(0, 60), st.binary(max_size=4)), max_size=60), st.integers(1, 5))
def test_a_tree_changed_step_by_step_has_the_root_of_one_made_at_once(
    puts: list[tuple[int, bytes]], steps: int
) -> None:
    tree, held = Tree(), dict[int, bytes]()
    for start in range(0, len(puts), steps):
        some = dict(puts[start : start + steps])
        order = sorted(held)
        changed = {order.index(key): leaf for key, leaf in some.items() if key in held}
        added = [(sum(old < key for old in order), some[key]) for key in sorted(some) if key not in held]
        tree.change(changed, added)
        held |= some
        assert tree.root == defined([held[key] for key in sorted(held)])
        assert len(tree) == len(held)


@given(LEAVES)
def test_the_proof_of_each_leaf_holds(leaves: list[bytes]) -> None:
    tree = Tree(leaves)
    for index, leaf in enumerate(leaves):
        assert proves(leaf, index, len(leaves), tree.proof(index), tree.root)


@given(LEAVES, st.data())
def test_a_proof_holds_for_nothing_else(leaves: list[bytes], data: st.DataObject) -> None:
    tree, size = Tree(leaves), len(leaves)
    index = data.draw(st.integers(0, size - 1))
    leaf, path, root = leaves[index], tree.proof(index), tree.root
    other = data.draw(st.integers(-1, size))
    assert not proves(leaf + b"x", index, size, path, root)
    assert not proves(leaf, index, size, path, bytes(32))
    assert other == index or not proves(leaf, other, size, path, root)
    assert not proves(leaf, index, size, [*path, root], root)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not proves(leaf, index, size, path[:-1], root)
        assert not proves(leaf, index, size, [*path[:at], bytes(32), *path[at + 1 :]], root)


def test_a_node_does_not_pass_for_a_leaf() -> None:
    tree = Tree([b"a", b"b", b"c", b"d"])
    inner = leaf_hash(b"a") + leaf_hash(b"b")
    assert not proves(inner, 0, 2, tree.proof(0)[1:], tree.root)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3)])
def test_a_place_outside_the_tree_proves_nothing(index: int, size: int) -> None:
    assert not proves(b"", index, size, [], leaf_hash(b""))
