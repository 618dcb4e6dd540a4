"""Events of a trial's statistics: signed sample sizes, and the statistical analysis plan."""

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.message import Event, Value

Hypothesis = Literal["superiority", "non_inferiority", "equivalence"]
Milestone = Literal["database_lock", "unblinding"]
PlanStatus = Literal["drafted", "approved", "superseded", "abandoned"]


class Means(Value):
    """Two means in the endpoint's unit: the difference (experimental less control), the common deviation."""

    kind: Literal["means"] = "means"
    difference: float
    standard_deviation: float


class Proportions(Value):
    """Two proportions (ratios from 0 to 1): of the control and of the experimental arm."""

    kind: Literal["proportions"] = "proportions"
    control: float
    experimental: float


class Survival(Value):
    """Times to an event: the hazard ratio, and the share of all subjects expected to have one (a ratio)."""

    kind: Literal["survival"] = "survival"
    hazard_ratio: float
    event_probability: float


class OtherEffect(Value):
    """An effect of another kind, in words: it is not computed again."""

    kind: Literal["other"] = "other"
    description: str


Effect = Annotated[Means | Proportions | Survival | OtherEffect, Field(discriminator="kind")]


class ArmSize(Value):
    """How many subjects an arm is planned to have."""

    arm: str
    size: int


class DesignInputSigned(Event):
    """A statistician signed the sample size of an endpoint; it takes the place of `supersedes` for `reason`.

    `alpha` belongs to `sides`; `power`, `drop_out` and `allocation_ratio` (second arm to first) are ratios.
    `null_value` is the effect at the edge of the null hypothesis, a difference or a hazard ratio: without
    it, no difference. `events`: those that the analysis needs. `recomputed` is the total by our formula,
    none where it covers none; `difference_ratio`, (total - recomputed) / recomputed, is shown and refuses
    nothing.
    """

    type: ClassVar[str] = "trials.statistics.design_input_signed.v1"
    trial_id: UUID
    input_id: UUID
    version: str
    endpoint: str
    estimand: str | None = None
    hypothesis: Hypothesis
    effect: Effect
    null_value: float | None = None
    alpha: float
    sides: Literal[1, 2]
    power: float
    allocation_ratio: float
    drop_out: float
    method: str
    software: str
    software_version: str
    arms: tuple[ArmSize, ...]
    total: int
    events: int | None = None
    recomputed: int | None = None
    recomputed_events: int | None = None
    recomputed_by: str | None = None
    difference_ratio: float | None = None
    supersedes: UUID | None = None
    reason: str | None = None


class AboutPlan(Event):
    """What every event of an analysis plan says: which version of which trial's plan it is about."""

    trial_id: UUID
    plan: str


class AnalysisPlanDrafted(AboutPlan):
    """A version of the analysis plan stands on paper, for a version of the protocol."""

    type: ClassVar[str] = "trials.analysis_plan.drafted.v1"
    version: str
    dated_on: date
    document_ref: str
    sha256: str | None = None
    reason: str | None = None


class AnalysisPlanApproved(AboutPlan):
    """The plan was approved under signature and counts from then on; it takes the place of `supersedes`.

    `after`: the milestones that had passed by then, so that the plan may have been written with the results
    in sight.
    """

    type: ClassVar[str] = "trials.analysis_plan.approved.v1"
    approved_on: date
    supersedes: str | None = None
    after: tuple[Milestone, ...] = ()


class AnalysisPlanAbandoned(AboutPlan):
    """The draft will not be approved; `reason` is a code."""

    type: ClassVar[str] = "trials.analysis_plan.abandoned.v1"
    reason: str


class AnalysisMilestoneReached(Event):
    """The database was locked, or the trial unblinded, on this day: plans approved later are marked.

    `plan` is the one that counted then, `plan_ref` the document of one that was approved elsewhere; without
    either, `breaks` names the rule.
    """

    type: ClassVar[str] = "trials.analysis_plan.milestone_reached.v1"
    trial_id: UUID
    milestone: Milestone
    reached_on: date
    plan: str | None = None
    plan_ref: str | None = None
    breaks: tuple[str, ...] = ()


StatisticsEvent = (
    DesignInputSigned
    | AnalysisPlanDrafted
    | AnalysisPlanApproved
    | AnalysisPlanAbandoned
    | AnalysisMilestoneReached
)
