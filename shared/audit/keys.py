"""The key that signs anchors, and the public keys that check them: Ed25519 in PEM files."""

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

PublicKeys = Mapping[str, Ed25519PublicKey]


class KeyFileError(Exception):
    """A key file that cannot be used; the text names the file and the rule."""


@dataclass(frozen=True)
class Signer:
    """Who signs anchors."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> Ed25519PublicKey:
        return self.private.public_key()

    @property
    def key_id(self) -> str:
        return key_id(self.public)

    def sign(self, text: bytes) -> bytes:
        return self.private.sign(text)


def key_id(key: Ed25519PublicKey) -> str:
    """Sixteen hex digits that tell a key from others: the start of its SHA-256."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def valid(key: Ed25519PublicKey, signature: bytes, text: bytes) -> bool:
    """Whether this key made the signature over these bytes."""
    try:
        key.verify(signature, text)
    except InvalidSignature:
        return False
    return True


def signer_in(file: Path) -> Signer:
    """The signer whose private key stands in this file.

    Raises KeyFileError when others than the file's owner may read it or it is no such key, OSError when it
    cannot be read.
    """
    with file.open("rb") as opened:
        if stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
            raise KeyFileError(f"{file}: only its owner may have access to a signing key (chmod 600)")
        pem = opened.read()
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFileError(f"{file}: must hold a private key in PEM, without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{file}: a signing key must be an Ed25519 key")
    return Signer(key)


def public_keys_in(folder: Path) -> dict[str, Ed25519PublicKey]:
    """The public keys of a folder's `*.pem` by their ids; KeyFileError where one is no Ed25519 key."""
    keys = {}
    for file in sorted(folder.glob("*.pem")):
        try:
            key = load_pem_public_key(file.read_bytes())
        except (ValueError, UnsupportedAlgorithm):
            raise KeyFileError(f"{file}: must hold a public key in PEM") from None
        if not isinstance(key, Ed25519PublicKey):
            raise KeyFileError(f"{file}: must be an Ed25519 key")
        keys[key_id(key)] = key
    return keys


def public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def provided(file: Path, published: Path) -> Signer:
    """The signer of a file; a new key is made when there is none. Its public key is put among the others.

    A file of another key that was put in its place is a rotation: the older public keys stay published.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    published.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        _put(file, _private_pem(Ed25519PrivateKey.generate()), 0o600)
    signer = signer_in(file)
    _publish(signer, published)
    return signer


def renewed(file: Path, published: Path) -> Signer:
    """A new key in the place of the file's; before it signs anything, both public keys are published.

    KeyFileError where the file holds no key that could have signed: what it signed could not be checked.
    """
    provided(file, published)
    signer = Signer(Ed25519PrivateKey.generate())
    _publish(signer, published)
    coming = file.with_name(f".{file.name}.new")
    coming.unlink(missing_ok=True)
    _put(coming, _private_pem(signer.private), 0o600)
    os.replace(coming, file)
    return signer


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _publish(signer: Signer, published: Path) -> None:
    _put(published / f"{signer.key_id}.pem", public_pem(signer.public), 0o644)


def _put(file: Path, content: bytes, mode: int) -> None:
    """Write a file whole, unless it is there: of two processes that start at once the first one's stays."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
    try:
        os.link(unfinished, file)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
