"""A recorded event as a Kafka record and back: CloudEvents 1.0, binary mode."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from aiokafka.partitioner import murmur2
from asyncpg.pgproto.pgproto import UUID  # the standard library's, made and hashed by compiled code

from shared.contracts.message import Actor, Event, Recorded

PARTITIONS = 12
Headers = list[tuple[str, bytes]]


class UnreadableError(Exception):
    """A record that is no CloudEvent of ours; the text names the header or the rule, never the content."""


@lru_cache(maxsize=65_536)  # aiokafka's murmur2 is plain Python
def bucket_of(key: str) -> int:
    """The partition of a key, 0 to 11: Kafka's default partitioner (murmur2, made positive)."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS)


_SPEC_VERSION, _CONTENT_TYPE = ("ce_specversion", b"1.0"), ("content-type", b"application/json")
# Envelope fields that stand in the stored `meta`, and the header each becomes.
_META_HEADERS = {
    "time": "ce_time",
    "correlation": "ce_correlationid",
    "causation": "ce_causationid",
    "trial": "ce_trialid",
    "actor": "ce_actor",
    "effective_on": "ce_effectiveon",
    "reason": "ce_reason",
    "simulated": "ce_simulated",
    "traceparent": "traceparent",
}


_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def meta_of(message: Recorded[Any], signature: Mapping[str, str] | None = None) -> str:
    """The envelope of an event as the compact JSON text that is stored and hashed."""
    fields = {
        "time": message.time.isoformat(),
        "correlation": str(message.correlation_id),
        "causation": message.causation_id and str(message.causation_id),
        "trial": message.trial_id and str(message.trial_id),
        "actor": str(message.actor),
        "effective_on": message.effective_on and message.effective_on.isoformat(),
        "reason": message.reason,
        "simulated": "true" if message.simulated else None,
        "traceparent": message.traceparent,
        "signature": signature,
    }
    return _COMPACT.encode({k: v for k, v in fields.items() if v})


def headers_of(source: str, row: Any, meta: Mapping[str, Any]) -> Headers:
    """The headers of a stored event. `row` has event_id, type, stream_id, version and sponsor_id."""
    return [
        _SPEC_VERSION,
        _CONTENT_TYPE,
        ("ce_id", str(row["event_id"]).encode()),
        ("ce_type", row["type"].encode()),
        ("ce_source", b"/trialwire/" + source.encode()),
        ("ce_subject", str(row["stream_id"]).encode()),
        ("ce_sequence", b"%020d" % row["version"]),
        ("ce_sponsorid", str(row["sponsor_id"]).encode()),
        *[(_META_HEADERS[name], value.encode()) for name, value in meta.items() if name in _META_HEADERS],
    ]


@dataclass(frozen=True, slots=True)
class Envelope:
    """The headers of a record, decoded: enough to place it in its stream without reading its data."""

    type: str
    stream_id: UUID
    version: int
    headers: Mapping[str, str]

    @property
    def trial_id(self) -> UUID | None:
        """The trial that the event is about; UnreadableError where the header names none."""
        try:
            return _known(self.headers["ce_trialid"]) if "ce_trialid" in self.headers else None
        except ValueError:
            raise UnreadableError("an envelope header is malformed") from None


def envelope_of(headers: Iterable[tuple[str, bytes | None]]) -> Envelope:
    """Decode a record's headers; raise UnreadableError naming what is missing or malformed."""
    try:
        text = texts(headers)
        version = int(text["ce_sequence"])
        if not 0 < version < 2**63:
            raise UnreadableError("ce_sequence is no version")
        return Envelope(text["ce_type"], UUID(text["ce_subject"]), version, text)
    except KeyError as missing:
        raise UnreadableError(f"header {missing.args[0]} is missing") from None
    except ValueError:
        raise UnreadableError("ce_subject is no UUID or ce_sequence no number") from None


def texts(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """A record's headers as text; one that Kafka holds without a value counts as missing."""
    try:
        return {name: value.decode() for name, value in headers if value is not None}
    except UnicodeDecodeError:
        raise UnreadableError("a header is not UTF-8") from None


def recorded(envelope: Envelope, data: Event) -> Recorded[Any]:
    """The event with its envelope; raise UnreadableError naming a malformed header."""
    text = envelope.headers
    try:
        return Recorded(
            id=UUID(text["ce_id"]),
            type=envelope.type,
            source=text["ce_source"].rpartition("/")[2],
            stream_id=envelope.stream_id,
            version=envelope.version,
            sponsor_id=_known(text["ce_sponsorid"]),
            trial_id=envelope.trial_id,
            time=_moment(text["ce_time"]),
            data=data,
            actor=Actor.parse(text["ce_actor"]),
            correlation_id=UUID(text["ce_correlationid"]),
            causation_id=UUID(text["ce_causationid"]) if "ce_causationid" in text else None,
            effective_on=date.fromisoformat(text["ce_effectiveon"]) if "ce_effectiveon" in text else None,
            reason=text.get("ce_reason"),
            simulated="ce_simulated" in text,
            traceparent=text.get("traceparent"),
        )
    except KeyError as missing:
        raise UnreadableError(f"header {missing.args[0]} is missing") from None
    except ValueError:
        raise UnreadableError("an envelope header is malformed") from None


_known = lru_cache(maxsize=65_536)(UUID)  # sponsors and trials come again and again


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone names no moment")
    return moment


def stored(source: str, row: Any, data: Event) -> Recorded[Any]:
    """The same from a row of es.event, by way of the headers that it is sent with."""
    return recorded(envelope_of(headers_of(source, row, json.loads(row["meta"]))), data)
