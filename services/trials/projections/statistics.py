"""Signed sample sizes and the analysis plan behind the trial page."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.statistics import (
    AnalysisMilestoneReached,
    AnalysisPlanAbandoned,
    AnalysisPlanApproved,
    AnalysisPlanDrafted,
    ArmSize,
    DesignInputSigned,
    Effect,
)

Key = tuple[Any, ...]
PlanTold = AnalysisPlanDrafted | AnalysisPlanApproved | AnalysisPlanAbandoned | AnalysisMilestoneReached
_TOLD = tuple(name for name in DesignInputSigned.model_fields if name != "supersedes")


@dataclass(frozen=True, slots=True)
class DesignInputRow:
    """A signed sample size beside our own figure; `superseded_by` is the input that counts in its place."""

    table: ClassVar[str] = "design_input"
    key: ClassVar[tuple[str, ...]] = ("trial_id", "input_id")
    trial_id: UUID
    input_id: UUID
    version: str | None = None
    endpoint: str | None = None
    estimand: str | None = None
    hypothesis: str | None = None
    effect: Effect | None = None
    null_value: float | None = None
    alpha: float | None = None
    sides: int | None = None
    power: float | None = None
    allocation_ratio: float | None = None
    drop_out: float | None = None
    method: str | None = None
    software: str | None = None
    software_version: str | None = None
    arms: tuple[ArmSize, ...] = ()
    total: int | None = None
    events: int | None = None
    recomputed: int | None = None
    recomputed_events: int | None = None
    recomputed_by: str | None = None
    difference_ratio: float | None = None
    reason: str | None = None
    signed_by: str | None = None
    signed_at: datetime | None = None
    superseded_by: UUID | None = None


def design_input_keys(message: Recorded[DesignInputSigned]) -> tuple[Key, ...]:
    event = message.data
    told = (event.input_id, event.supersedes) if event.supersedes else (event.input_id,)
    return tuple((event.trial_id, input_id) for input_id in told)


def fold_design_input(row: DesignInputRow | None, message: Recorded[Any], key: Key) -> DesignInputRow:
    """The input as it was signed, or as another took its place."""
    event, row = message.data, row or DesignInputRow(*key)
    if event.supersedes == key[1]:
        return replace(row, superseded_by=event.input_id)
    told = {name: getattr(event, name) for name in _TOLD}
    return replace(row, **told, signed_by=message.actor.id, signed_at=message.time)


@dataclass(frozen=True, slots=True)
class PlanView:
    """A version of the plan. `after`: milestones that it came after, so that results could be seen."""

    plan: str
    status: str
    version: str
    dated_on: date
    document_ref: str
    sha256: str | None = None
    reason: str | None = None
    approved_on: date | None = None
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnalysisPlanRow:
    """The versions of a trial's analysis plan, the first first, and the milestones with their days."""

    table: ClassVar[str] = "analysis_plan"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    plans: tuple[PlanView, ...] = ()
    milestones: dict[str, date] = field(default_factory=dict)


def plan_keys(message: Recorded[PlanTold]) -> tuple[Key, ...]:
    return ((message.data.trial_id,),)


def fold_plan(row: AnalysisPlanRow | None, message: Recorded[Any], key: Key) -> AnalysisPlanRow:
    """The plans after an event of theirs; a milestone told later marks them as well."""
    event, row = message.data, row or AnalysisPlanRow(key[0])
    plans = {one.plan: one for one in row.plans}
    match event:
        case AnalysisPlanDrafted():
            told = event.model_dump(exclude={"trial_id"})
            plans[event.plan] = PlanView(**told, status="drafted")
        case AnalysisPlanApproved(plan=name, approved_on=day, supersedes=former):
            plans[name] = replace(plans[name], status="approved", approved_on=day)
            if former:
                plans[former] = replace(plans[former], status="superseded")
        case AnalysisPlanAbandoned(plan=name):
            plans[name] = replace(plans[name], status="abandoned")
        case AnalysisMilestoneReached(milestone=milestone, reached_on=day):
            row = replace(row, milestones=row.milestones | {milestone: day})
        case _:
            return row
    return replace(row, plans=tuple(_marked(one, row.milestones) for one in plans.values()))


def _marked(one: PlanView, milestones: dict[str, date]) -> PlanView:
    passed = [name for name, day in milestones.items() if one.approved_on and day < one.approved_on]
    return replace(one, after=tuple(sorted(passed)))
