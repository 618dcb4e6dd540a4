"""Sealing: AES-256-GCM over a stream of chunks, so that no change to the sequence of them goes unnoticed.

A sealed document is a header (magic, version of the format, 16 random bytes of salt) and chunks of 1 MiB,
each followed by its tag of 16 bytes; only the last may be shorter. The subject's key and the salt make the
document's own key; the nonce is the chunk's number and whether it is the last; header and reference are bound
to each chunk as associated data.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.vault.errors import DamagedError

CHUNK = 2**20  # bytes of plaintext
KEY = 32  # bytes of a subject's key
_TAG = 16
_SALT = 16
_BEGINS = b"TWVAULT\x01"  # magic and version
HEADER = len(_BEGINS) + _SALT
_WHAT = b"trialwire vault document 1"
_NO_PREFIX = bytes(7)  # a key is used for one document only, so its nonces need nothing random
_BY_THREAD = 2**16  # bytes; less is done sooner than a thread is asked


class Tally:
    """Size in bytes and SHA-256 of the plaintext that has passed so far."""

    def __init__(self) -> None:
        self.size = 0
        self._hash = hashlib.sha256()

    def add(self, plain: bytes | bytearray) -> None:
        self.size += len(plain)
        self._hash.update(plain)

    def sha256(self) -> str:
        return self._hash.hexdigest()


class _Cipher:
    """The key of one document, which seals and opens its chunks by their number."""

    def __init__(self, key: bytes, reference: str, header: bytes) -> None:
        self._reference = reference
        self._data = (
            header + reference.encode()
        )  # the header has one length: nothing can move between the two
        self._key = AESGCM(HKDF(SHA256(), KEY, header[len(_BEGINS) :], _WHAT).derive(key))

    def seal(self, number: int, last: bool, plain: bytes | bytearray) -> bytes:
        return self._key.encrypt(_nonce(number, last), plain, self._data)

    def open(self, number: int, last: bool, sealed: bytes | bytearray) -> bytes:
        try:
            return self._key.decrypt(_nonce(number, last), sealed, self._data)
        except InvalidTag:
            raise DamagedError(f"{self._reference}: chunk {number} is not what was sealed there") from None


async def seal(key: bytes, reference: str, plain: AsyncIterable[bytes], tally: Tally) -> AsyncIterator[bytes]:
    """The sealed form of a document, chunk by chunk; `tally` counts the plaintext meanwhile.

    `plain` may come in pieces of any size. At most one chunk is held back, to know whether it is the last.
    """
    header = _new_header()
    cipher = _Cipher(key, reference, header)

    def work(number: int, last: bool, piece: bytearray) -> bytes:
        tally.add(piece)
        return cipher.seal(number, last, piece)

    yield header
    number = 0
    async for piece, last in _pieces(plain, CHUNK):
        yield await _aside(work, number, last, piece)
        number += 1


async def unseal(
    key: bytes, reference: str, sealed: AsyncIterable[bytes | memoryview], tally: Tally
) -> AsyncIterator[bytes]:
    """The plaintext of a document, each chunk once it is proven; DamagedError for the first that is not.

    That the end is missing shows at the end only: whoever acts on a part must be ready to take it back.
    """
    pieces = _pieces(sealed, CHUNK + _TAG, HEADER)
    header, _ = await anext(pieces)
    cipher = _Cipher(key, reference, _checked(bytes(header), reference))

    def work(number: int, last: bool, piece: bytearray) -> bytes:
        plain = cipher.open(number, last, piece)
        tally.add(plain)
        return plain

    number = 0
    async for piece, last in pieces:
        yield await _aside(work, number, last, piece)
        number += 1
    if not number:
        raise DamagedError(f"{reference}: it ends with its header")


def seal_small(key: bytes, reference: str, plain: bytes) -> bytes:
    """The same for what is in memory anyway, one chunk at most."""
    if len(plain) > CHUNK:
        raise ValueError(f"{reference}: longer than {CHUNK} bytes")
    header = _new_header()
    return header + _Cipher(key, reference, header).seal(0, True, plain)


def unseal_small(key: bytes, reference: str, sealed: bytes) -> bytes:
    """What `seal_small` was given; DamagedError where the bytes are not what it answered."""
    header = _checked(sealed[:HEADER], reference)
    return _Cipher(key, reference, header).open(0, True, sealed[HEADER:])


def sealed_size(size: int) -> int:
    """How many bytes a document of `size` bytes takes once it is sealed."""
    return HEADER + size + _TAG * max(1, -(-size // CHUNK))


def _new_header() -> bytes:
    return _BEGINS + secrets.token_bytes(_SALT)


def _checked(header: bytes, reference: str) -> bytes:
    if len(header) != HEADER or not header.startswith(_BEGINS):
        raise DamagedError(f"{reference}: it does not begin as a sealed document of format {_BEGINS[-1]}")
    return header


def _nonce(number: int, last: bool) -> bytes:
    return _NO_PREFIX + number.to_bytes(4, "big") + bytes([last])


async def _aside(
    work: Callable[[int, bool, bytearray], bytes], number: int, last: bool, piece: bytearray
) -> bytes:
    """Run the work on a chunk in a thread: hashing it would hold up the event loop for milliseconds."""
    if len(piece) < _BY_THREAD:
        return work(number, last, piece)
    return await asyncio.to_thread(work, number, last, piece)


async def _pieces(
    blobs: AsyncIterable[bytes | memoryview], size: int, first: int | None = None
) -> AsyncIterator[tuple[bytearray, bool]]:
    """The same bytes in pieces of `size`, the first of `first` bytes, each with whether it is the last.

    The last has one byte at least, unless there are none at all.
    """
    held, wanted = bytearray(), first or size
    async for blob in blobs:
        rest = memoryview(blob)
        while len(held) + len(rest) > wanted:
            cut = wanted - len(held)
            held += rest[:cut]
            rest = rest[cut:]
            yield held, False
            held, wanted = bytearray(), size
        held += rest
    yield held, True
