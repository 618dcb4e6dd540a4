"""An anchor: the root over the heads of all streams of a log at one position, signed and numbered."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from shared.audit.keys import PublicKeys, Signer, valid
from shared.netstrings import netstrings


class BrokenAnchorsError(Exception):
    """What was anchored is not whole, so nothing can be signed on top of it; the text says what and where."""


class Head(NamedTuple):
    """The last event of a stream: its version and its hash."""

    stream_id: UUID
    version: int
    hash: bytes

    def leaf(self) -> bytes:
        """What stands for the stream in the tree."""
        return netstrings(str(self.stream_id), str(self.version), self.hash.hex())


@dataclass(frozen=True, slots=True)
class Anchor:
    """What was signed, by which key, and the signature.

    `upto_pos` is the position in the log (es.event.pos) that it covers, `streams` the number of leaves under
    `root`, `previous` the hex SHA-256 of what was signed before; empty for the first.
    """

    service: str
    number: int
    taken_at: datetime
    upto_pos: int
    streams: int
    root: bytes
    previous: str
    key_id: str
    signature: bytes = b""

    def text(self) -> bytes:
        """The bytes that are signed."""
        return netstrings(
            "trialwire anchor v1",
            self.service,
            str(self.number),
            _utc(self.taken_at),
            str(self.upto_pos),
            str(self.streams),
            self.root.hex(),
            self.previous,
        )

    def digest(self) -> str:
        """What the next anchor says of this one."""
        return hashlib.sha256(self.text()).hexdigest()

    def signed(self, signer: Signer) -> "Anchor":
        return replace(self, key_id=signer.key_id, signature=signer.sign(self.text()))

    def fault(self, service: str, number: int, keys: PublicKeys) -> tuple[str, str] | None:
        """Why it is not the anchor of that number, as the kind of finding and a text; None where it is."""
        if (self.service, self.number) != (service, number):
            return "anchor_forged", f"it says that it is anchor {self.number} of {self.service}"
        key = keys.get(self.key_id)
        if key is None:
            return "anchor_unknown_key", f"nobody knows the key {self.key_id} that signed it"
        return (
            None if valid(key, self.signature, self.text()) else ("anchor_forged", "its signature is wrong")
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "service": self.service,
            "number": self.number,
            "taken_at": _utc(self.taken_at),
            "upto_pos": self.upto_pos,
            "streams": self.streams,
            "root": self.root.hex(),
            "previous": self.previous,
            "key_id": self.key_id,
            "signature": self.signature.hex(),
        }


def from_json(raw: Any) -> Anchor:
    """Read what `as_json` wrote; ValueError, KeyError or TypeError where it did not."""
    return Anchor(
        service=str(raw["service"]),
        number=int(raw["number"]),
        taken_at=_moment(raw["taken_at"]),
        upto_pos=int(raw["upto_pos"]),
        streams=int(raw["streams"]),
        root=bytes.fromhex(raw["root"]),
        previous=str(raw["previous"]),
        key_id=str(raw["key_id"]),
        signature=bytes.fromhex(raw["signature"]),
    )


def from_row(row: Any) -> Anchor:
    """Read a row of es.anchor."""
    return Anchor(**dict(row))


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone names no moment")
    return moment
