"""What decisions need of a trial's analysis plan, and how its events change that."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.statistics import (
    AnalysisMilestoneReached,
    AnalysisPlanAbandoned,
    AnalysisPlanApproved,
    AnalysisPlanDrafted,
    Milestone,
    PlanStatus,
)

PlanEvent = AnalysisPlanDrafted | AnalysisPlanApproved | AnalysisPlanAbandoned | AnalysisMilestoneReached
Events = list[PlanEvent | DeviationReported | DeviationAnnulled]


@dataclass(frozen=True)
class Plan:
    """A version of the plan as it was drafted, with its status and the day of its approval."""

    drafted: AnalysisPlanDrafted
    status: PlanStatus = "drafted"
    approved_on: date | None = None


@dataclass(frozen=True)
class Plans:
    """Versions by name, the one that counts, milestones with their day; `deviations`: those that count."""

    plans: Mapping[str, Plan] = field(default_factory=dict)
    counts: str | None = None
    milestones: Mapping[Milestone, date] = field(default_factory=dict)
    deviations: Mapping[str, UUID] = field(default_factory=dict)

    def counting_on(self, day: date) -> str | None:
        """The plan that was approved last by that day."""
        approved = [(one.approved_on, name) for name, one in self.plans.items() if one.approved_on]
        return max(((on, name) for on, name in approved if on <= day), default=(day, None))[1]


def evolve(plans: Plans, event: PlanEvent | DeviationReported | DeviationAnnulled) -> Plans:
    match event:
        case AnalysisPlanDrafted(plan=name):
            return replace(plans, plans={**plans.plans, name: Plan(event)})
        case AnalysisPlanApproved(plan=name, approved_on=day, supersedes=former):
            known = dict(plans.plans)
            known[name] = replace(known[name], status="approved", approved_on=day)
            if former:
                known[former] = replace(known[former], status="superseded")
            return replace(plans, plans=known, counts=name)
        case AnalysisPlanAbandoned(plan=name):
            given_up = replace(plans.plans[name], status="abandoned")
            return replace(plans, plans={**plans.plans, name: given_up})
        case AnalysisMilestoneReached(milestone=milestone, reached_on=day):
            return replace(plans, milestones={**plans.milestones, milestone: day})
        case DeviationReported(category=category, deviation_id=deviation):
            return replace(plans, deviations={**plans.deviations, category: deviation})
        case DeviationAnnulled(deviation_id=deviation):
            left = {name: one for name, one in plans.deviations.items() if one != deviation}
            return replace(plans, deviations=left)
        case _:
            assert_never(event)
