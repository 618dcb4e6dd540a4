"""Rows behind a scorecard: when boards approved sites, and who had a deadline when it was met or missed."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.deadline import (
    DeadlineArmed,
    DeadlineAssigned,
    DeadlineMet,
    DeadlineMetLate,
    DeadlineMissed,
    DeadlineReturned,
)
from shared.contracts.message import Recorded
from shared.contracts.trials.site import GateEvidenceRecorded

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SiteApproval:
    """From which local day a site's board let it begin: the first valid day of its evidence, as corrected."""

    table: ClassVar[str] = "site_approval"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    trial_id: UUID | None = None
    evidence: dict[UUID, date] = field(default_factory=dict)
    approved_on: date | None = None


def site_approval_keys(message: Recorded[Any]) -> tuple[Key, ...]:
    match message.data:
        case GateEvidenceRecorded(gate="irb_current", counts=True, site_id=site):
            return ((site,),)
        case _:
            return ()


def fold_site_approval(row: SiteApproval | None, message: Recorded[Any], key: Key) -> SiteApproval:
    """The approval after another piece of evidence."""
    event = message.data
    known = {id_: day for id_, day in (row.evidence if row else {}).items() if id_ != event.corrects}
    evidence = known | {event.evidence_id: event.valid_from}
    return SiteApproval(key[0], event.trial_id, evidence, min(evidence.values()))


@dataclass(frozen=True, slots=True)
class OwnedDeadline:
    """Who had a deadline at the moment that it was met or missed; what happens to it later is not theirs.

    `holder` has it now. `outcome` is the first of met, met_late and missed, `owned_by` the organisation then.
    """

    table: ClassVar[str] = "owned_deadline"
    key: ClassVar[tuple[str, ...]] = ("deadline_id",)
    deadline_id: UUID
    trial_id: UUID | None = None
    holder: UUID | None = None
    outcome: str | None = None
    owned_by: UUID | None = None


_OUTCOMES: dict[type[Any], str] = {
    DeadlineMet: "met",
    DeadlineMetLate: "met_late",
    DeadlineMissed: "missed",
}
_TOLD = DeadlineArmed | DeadlineAssigned | DeadlineReturned | DeadlineMet | DeadlineMetLate | DeadlineMissed


def owned_deadline_keys(message: Recorded[Any]) -> tuple[Key, ...]:
    return ((message.data.deadline_id,),) if isinstance(message.data, _TOLD) else ()


def fold_owned_deadline(row: OwnedDeadline | None, message: Recorded[Any], key: Key) -> OwnedDeadline:
    """The deadline after an event of its stream."""
    known = row or OwnedDeadline(key[0], message.trial_id)
    match message.data:
        case DeadlineArmed(organisation_id=to) | DeadlineAssigned(organisation_id=to):
            return replace(known, holder=to)
        case DeadlineReturned():
            return replace(known, holder=None)
        case event if known.outcome is None:
            return replace(known, outcome=_OUTCOMES[type(event)], owned_by=known.holder)
        case _:
            return known
