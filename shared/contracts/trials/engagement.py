"""Engagements: organisations (CROs) that a sponsor chooses for a trial or a programme."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Identifier, Value

EngagementModel = Literal["full_service", "functional", "therapeutic_area", "regional"]
EngagementStatus = Literal[
    "considered",
    "invited",
    "proposal_received",
    "selected",
    "pilot",
    "engaged",
    "ended",
    "declined",
]
Criterion = Literal[
    "therapeutic_expertise",
    "on_time_delivery",
    "cycle_time",
    "quality",
    "coverage",
    "compliance_history",
    "technology",
    "communication",
    "client_references",
    "due_diligence",
]
EndReason = Literal["work_completed", "contract_ended", "trial_ended", "pilot_not_passed", "terminated"]
DeclineReason = Literal[
    "capacity", "price", "conflict_of_interest", "not_qualified", "no_answer", "other_chosen", "withdrawn"
]


class EngagementConsidered(Event):
    """The sponsor considers an organisation for a trial, or for a programme.

    `name` is the organisation's, never a person's. `functions`, `therapeutic_areas`, `countries` say what a
    functional, a therapeutic-area or a regional engagement is for.
    """

    type: ClassVar[str] = "trials.engagement.considered.v1"
    engagement_id: UUID
    trial_id: UUID | None = None
    programme_id: UUID | None = None
    organisation_id: UUID
    name: str
    identifiers: tuple[Identifier, ...] = ()
    model: EngagementModel
    functions: tuple[str, ...] = ()
    therapeutic_areas: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()


class EngagementInvited(Event):
    """The organisation was asked for a proposal."""

    type: ClassVar[str] = "trials.engagement.invited.v1"
    engagement_id: UUID
    invited_on: date
    document_ref: str | None = None


class ProposalReceived(Event):
    """The organisation's proposal came."""

    type: ClassVar[str] = "trials.engagement.proposal_received.v1"
    engagement_id: UUID
    received_on: date
    document_ref: str
    sha256: str


class EngagementSelected(Event):
    """The sponsor signed that it chooses the organisation; no contract stands yet."""

    type: ClassVar[str] = "trials.engagement.selected.v1"
    engagement_id: UUID
    selected_on: date
    reason: str


class SuccessCriterion(Value):
    """What a pilot has to show: a code, and the target in words."""

    code: str
    target: str


class PilotStarted(Event):
    """A bounded engagement began, from `since` to the last day `until`, to be judged by its criteria."""

    type: ClassVar[str] = "trials.engagement.pilot_started.v1"
    engagement_id: UUID
    since: date
    until: date
    criteria: tuple[SuccessCriterion, ...]
    contract_ref: str
    sha256: str


class CriterionOutcome(Value):
    """Whether a pilot showed what a criterion asks for, and the document that says so."""

    code: str
    met: bool
    document_ref: str | None = None


class PilotEvaluated(Event):
    """The outcome of a pilot, criterion by criterion; `passed` where all were met."""

    type: ClassVar[str] = "trials.engagement.pilot_evaluated.v1"
    engagement_id: UUID
    evaluated_on: date
    outcomes: tuple[CriterionOutcome, ...]
    passed: bool


class EngagementBegan(Event):
    """The contract was executed: the organisation works for the trial or programme."""

    type: ClassVar[str] = "trials.engagement.engaged.v1"
    engagement_id: UUID
    executed_on: date
    contract_ref: str
    sha256: str


class EngagementEnded(Event):
    """The engagement, or the pilot, ended; `ended_on` is its last day."""

    type: ClassVar[str] = "trials.engagement.ended.v1"
    engagement_id: UUID
    ended_on: date
    reason: EndReason


class EngagementDeclined(Event):
    """The sponsor or the organisation declined before any contract."""

    type: ClassVar[str] = "trials.engagement.declined.v1"
    engagement_id: UUID
    declined_on: date
    by: Literal["sponsor", "organisation"]
    reason: DeclineReason


class ScoreEntered(Event):
    """A score that no event gives, 0 to 100 points, as `source` says it of the day `as_of`.

    `entered_by` is the opaque id of who says so, `n` on how many cases it rests.
    """

    type: ClassVar[str] = "trials.engagement.score_entered.v1"
    engagement_id: UUID
    organisation_id: UUID
    criterion: Criterion
    points: int
    n: int | None = None
    source: str
    as_of: date
    entered_by: str
    document_ref: str | None = None


class ScorecardWeighed(Event):
    """The weights of this engagement's evaluation, in place of those that stand by themselves."""

    type: ClassVar[str] = "trials.engagement.scorecard_weighed.v1"
    engagement_id: UUID
    weights: dict[Criterion, int]
    reason: str


EngagementEvent = (
    EngagementConsidered
    | EngagementInvited
    | ProposalReceived
    | EngagementSelected
    | PilotStarted
    | PilotEvaluated
    | EngagementBegan
    | EngagementEnded
    | EngagementDeclined
    | ScoreEntered
    | ScorecardWeighed
)
