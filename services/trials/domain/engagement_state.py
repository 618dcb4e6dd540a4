"""What decisions need of an engagement, and how its events change that."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from shared.contracts.trials.engagement import (
    Criterion,
    EngagementBegan,
    EngagementConsidered,
    EngagementDeclined,
    EngagementEnded,
    EngagementEvent,
    EngagementInvited,
    EngagementSelected,
    EngagementStatus,
    PilotEvaluated,
    PilotStarted,
    ProposalReceived,
    ScorecardWeighed,
    ScoreEntered,
)


@dataclass(frozen=True)
class Engagement:
    """`on` is the day of the last step, `judged` the last word on the pilot, `done` all steps."""

    considered: EngagementConsidered | None = None
    status: EngagementStatus | None = None
    on: date | None = None
    pilot: PilotStarted | None = None
    judged: PilotEvaluated | None = None
    done: tuple[EngagementEvent, ...] = ()
    scores: Mapping[Criterion, ScoreEntered] = field(default_factory=dict)
    weights: Mapping[Criterion, int] | None = None


def moved(event: EngagementEvent) -> tuple[EngagementStatus, date, str]:
    """The status that an event of a step leads to, its day, and the field that says the day."""
    match event:
        case EngagementInvited(invited_on=day):
            return "invited", day, "invited_on"
        case ProposalReceived(received_on=day):
            return "proposal_received", day, "received_on"
        case EngagementSelected(selected_on=day):
            return "selected", day, "selected_on"
        case PilotStarted(since=day):
            return "pilot", day, "since"
        case EngagementBegan(executed_on=day):
            return "engaged", day, "executed_on"
        case EngagementEnded(ended_on=day):
            return "ended", day, "ended_on"
        case EngagementDeclined(declined_on=day):
            return "declined", day, "declined_on"
        case _:
            raise ValueError(f"{event.type} is no step")


def evolve(state: Engagement, event: EngagementEvent) -> Engagement:
    match event:
        case EngagementConsidered():
            return replace(state, considered=event, status="considered")
        case ScoreEntered(criterion=criterion):
            return replace(state, scores=dict(state.scores) | {criterion: event})
        case ScorecardWeighed(weights=weights):
            return replace(state, weights=weights)
        case PilotEvaluated():
            return replace(state, judged=event, done=(*state.done, event))
        case _:
            status, day, _ = moved(event)
            pilot = event if isinstance(event, PilotStarted) else state.pilot
            return replace(state, status=status, on=day, pilot=pilot, done=(*state.done, event))
