"""Machines: a file says who they are, by which secret or public key they are known, and what they reach."""

import base64
import hashlib
import hmac
import secrets
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError, field_validator

from shared.identity.access import Access, DeniedError
from shared.netstrings import netstrings
from shared.rules.roles import clash

PREFIX = "twk_"


class Machine(Access):
    """One machine. Of its API secret only the SHA-256 is kept: 256 random bits need no slow hash.

    `ed25519` is the public key, base64, of what it puts on a commands topic.
    """

    expires: AwareDatetime
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    ed25519: str | None = None

    @field_validator("ed25519")
    @classmethod
    def _public_key(cls, text: str | None) -> str | None:
        if text is not None:
            Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
        return text


_FILE = TypeAdapter(dict[Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,60}$")], Machine])


def new_secret(name: str) -> tuple[str, str]:
    """An API secret for a machine of this name, to be handed over once, and the hash that its entry keeps."""
    secret = secrets.token_urlsafe(32)
    return f"{PREFIX}{name}_{secret}", hashlib.sha256(secret.encode()).hexdigest()


def signed_text(id_: str, type_: str, time: str, key: bytes, value: bytes) -> bytes:
    """What the signature of a command record covers."""
    return netstrings("trialwire command", id_, type_, time, key, value)


def sign(key: Ed25519PrivateKey, id_: str, type_: str, time: str, record_key: bytes, value: bytes) -> str:
    """The header `ce_signature` of a command record, base64."""
    return base64.b64encode(key.sign(signed_text(id_, type_, time, record_key, value))).decode()


class Machines:
    """The machines of a TOML file, a table each; a change of the file counts from the next request on.

    ValueError or OSError for a file that is wrong at the start. A later change that is wrong changes nothing:
    `on_fault` is told once what is wrong with it.
    """

    def __init__(self, file: Path, on_fault: Callable[[str], None] = lambda _: None) -> None:
        self._file, self._on_fault = file, on_fault
        self._stamp = self._stamp_of()
        self._machines = self._read()

    def _stamp_of(self) -> tuple[int, int]:
        about = self._file.stat()
        return about.st_mtime_ns, about.st_size

    def _read(self) -> Mapping[str, Machine]:
        """Raises ValueError that names the place at fault and nothing of its content."""
        try:
            machines = _FILE.validate_python(tomllib.loads(self._file.read_text("utf-8")))
        except ValidationError as fault:
            places = sorted({"/".join(map(str, error["loc"])) for error in fault.errors()})
            raise ValueError(f"{self._file}: {', '.join(places[:5])}") from None
        except (ValueError, RecursionError):  # also of what is not UTF-8
            raise ValueError(f"{self._file} is not TOML") from None
        for name, machine in machines.items():
            if apart := clash(machine.roles):
                raise ValueError(f"{self._file}: {name}: nobody is both {apart[0]} and {apart[1]}")
        return machines

    def _look_again(self) -> None:
        """Take a changed file; one that is wrong or gone leaves the machines as they are."""
        try:
            stamp = self._stamp_of()
        except OSError:
            stamp = (0, 0)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._machines = self._read()
        except ValueError as fault:
            self._on_fault(str(fault))
        except OSError as fault:
            self._on_fault(f"{self._file}: {type(fault).__name__}")

    def by_secret(self, given: str, now: datetime | None = None) -> tuple[str, Machine]:
        """Name and rights of the bearer of `twk_<name>_<secret>`; DeniedError where there is none now."""
        name, _, secret = given.removeprefix(PREFIX).partition("_")
        machine = self._valid(name, now)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        # Compared even where nobody has this name: how long it takes tells nothing.
        known = (machine.sha256 if machine else None) or "0" * 64
        if not hmac.compare_digest(digest, known) or machine is None:
            raise DeniedError("there is no such key, or not any more")
        return name, machine

    def by_signature(
        self, name: str, signature: str, text: bytes, now: datetime | None = None
    ) -> tuple[str, Machine]:
        """The machine of this name, which signed these bytes; DeniedError where it did not."""
        machine = self._valid(name, now)
        if machine is None or machine.ed25519 is None:
            raise DeniedError("ce_keyid names no machine, or not any more")
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(machine.ed25519))
        try:
            public.verify(base64.b64decode(signature, validate=True), text)
        except (InvalidSignature, ValueError):
            raise DeniedError("ce_signature is not that machine's over this record") from None
        return name, machine

    def _valid(self, name: str, now: datetime | None) -> Machine | None:
        self._look_again()
        machine = self._machines.get(name)
        return machine if machine and machine.expires > (now or datetime.now(UTC)) else None
