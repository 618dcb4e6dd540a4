"""The rows of engagements."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar, assert_never
from uuid import UUID

from shared.contracts.message import Identifier, Recorded
from shared.contracts.trials.engagement import (
    CriterionOutcome,
    EngagementBegan,
    EngagementConsidered,
    EngagementDeclined,
    EngagementEnded,
    EngagementEvent,
    EngagementInvited,
    EngagementSelected,
    PilotEvaluated,
    PilotStarted,
    ProposalReceived,
    ScorecardWeighed,
    ScoreEntered,
    SuccessCriterion,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class EngagementRow:
    """One engagement. It is seen with its stream, by its sponsor.

    Its columns are not named `organisation_id` and `trial_id`: an organisation that is considered shall not
    see that it is, nor sites of the trial.
    """

    table: ClassVar[str] = "engagement"
    key: ClassVar[tuple[str, ...]] = ("engagement_id",)
    engagement_id: UUID
    of_trial: UUID | None = None
    of_programme: UUID | None = None
    organisation: UUID | None = None
    correlation_id: UUID | None = None
    name: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    model: str | None = None
    functions: tuple[str, ...] = ()
    therapeutic_areas: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    status: str | None = None
    invited_on: date | None = None
    proposal_on: date | None = None
    proposal_ref: str | None = None
    selected_on: date | None = None
    selected_for: str | None = None
    pilot_since: date | None = None
    pilot_until: date | None = None
    pilot_criteria: tuple[SuccessCriterion, ...] = ()
    pilot_outcomes: tuple[CriterionOutcome, ...] = ()
    pilot_passed: bool | None = None
    began_on: date | None = None
    contract_ref: str | None = None
    ended_on: date | None = None
    declined_on: date | None = None
    declined_by: str | None = None
    reason: str | None = None
    scores: dict[str, ScoreEntered] = field(default_factory=dict)
    weights: dict[str, int] | None = None
    changed_at: datetime | None = None


def engagement_keys(message: Recorded[EngagementEvent]) -> tuple[Key, ...]:
    return ((message.data.engagement_id,),)


def fold_engagement(row: EngagementRow | None, message: Recorded[Any], key: Key) -> EngagementRow:
    """The engagement after an event of its stream."""
    known = replace(row or EngagementRow(key[0]), changed_at=message.time)
    event: EngagementEvent = message.data
    match event:
        case EngagementConsidered():
            about = event.model_dump(exclude={"engagement_id", "trial_id", "programme_id", "organisation_id"})
            of = replace(known, of_trial=event.trial_id, of_programme=event.programme_id)
            named = replace(of, organisation=event.organisation_id, correlation_id=message.correlation_id)
            return replace(named, **about | {"identifiers": event.identifiers}, status="considered")
        case EngagementInvited(invited_on=day):
            return replace(known, status="invited", invited_on=day)
        case ProposalReceived(received_on=day, document_ref=ref):
            return replace(known, status="proposal_received", proposal_on=day, proposal_ref=ref)
        case EngagementSelected(selected_on=day, reason=why):
            return replace(known, status="selected", selected_on=day, selected_for=why)
        case PilotStarted(since=since, until=until, criteria=criteria, contract_ref=ref):
            bounds = replace(known, pilot_since=since, pilot_until=until, pilot_criteria=criteria)
            return replace(bounds, status="pilot", began_on=since, contract_ref=ref)
        case PilotEvaluated(outcomes=outcomes, passed=passed):
            return replace(known, pilot_outcomes=outcomes, pilot_passed=passed)
        case EngagementBegan(executed_on=day, contract_ref=ref):
            return replace(known, status="engaged", began_on=known.began_on or day, contract_ref=ref)
        case EngagementEnded(ended_on=day, reason=why):
            return replace(known, status="ended", ended_on=day, reason=why)
        case EngagementDeclined(declined_on=day, by=by, reason=why):
            return replace(known, status="declined", declined_on=day, declined_by=by, reason=why)
        case ScoreEntered(criterion=criterion):
            return replace(known, scores=known.scores | {criterion: event})
        case ScorecardWeighed(weights=weights):
            return replace(known, weights={str(name): weight for name, weight in weights.items()})
        case _:
            assert_never(event)
