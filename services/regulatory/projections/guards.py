"""Guard rows that decisions and reactions read; kept apart from rows for pages."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.regulatory import ClinicalHoldImposed, ClinicalHoldLifted
from shared.contracts.trials.trial import TrialPlanRecorded, TrialRegistered


@dataclass(frozen=True, slots=True)
class KnownTrial:
    """A trial that this service has heard of, and who carries its safety obligations.

    `owner_id`: the organisation to which they were transferred.
    """

    table: ClassVar[str] = "known_trial"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    owner: str | None = None
    title: str | None = None
    owner_id: UUID | None = None


def known_trial_keys(message: Recorded[Any]) -> tuple[tuple[UUID], ...]:
    match message.data:
        case TrialRegistered() | TrialPlanRecorded():
            return ((message.data.trial_id,),)
        case _:
            return ()


def fold_known_trial(row: KnownTrial | None, message: Recorded[Any], key: tuple[UUID]) -> KnownTrial | None:
    match message.data:
        case TrialRegistered() | TrialPlanRecorded():
            event = message.data
            return KnownTrial(key[0], owner=event.owner, title=event.title, owner_id=event.owner_id)
        case _:
            return row


@dataclass(frozen=True, slots=True)
class OpenHolds:
    """The clinical holds on an IND or a trial (`scope_id`) that the authority has not lifted."""

    table: ClassVar[str] = "open_holds"
    key: ClassVar[tuple[str, ...]] = ("scope_id",)
    scope_id: UUID
    open: tuple[UUID, ...] = ()
    lifted_on: date | None = None


def open_holds_keys(message: Recorded[Any]) -> tuple[tuple[UUID], ...]:
    match message.data:
        case (
            ClinicalHoldImposed(trial_ids=trials, ind_id=ind)
            | ClinicalHoldLifted(trial_ids=trials, ind_id=ind)
        ):
            return tuple((scope,) for scope in dict.fromkeys((*trials, *((ind,) if ind else ()))))
        case _:
            return ()


def fold_open_holds(row: OpenHolds | None, message: Recorded[Any], key: tuple[UUID]) -> OpenHolds | None:
    row = row or OpenHolds(key[0])
    match message.data:
        case ClinicalHoldImposed(hold_id=hold):
            return replace(row, open=tuple(sorted({*row.open, hold})))
        case ClinicalHoldLifted(hold_id=hold, lifted_on=day):
            left = tuple(one for one in row.open if one != hold)
            return replace(row, open=left, lifted_on=max(day, row.lifted_on or day))
        case _:
            return row
