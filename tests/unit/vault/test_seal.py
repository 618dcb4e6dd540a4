"""What is sealed comes back as it was, or not at all."""

import asyncio
import hashlib
import itertools
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.vault import seal
from shared.vault.errors import DamagedError

KEY = secrets.token_bytes(seal.KEY)
FRAME = seal.sealed_size(1) - seal.HEADER - 1 + seal.CHUNK
SIZES = st.sampled_from([0, 1, 2**16, *(n * seal.CHUNK + d for n in (1, 2) for d in (-1, 0, 1))])
few = settings(max_examples=60, deadline=None)


async def pieces(content: bytes, cuts: Iterable[int] = ()) -> AsyncIterator[bytes]:
    at = [0, *sorted(cuts), len(content)]
    for start, end in itertools.pairwise(at):
        yield content[start:end]


async def collected(chunks: AsyncIterable[bytes], into: list[bytes]) -> None:
    async for chunk in chunks:
        into.append(bytes(chunk))


def sealed(plain: bytes, reference: str = "document A", cuts: Iterable[int] = ()) -> list[bytes]:
    found: list[bytes] = []
    asyncio.run(collected(seal.seal(KEY, reference, pieces(plain, cuts), seal.Tally()), found))
    return found


def unsealed(
    content: bytes, into: list[bytes] | None = None, key: bytes = KEY, reference: str = "document A"
) -> bytes:
    found = [] if into is None else into
    asyncio.run(collected(seal.unseal(key, reference, pieces(content), seal.Tally()), found))
    return b"".join(found)


def text(size: int) -> bytes:
    """Bytes of which no two chunks are alike."""
    return hashlib.shake_128(b"text").digest(size)


PLAIN = text(2 * seal.CHUNK + 5)
A = sealed(PLAIN)
B = sealed(PLAIN, "document B")
SEALED = b"".join(A)
PREFIXES = [PLAIN[: n * seal.CHUNK] for n in range(4)]


def refused(content: bytes) -> None:
    """Opening fails, and what came out before is how the document begins."""
    before: list[bytes] = []
    with pytest.raises(DamagedError, match="document A: "):
        unsealed(content, before)
    assert b"".join(before) in PREFIXES


@few
@given(SIZES, st.data())
def test_a_document_comes_back_however_it_was_cut_into_pieces(size: int, data: st.DataObject) -> None:
    plain, tally = text(size), seal.Tally()
    cuts = data.draw(st.lists(st.integers(0, size), max_size=4))
    content = b"".join(sealed(plain, cuts=cuts))
    found: list[bytes] = []
    again = data.draw(st.lists(st.integers(0, len(content)), max_size=4))
    asyncio.run(collected(seal.unseal(KEY, "document A", pieces(content, again), tally), found))
    assert b"".join(found) == plain
    assert (tally.size, tally.sha256()) == (size, hashlib.sha256(plain).hexdigest())
    assert len(content) == seal.sealed_size(size)
    assert all(len(chunk) <= seal.CHUNK for chunk in found)


@few
@given(
    st.sampled_from([A[0], B[0]]),
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, len(A) - 1)), max_size=5),
)
def test_chunks_in_another_order_number_or_document_are_refused(
    header: bytes, order: list[tuple[str, int]]
) -> None:
    content = header + b"".join({"A": A, "B": B}[which][number] for which, number in order)
    if content != SEALED:
        refused(content)


@few
@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused(at: int, by: int) -> None:
    refused(SEALED[:at] + bytes([SEALED[at] ^ by]) + SEALED[at + 1 :])


@few
@given(
    st.integers(0, len(SEALED) - 1)
    | st.sampled_from([seal.HEADER + n * FRAME + d for n in (0, 1, 2) for d in (0, 1)])
)
def test_a_document_without_its_end_is_refused(length: int) -> None:
    refused(SEALED[:length])


@few
@given(st.binary(min_size=1, max_size=40) | st.sampled_from([A[1], A[-1], SEALED]))
def test_a_document_with_more_behind_its_end_is_refused(more: bytes) -> None:
    refused(SEALED + more)


def test_a_whole_document_in_the_place_of_another_is_refused() -> None:
    refused(b"".join(B))


def test_another_subject_s_key_opens_nothing() -> None:
    with pytest.raises(DamagedError):
        unsealed(SEALED, key=secrets.token_bytes(seal.KEY))


def test_bytes_that_were_never_sealed_are_refused_by_their_beginning() -> None:
    with pytest.raises(DamagedError, match="does not begin as a sealed document of format 1"):
        unsealed(PLAIN)


def test_the_same_document_is_never_sealed_alike() -> None:
    assert len({part for _ in range(3) for part in sealed(b"the same")}) == 6


@few
@given(st.binary(max_size=300))
def test_a_small_document_is_sealed_as_any_other(plain: bytes) -> None:
    content = seal.seal_small(KEY, "document A", plain)
    assert unsealed(content) == plain
    assert seal.unseal_small(KEY, "document A", content) == plain
    assert seal.unseal_small(KEY, "document A", b"".join(sealed(plain))) == plain


@few
@given(st.integers(0, 80), st.integers(1, 255), st.booleans())
def test_a_small_document_that_was_changed_or_cut_is_refused(at: int, by: int, cut: bool) -> None:
    content = seal.seal_small(KEY, "document A", b"x" * 41)
    changed = content[:at] if cut else content[:at] + bytes([content[at] ^ by]) + content[at + 1 :]
    with pytest.raises(DamagedError):
        seal.unseal_small(KEY, "document A", changed)


def test_what_is_longer_than_a_chunk_is_not_small() -> None:
    with pytest.raises(ValueError, match="longer than 1048576 bytes"):
        seal.seal_small(KEY, "document A", bytes(seal.CHUNK + 1))
