"""The statistical analysis plan: one counts at a time; one approved when results could be seen is marked."""

from datetime import datetime
from typing import assert_never
from uuid import uuid5

from services.trials.commands.analysis_plan import (
    AbandonAnalysisPlan,
    ApproveAnalysisPlan,
    DraftAnalysisPlan,
    RecordAnalysisMilestone,
)
from services.trials.domain.broken import in_future, rules_of
from services.trials.domain.plan_state import Events, Plan, Plans, evolve
from services.trials.projections.protocol_guards import TrialProtocol
from services.trials.rules import NAMESPACE
from services.trials.rules.analysis_plan import CITATION, TRANSITIONS
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.statistics import (
    AnalysisMilestoneReached,
    AnalysisPlanAbandoned,
    AnalysisPlanApproved,
    AnalysisPlanDrafted,
    PlanStatus,
)

__all__ = ["PlanCommand", "Plans", "decide", "evolve"]

PlanCommand = DraftAnalysisPlan | ApproveAnalysisPlan | AbandonAnalysisPlan | RecordAnalysisMilestone


def decide(plans: Plans, command: PlanCommand | Wake, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case DraftAnalysisPlan():
            return _draft(plans, command, facts)
        case ApproveAnalysisPlan(plan=name):
            known = plans.plans.get(name)
            if known and known.approved_on == command.approved_on:
                return []
            return _cannot(known, "approved") or _approve(plans, command, now)
        case AbandonAnalysisPlan(plan=name):
            known = plans.plans.get(name)
            if known and known.status == "abandoned":
                return []
            return _cannot(known, "abandoned") or [AnalysisPlanAbandoned(**command.model_dump())]
        case RecordAnalysisMilestone():
            return _milestone(plans, command, now)
        case Wake():
            return []
        case _:
            assert_never(command)


def _draft(plans: Plans, command: DraftAnalysisPlan, facts: Facts) -> Events | Refusal:
    event = AnalysisPlanDrafted(**command.model_dump())
    if known := plans.plans.get(command.plan):
        if known.drafted == event:
            return []
        return Refusal("plan.known", "a plan of this name was drafted otherwise", known.status, "plan")
    protocol = facts.get(TrialProtocol, command.trial_id)
    if protocol is None or command.version not in protocol.versions:
        return Refusal("protocol.version_unknown", "no such version was drafted", None, "version")
    if plans.counts and command.reason is None:
        return Refusal("plan.reason_missing", f"{plans.counts} counts: say why another", None, "reason")
    return [event]


def _cannot(known: Plan | None, to: PlanStatus) -> Refusal | None:
    if known is None:
        return Refusal("plan.unknown", "there is no such plan", None, "plan")
    if to in TRANSITIONS.get(known.status, ()):
        return None
    return Refusal(
        "plan.transition", f"a plan that is {known.status} cannot become {to}", known.status, "plan"
    )


def _approve(plans: Plans, command: ApproveAnalysisPlan, now: datetime) -> Events | Refusal:
    day, drafted = command.approved_on, plans.plans[command.plan].drafted
    former = plans.plans[plans.counts].approved_on if plans.counts else None
    if day < drafted.dated_on:
        return Refusal("plan.before_draft", f"it is of {drafted.dated_on}", "drafted", "approved_on")
    if former and day < former:
        said = f"{plans.counts} was approved on {former}"
        return Refusal("plan.before_approval", said, "drafted", "approved_on")
    if in_future(day, now):
        return Refusal("plan.in_future", "nobody has approved it yet", "drafted", "approved_on")
    # On one and the same day the approval is taken to come first.
    after = tuple(sorted(name for name, reached in plans.milestones.items() if reached < day))
    return [AnalysisPlanApproved(**command.model_dump(), supersedes=plans.counts, after=after)]


def _milestone(plans: Plans, command: RecordAnalysisMilestone, now: datetime) -> Events:
    day, milestone = command.reached_on, command.milestone
    vouched = command.plan_ref is not None and milestone in plans.deviations
    if plans.milestones.get(milestone) == day and not vouched:
        return []
    plan = plans.counting_on(day)
    none = plan is None and command.plan_ref is None
    found = {"plan.none_approved": none, "plan.in_future": in_future(day, now)}
    breaks = rules_of(found)
    events: Events = [AnalysisMilestoneReached(**command.model_dump(), plan=plan, breaks=breaks)]
    if counting := plans.deviations.get(milestone):
        events.append(
            DeviationAnnulled(
                deviation_id=counting, trial_id=command.trial_id, reason="analysis_plan.day_corrected"
            )
        )
    if breaks:
        events.append(
            DeviationReported(
                deviation_id=uuid5(NAMESPACE, f"{command.stream_id}|{milestone}|{day}"),
                trial_id=command.trial_id,
                category=milestone,
                rules=breaks,
                citation=CITATION,
                occurred_on=day,
            )
        )
    return events
