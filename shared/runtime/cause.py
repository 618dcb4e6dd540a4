"""Why a command happens, what its transaction has done so far, and how it is refused."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.contracts.message import Actor, Recorded, Refusal, Signature
from shared.rules.grants import EVERYTHING, Grants


@dataclass(frozen=True)
class Cause:
    """Who or what makes a command happen, and what its events inherit from that."""

    actor: Actor
    command_id: UUID = field(default_factory=uuid7)
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    sponsor_id: UUID | None = None
    grants: Grants = EVERYTHING  # what a person or machine reaches; reactions and clocks act for the service
    signature: Signature | None = None
    reason: str | None = None
    expected_version: int | None = None

    def signed(self) -> dict[str, str] | None:
        """The signature as it is stored with each event."""
        if (by := self.signature) is None:
            return None
        return {
            "name": by.name,
            "meaning": by.meaning,
            "at": by.at.isoformat(),
            "proved_at": by.proved_at.isoformat(),
            "sha256": by.sha256,
        }


class RefusedError(Exception):
    """A request was refused; carries the Refusal. Rolls its transaction back."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.rule)
        self.refusal = refusal


class Followed(NamedTuple):
    """A stream that events are appended to, as `es.append` takes it: `version` is the one before them."""

    stream_id: UUID
    type: str
    sponsor_id: UUID
    trial_id: UUID | None
    site_id: UUID | None
    correlation_id: UUID
    key: str
    bucket: int
    topic: str
    version: int


@dataclass
class Work:
    """What a transaction has done so far: kept states and a wake-up for the relay follow its commit.

    `streams` are those it holds, as it made them, `trials` the sponsors of those it heard of, `sponsors`
    those that it asked for by name, `buckets` those of the outbox that it adds to; `guessing` lets it decide
    on what was kept of a stream. The others are not in the database yet and go there together, at the end or
    before a decision reads rows: `pending` (own events), `texts` (their stored data and meta), `followed`
    (the streams they follow on), `wakes`, `handed` (streams with the organisation that they belong to now)
    and `answer` (what a repetition under the same idempotency key is told).
    """

    streams: dict[UUID, Any] = field(default_factory=dict)
    trials: dict[UUID, UUID] = field(default_factory=dict)
    sponsors: dict[str, UUID] = field(default_factory=dict)
    pending: list[Recorded[Any]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    followed: dict[UUID, Followed] = field(default_factory=dict)
    wakes: dict[UUID, datetime | None] = field(default_factory=dict)
    handed: dict[UUID, UUID | None] = field(default_factory=dict)
    answer: tuple[str, str, bytes, str] | None = None
    buckets: set[int] = field(default_factory=set)
    guessing: bool = False

    def so_far(self) -> "Work":
        """What is left of this work when all that follows is rolled back."""
        kept = replace(
            self, streams=dict(self.streams), trials=dict(self.trials), sponsors=dict(self.sponsors)
        )
        return replace(kept, pending=[], texts=[], followed={}, wakes={}, handed={})

    def back_to(self, before: "Work") -> None:
        """Be again what `so_far` answered with."""
        vars(self).update(vars(before))
