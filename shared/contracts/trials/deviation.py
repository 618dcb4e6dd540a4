"""Deviations: something happened that a rule forbids, or did not happen in time."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event

DeviationSeverity = Literal["minor", "major", "critical"]
DeviationStatus = Literal["open", "assessed", "resolved"]


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
    site_id: UUID | None = None
    reason: str


class DeviationAssessed(Event):
    """Quality said how grave a deviation is, once or again: the last word holds.

    `important`: it may significantly affect the completeness, accuracy or reliability of the trial's data, or
    a subject's rights, safety or well-being (ICH E3 questions and answers, 2012, question 7).
    """

    type: ClassVar[str] = "trials.deviation.assessed.v1"
    deviation_id: UUID
    trial_id: UUID
    site_id: UUID | None = None
    severity: DeviationSeverity
    important: bool
    assessed_on: date
    assessed_by: str


class SeriousBreachMarked(Event):
    """Quality holds the deviation to be a serious breach, of which the sponsor knew on the day `aware_on`.

    What has to be notified where, and by when, is for regulatory; `citation` is the rule that asks for it.
    """

    type: ClassVar[str] = "trials.deviation.serious_breach_marked.v1"
    deviation_id: UUID
    trial_id: UUID
    site_id: UUID | None = None
    aware_on: date
    citation: str
    verified: bool
    marked_by: str


class DeviationResolved(Event):
    """What the deviation asked for is done; `capa_id` is the action that did it, where there was one."""

    type: ClassVar[str] = "trials.deviation.resolved.v1"
    deviation_id: UUID
    trial_id: UUID
    site_id: UUID | None = None
    resolved_on: date
    capa_id: UUID | None = None
    document_ref: str | None = None


DeviationEvent = (
    DeviationReported | DeviationAnnulled | DeviationAssessed | SeriousBreachMarked | DeviationResolved
)
