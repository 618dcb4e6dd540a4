"""Deviations: something happened that a rule forbids, or did not happen in time."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.message import Event


class DeviationReported(Event):
    """Something happened that a rule forbids, or did not happen in time.

    `category` is a code (enrolment, withdrawal, deadline_missed), `rules` the rules broken, `holds` the
    holds that stood against it, `cause` the event or deadline it comes from.
    """

    type: ClassVar[str] = "trials.deviation.reported.v1"
    deviation_id: UUID
    trial_id: UUID
    site_id: UUID | None = None
    subject_id: UUID | None = None
    category: str
    rules: tuple[str, ...]
    holds: tuple[UUID, ...] = ()
    citation: str | None = None
    occurred_on: date
    cause: UUID | None = None


class DeviationAnnulled(Event):
    """A correction showed that there was no deviation: it stays visible and does not count."""

    type: ClassVar[str] = "trials.deviation.annulled.v1"
    deviation_id: UUID
    trial_id: UUID
    reason: str
