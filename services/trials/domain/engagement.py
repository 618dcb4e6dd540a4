"""The engagement's decider: steps with their guards, a pilot judged before it is widened, entered scores."""

from datetime import date, datetime
from typing import assert_never

from services.trials.commands.engagement import (
    ConsiderOrganisation,
    DeclineEngagement,
    EndEngagement,
    EngageOrganisation,
    EvaluatePilot,
    InviteOrganisation,
    RecordProposal,
    SelectOrganisation,
    StartPilot,
)
from services.trials.commands.scorecard import EnterScore, WeighScorecard
from services.trials.domain.broken import in_future
from services.trials.domain.engagement_state import Engagement, evolve, moved
from services.trials.rules.engagement import TRANSITIONS
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.engagement import (
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

__all__ = ["Engagement", "EngagementCommand", "decide", "evolve"]

Step = (
    InviteOrganisation
    | RecordProposal
    | SelectOrganisation
    | StartPilot
    | EngageOrganisation
    | EndEngagement
    | DeclineEngagement
)
EngagementCommand = ConsiderOrganisation | Step | EvaluatePilot | EnterScore | WeighScorecard
Decision = list[EngagementEvent] | Refusal


def decide(state: Engagement, command: EngagementCommand | Wake, facts: Facts, now: datetime) -> Decision:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case Wake():
            return []
        case ConsiderOrganisation():
            return _consider(state, command)
        case _ if state.considered is None or state.status is None:
            return Refusal("engagement.unknown", "there is no such engagement", None, "engagement_id")
        case EvaluatePilot():
            return _evaluate(state, command, now)
        case EnterScore(as_of=day) if in_future(day, now):
            return _ahead(state.status, day, "as_of")
        case EnterScore():
            entered = ScoreEntered(
                **command.model_dump(exclude={"trial_id"}),
                organisation_id=state.considered.organisation_id,
                entered_by=facts.actor.id if facts.actor else "",
            )
            return [] if entered in state.scores.values() else [entered]
        case WeighScorecard(reason=reason):
            weights = {one.criterion: one.weight for one in command.weights}
            if weights == state.weights:
                return []
            return [ScorecardWeighed(engagement_id=command.engagement_id, weights=weights, reason=reason)]
        case _:
            return _step(state, state.status, _event(command), now)


def _consider(state: Engagement, command: ConsiderOrganisation) -> Decision:
    considered = EngagementConsidered(**command.model_dump(exclude={"sponsor"}))
    if state.considered is None:
        return [considered]
    if state.considered == considered:
        return []
    known = "an engagement of this id is otherwise"
    return Refusal("engagement.known", known, state.status, "engagement_id")


def _event(command: Step) -> EngagementEvent:
    told = command.model_dump(exclude={"trial_id", "meaning"})
    match command:
        case InviteOrganisation():
            return EngagementInvited(**told)
        case RecordProposal():
            return ProposalReceived(**told)
        case SelectOrganisation():
            return EngagementSelected(**told)
        case StartPilot():
            return PilotStarted(**told)
        case EngageOrganisation():
            return EngagementBegan(**told)
        case EndEngagement():
            return EngagementEnded(**told)
        case DeclineEngagement():
            return EngagementDeclined(**told)
        case _:
            assert_never(command)


def _step(state: Engagement, status: EngagementStatus, event: EngagementEvent, now: datetime) -> Decision:
    """Move on, where the order of steps, their dates and a pilot's outcome allow it."""
    if event in state.done:
        return []
    to, day, field = moved(event)
    if to not in TRANSITIONS.get(status, ()):
        return Refusal("engagement.transition", f"{to} does not follow {status}", status)
    if state.on and day < state.on:
        return _early(status, day, field, f"{state.on}, the day of the step before")
    if in_future(day, now):
        return _ahead(status, day, field)
    if status == "pilot" and to == "engaged":
        if state.judged is None:
            return Refusal("engagement.pilot_not_evaluated", "judge the pilot first", status)
        if not state.judged.passed:
            return Refusal("engagement.pilot_not_passed", "the pilot did not show what it had to", status)
        if day < state.judged.evaluated_on:
            return _early(status, day, field, f"{state.judged.evaluated_on}, the day of the judgement")
    return [event]


def _evaluate(state: Engagement, command: EvaluatePilot, now: datetime) -> Decision:
    pilot, day = state.pilot, command.evaluated_on
    if pilot is None or state.status != "pilot":
        return Refusal("engagement.no_pilot", "there is no pilot to judge", state.status)
    asked, judged = sorted(one.code for one in pilot.criteria), sorted(one.code for one in command.outcomes)
    if asked != judged:
        each = f"each criterion is judged once: {', '.join(asked)}"
        return Refusal("engagement.pilot_criteria", each, state.status, "outcomes")
    passed = all(one.met for one in command.outcomes)
    evaluated = PilotEvaluated(**command.model_dump(exclude={"trial_id"}), passed=passed)
    if evaluated in state.done:
        return []
    if day < pilot.since:
        return _early(state.status, day, "evaluated_on", f"{pilot.since}, its first day")
    if state.judged and day <= state.judged.evaluated_on:
        return _early(state.status, day, "evaluated_on", "the day after the judgement before")
    if in_future(day, now):
        return _ahead(state.status, day, "evaluated_on")
    return [evaluated]


def _early(status: EngagementStatus, day: date, field: str, cause: str) -> Refusal:
    return Refusal("engagement.date_before_cause", f"{day} is before {cause}", status, field)


def _ahead(status: EngagementStatus, day: date, field: str) -> Refusal:
    return Refusal("engagement.date_in_future", f"{day} has come nowhere yet", status, field)
