"""Ethics reviews: steps in turn, decisions as the board made them."""

from datetime import date
from functools import reduce
from uuid import uuid4

import pytest
from pydantic import ValidationError

from services.regulatory.commands import (
    AnswerClarification,
    DeferReview,
    DetermineReview,
    OpenReview,
    RequestClarification,
    RequestModifications,
    ReviewCommand,
    StartPreReview,
    StartReview,
    SubmitModifications,
    SubmitReview,
    WithdrawReview,
)
from services.regulatory.domain.review import Review, approval_of, decide, evolve
from shared.contracts.message import Facts, Refusal
from shared.contracts.regulatory import (
    IrbApproved,
    IrbDeferred,
    IrbDisapproved,
    IrbReviewOpened,
    IrbReviewStarted,
    IrbReviewSubmitted,
    ReviewEvent,
)
from tests.unit.regulatory.flow import T0

REVIEW, TRIAL, SITE = uuid4(), uuid4(), uuid4()
DAY = date(2026, 3, 2)
OPEN = OpenReview(review_id=REVIEW, trial_id=TRIAL, site_ids=(SITE,), zone="America/Chicago", board="IRB-1")
SUBMIT = SubmitReview(review_id=REVIEW, protocol_version="2.0", submitted_on=DAY)
APPROVE = DetermineReview(
    review_id=REVIEW,
    outcome="approved",
    decided_on=DAY,
    effective_on=DAY,
    expires_on=date(2027, 3, 1),
)
DISAPPROVE = DetermineReview(review_id=REVIEW, outcome="disapproved", decided_on=DAY, reason="risk")


def given(*commands: ReviewCommand) -> Review:
    state = Review()
    for command in commands:
        state = reduce(evolve, done(state, command), state)
    return state


def done(state: Review, command: ReviewCommand) -> list[ReviewEvent]:
    events = decide(state, command, Facts(), T0)
    assert not isinstance(events, Refusal), events
    return events


def test_a_review_is_opened_once() -> None:
    (opened,) = done(Review(), OPEN)
    assert isinstance(opened, IrbReviewOpened)
    assert opened.kind == "initial"
    assert done(given(OPEN), OPEN) == []


def test_a_submitted_review_carries_its_protocol_version() -> None:
    (submitted,) = done(given(OPEN), SUBMIT)
    assert isinstance(submitted, IrbReviewSubmitted)
    assert (submitted.protocol_version, submitted.site_ids) == ("2.0", (SITE,))


def test_an_unknown_review_takes_no_step() -> None:
    assert isinstance(decide(Review(), SUBMIT, Facts(), T0), Refusal)


def test_a_draft_cannot_be_determined() -> None:
    refusal = decide(given(OPEN), APPROVE, Facts(), T0)
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.state) == ("irb.review_out_of_turn", "draft")


def test_a_decision_says_that_the_board_reviewed_and_what_it_approved() -> None:
    started, approved = done(given(OPEN, SUBMIT), APPROVE)
    assert isinstance(started, IrbReviewStarted)
    assert isinstance(approved, IrbApproved)
    assert approved.approval_id == approval_of(REVIEW)
    assert (approved.protocol_version, approved.zone) == ("2.0", "America/Chicago")
    assert approved.expires_on == date(2027, 3, 1)


@pytest.mark.parametrize("command", [OPEN, SUBMIT, APPROVE], ids=lambda c: type(c).__name__)
def test_repeating_the_latest_step_changes_nothing(command: ReviewCommand) -> None:
    steps: list[ReviewCommand] = [OPEN, SUBMIT, APPROVE]
    assert done(given(*steps[: steps.index(command) + 1]), command) == []


def test_an_expedited_reviewer_cannot_disapprove() -> None:
    state = given(
        OPEN, SUBMIT, StartPreReview(review_id=REVIEW), StartReview(review_id=REVIEW, path="expedited")
    )
    refusal = decide(state, DISAPPROVE, Facts(), T0)
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "irb.expedited_cannot_disapprove"


def test_a_board_that_convenes_after_an_expedited_review_may_disapprove() -> None:
    state = given(
        OPEN, SUBMIT, StartPreReview(review_id=REVIEW), StartReview(review_id=REVIEW, path="expedited")
    )
    convened = reduce(evolve, done(state, StartReview(review_id=REVIEW, path="convened")), state)
    (event,) = done(convened, DISAPPROVE)
    assert isinstance(event, IrbDisapproved)


def test_an_answer_returns_to_the_stage_that_asked() -> None:
    ask = RequestClarification(review_id=REVIEW, requested_on=DAY)
    answer = AnswerClarification(review_id=REVIEW)
    in_office = given(OPEN, SUBMIT, StartPreReview(review_id=REVIEW), ask, answer)
    assert in_office.status == "pre_review"
    started = (OPEN, SUBMIT, StartPreReview(review_id=REVIEW), StartReview(review_id=REVIEW))
    assert given(*started, ask, answer).status == "under_review"


def test_required_modifications_come_before_a_decision() -> None:
    asked = given(OPEN, SUBMIT, RequestModifications(review_id=REVIEW, decided_on=DAY))
    assert isinstance(decide(asked, APPROVE, Facts(), T0), Refusal)
    mended = SubmitModifications(review_id=REVIEW, protocol_version="2.1", submitted_on=DAY)
    after = reduce(evolve, done(asked, mended), asked)
    approved = done(after, APPROVE)[-1]
    assert isinstance(approved, IrbApproved)
    assert approved.protocol_version == "2.1"


@pytest.mark.parametrize("last", [APPROVE, DISAPPROVE, WithdrawReview(review_id=REVIEW, reason="sponsor")])
def test_a_review_that_is_over_stays_over(last: ReviewCommand) -> None:
    state = given(OPEN, SUBMIT, last)
    for command in (StartPreReview(review_id=REVIEW), WithdrawReview(review_id=REVIEW, reason="other")):
        assert isinstance(decide(state, command, Facts(), T0), Refusal)


def test_an_approval_without_its_days_is_no_command() -> None:
    with pytest.raises(ValidationError, match="expires_on"):
        DetermineReview(review_id=REVIEW, outcome="approved", decided_on=DAY, effective_on=DAY)
    with pytest.raises(ValidationError, match="before effective_on"):
        DetermineReview(
            review_id=REVIEW,
            outcome="approved",
            decided_on=DAY,
            effective_on=DAY,
            expires_on=date(2026, 3, 1),
        )
    with pytest.raises(ValidationError, match="reason"):
        DetermineReview(review_id=REVIEW, outcome="disapproved", decided_on=DAY)


def test_a_deferred_review_goes_on_where_the_board_takes_it_up_again() -> None:
    defer = DeferReview(review_id=REVIEW, decided_on=DAY)
    started, deferred = done(given(OPEN, SUBMIT), defer)
    assert isinstance(started, IrbReviewStarted)
    assert deferred == IrbDeferred(review_id=REVIEW, trial_id=TRIAL, decided_on=DAY)
    state = given(OPEN, SUBMIT, defer)
    assert (state.status, done(state, defer)) == ("deferred", [])
    assert [type(event) for event in done(state, APPROVE)] == [IrbApproved]
