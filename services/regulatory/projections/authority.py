"""INDs, the authority's holds, and what trials made of holds, as rows for pages and queries."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.regulatory import (
    ClinicalHoldImposed,
    ClinicalHoldLifted,
    IndEarlyNoticeReceived,
    IndInEffect,
    IndReceived,
    IndReviewPeriodElapsed,
)
from shared.contracts.trials.hold import HoldAnnulled, HoldApplied, HoldLifted


@dataclass(frozen=True, slots=True)
class IndRow:
    """One IND; `status` is in_review, elapsed or in_effect, for the trials of `in_effect`."""

    table: ClassVar[str] = "ind"
    key: ClassVar[tuple[str, ...]] = ("ind_id",)
    ind_id: UUID
    number: str | None = None
    correlation_id: UUID | None = None
    trial_ids: tuple[UUID, ...] = ()
    receipt_on: date | None = None
    review_ends_on: date | None = None
    zone: str | None = None
    early_notice_on: date | None = None
    status: str | None = None
    in_effect: tuple[UUID, ...] = ()
    effective_on: date | None = None
    basis: str | None = None
    changed_at: datetime | None = None


def ind_keys(
    message: Recorded[IndReceived | IndEarlyNoticeReceived | IndReviewPeriodElapsed | IndInEffect],
) -> tuple[tuple[UUID], ...]:
    return ((message.data.ind_id,),)


def fold_ind(row: IndRow | None, message: Recorded[Any], key: tuple[UUID]) -> IndRow | None:
    row = replace(row or IndRow(key[0]), changed_at=message.time)
    match message.data:
        case IndReceived() as event if row.receipt_on is None:
            fields = event.model_dump(exclude={"ind_id", "breaks"})
            return replace(row, correlation_id=message.correlation_id, status="in_review", **fields)
        case IndEarlyNoticeReceived(notice_on=day):
            return replace(row, early_notice_on=day)
        case IndReviewPeriodElapsed():
            return replace(row, status="in_effect" if row.in_effect else "elapsed")
        case IndInEffect(trial_ids=trials, effective_on=day, basis=basis):
            trials = tuple(sorted({*row.in_effect, *trials}))
            return replace(row, status="in_effect", in_effect=trials, effective_on=day, basis=basis)
        case _:
            return row


@dataclass(frozen=True, slots=True)
class ClinicalHoldRow:
    """One clinical hold as the authority imposed and, perhaps, lifted it."""

    table: ClassVar[str] = "clinical_hold"
    key: ClassVar[tuple[str, ...]] = ("hold_id",)
    hold_id: UUID
    correlation_id: UUID | None = None
    trial_ids: tuple[UUID, ...] = ()
    ind_id: UUID | None = None
    kind: str | None = None
    effects: tuple[str, ...] = ()
    authority: str | None = None
    reason: str | None = None
    received_on: date | None = None
    letter_ref: str | None = None
    lifted_on: date | None = None
    lift_letter_ref: str | None = None
    changed_at: datetime | None = None


def clinical_hold_keys(
    message: Recorded[ClinicalHoldImposed | ClinicalHoldLifted],
) -> tuple[tuple[UUID], ...]:
    return ((message.data.hold_id,),)


def fold_clinical_hold(
    row: ClinicalHoldRow | None, message: Recorded[Any], key: tuple[UUID]
) -> ClinicalHoldRow | None:
    row = replace(row or ClinicalHoldRow(key[0]), changed_at=message.time)
    match message.data:
        case ClinicalHoldImposed() as event if row.received_on is None:
            fields = event.model_dump(exclude={"hold_id", "breaks"})
            return replace(row, correlation_id=message.correlation_id, **fields)
        case ClinicalHoldLifted(lifted_on=day, letter_ref=letter):
            return replace(row, lifted_on=row.lifted_on or day, lift_letter_ref=row.lift_letter_ref or letter)
        case _:
            return row


@dataclass(frozen=True, slots=True)
class TrialHoldRow:
    """A hold as trials keeps it; `cause` names the event that raised it, `ended` lifted or annulled."""

    table: ClassVar[str] = "trial_hold"
    key: ClassVar[tuple[str, ...]] = ("hold_id",)
    hold_id: UUID
    trial_id: UUID | None = None
    source: str | None = None
    scope_kind: str | None = None
    scope_id: UUID | None = None
    effects: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    ended: str | None = None
    cause: UUID | None = None


def trial_hold_keys(message: Recorded[HoldApplied | HoldLifted | HoldAnnulled]) -> tuple[tuple[UUID], ...]:
    return ((message.data.hold_id,),)


def fold_trial_hold(
    row: TrialHoldRow | None, message: Recorded[Any], key: tuple[UUID]
) -> TrialHoldRow | None:
    row = row or TrialHoldRow(key[0])
    match message.data:
        case HoldApplied() as event:
            fields = event.model_dump(exclude={"hold_id", "arm", "reason", "zone"})
            return replace(row, until=None, ended=None, **fields)
        case HoldLifted(until=day):
            return replace(row, until=day, ended="lifted")
        case HoldAnnulled():
            return replace(row, ended="annulled")
        case _:
            return row
