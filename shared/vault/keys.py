"""Master keys: they wrap the keys of subjects and never touch a document."""

import base64
import binascii
import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.vault.errors import DamagedError, MasterKeyError

_LENGTH = 32  # bytes
_NONCE = 12
_FILE_BYTES = 2**16


class MasterKeys(Protocol):
    """What a vault asks of whoever holds the master keys: a file here, a key service elsewhere."""

    def current(self) -> str:
        """The id of the key under which new keys are wrapped."""

    async def wrap(self, master_id: str, key: bytes, context: bytes) -> bytes:
        """`key` encrypted under the master key of that id, bound to `context`; else MasterKeyError."""

    async def unwrap(self, master_id: str, wrapped: bytes, context: bytes) -> bytes:
        """The key again. DamagedError if it was not wrapped so, MasterKeyError if no key has that id."""


class FileMasterKeys:
    """Master keys in a JSON file that only the service reads: `{"current": id, "keys": {id: base64}}`.

    The file is read once; whoever keeps a vault makes another of these when it has changed.
    """

    def __init__(self, file: Path) -> None:
        """Read the file; MasterKeyError names the file and the rule that it breaks."""
        self._file = file
        self._current, keys = _parsed(file, _read(file))
        self._keys = {id_: AESGCM(key) for id_, key in keys.items()}

    def current(self) -> str:
        return self._current

    async def wrap(self, master_id: str, key: bytes, context: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._key(master_id).encrypt(nonce, key, context)

    async def unwrap(self, master_id: str, wrapped: bytes, context: bytes) -> bytes:
        key = self._key(master_id)
        try:
            return key.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], context)
        except (InvalidTag, ValueError):
            raise DamagedError(f"a key is not what was wrapped under the master key {master_id!r}") from None

    def _key(self, master_id: str) -> AESGCM:
        if master_id not in self._keys:
            raise MasterKeyError(f"{self._file}: no key has the id {master_id!r}")
        return self._keys[master_id]


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise MasterKeyError(
                    f"{file}: group and others must have no access, its mode is {mode & 0o777:03o}"
                )
            content = opened.read(_FILE_BYTES + 1)
    except OSError as fault:
        raise MasterKeyError(f"{file}: it cannot be read ({type(fault).__name__})") from None
    if len(content) > _FILE_BYTES:
        raise MasterKeyError(f"{file}: it must have {_FILE_BYTES} bytes at most")
    return content


def _parsed(file: Path, content: bytes) -> tuple[str, dict[str, bytes]]:
    # `from None` throughout: the errors of the parsers quote what they read
    try:
        found = json.loads(content, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise MasterKeyError(f"{file}: it must be JSON that names nothing twice") from None
    match found:
        case {"current": str(current), "keys": dict(keys), **others} if not others:
            pass
        case _:
            raise MasterKeyError(f'{file}: it must be {{"current": id, "keys": {{id: base64}}}} and no more')
    if current not in keys:
        raise MasterKeyError(f"{file}: the key that is called current is not among the keys")
    return current, {id_: _decoded(file, id_, text) for id_, text in keys.items()}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _decoded(file: Path, id_: str, text: object) -> bytes:
    try:
        key = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _LENGTH:
        raise MasterKeyError(f"{file}: the key {id_!r} must be base64 of {_LENGTH} bytes")
    return key
