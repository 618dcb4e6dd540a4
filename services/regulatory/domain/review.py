"""The ethics review's decider: from draft to the board's decision (domain 3.5)."""

from datetime import datetime

from services.regulatory.commands import (
    AnswerClarification,
    DeferReview,
    DetermineReview,
    OpenReview,
    RequestClarification,
    RequestModifications,
    ReviewCommand,
    ReviewStep,
    StartPreReview,
    StartReview,
    SubmitModifications,
    SubmitReview,
    WithdrawReview,
)
from services.regulatory.domain.review_state import Review, Status, evolve
from services.regulatory.domain.review_steps import approval_of, step
from shared.contracts.message import Facts, Refusal
from shared.contracts.regulatory import IrbReviewOpened, ReviewEvent

__all__ = ["Review", "approval_of", "decide", "evolve"]

# Where a step may begin. A board's own act needs no stage before it that somebody forgot to record: what
# a board decided it has reviewed. Only a draft has not reached it, and changes it asked for must come first.
_WITH_THE_BOARD: frozenset[Status] = frozenset(
    {"submitted", "pre_review", "clarification_requested", "under_review", "deferred", "post_review"}
)
_FROM: dict[type[ReviewStep], frozenset[Status]] = {
    SubmitReview: frozenset({"draft"}),
    StartPreReview: frozenset({"submitted"}),
    RequestClarification: frozenset({"pre_review", "under_review"}),
    AnswerClarification: frozenset({"clarification_requested"}),
    StartReview: frozenset({"pre_review", "deferred", "under_review"}),
    RequestModifications: _WITH_THE_BOARD,
    SubmitModifications: frozenset({"modifications_required"}),
    DeferReview: _WITH_THE_BOARD - {"deferred", "post_review"},
    DetermineReview: _WITH_THE_BOARD,
    WithdrawReview: frozenset(
        {"draft", "submitted", "pre_review", "clarification_requested", "modifications_required"}
    ),
}


def decide(state: Review, command: ReviewCommand, facts: Facts, now: datetime) -> list[ReviewEvent] | Refusal:
    """The events of a command; the same step again gives none, a step out of turn is refused."""
    if isinstance(command, OpenReview):
        return [] if state.opened else [IrbReviewOpened(**command.model_dump())]
    if state.opened is None:
        return Refusal("irb.review_unknown", "no review has this id", field="review_id")
    events = step(state.opened, state, command)
    if state.last is not None and _same(events[-1], state.last):
        return []
    if state.status not in _FROM[type(command)]:
        return Refusal("irb.review_out_of_turn", f"the review is {state.status}", state.status)
    if (
        isinstance(command, DetermineReview)
        and command.outcome == "disapproved"
        and (state.path or command.path) == "expedited"
    ):
        detail = "an expedited reviewer cannot disapprove (21 CFR 56.110(b)); the board convenes"
        return Refusal("irb.expedited_cannot_disapprove", detail, state.status, "path")
    return events


def _same(event: ReviewEvent, last: ReviewEvent) -> bool:
    return type(event) is type(last) and event == last
