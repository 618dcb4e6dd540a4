"""INDs: day 30 passes by itself, in effect they are by a signature that no hold came."""

from datetime import UTC, date, datetime
from functools import reduce
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from services.regulatory.commands import (
    ConfirmIndInEffect,
    IndCommand,
    RecordIndEarlyNotice,
    RecordIndReceipt,
)
from services.regulatory.domain.ind import Ind, decide, evolve, wake_at
from services.regulatory.projections import OpenHolds
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.regulatory import IndEvent, IndInEffect, IndReceived, IndReviewPeriodElapsed

IND, TRIAL, HOLD = uuid4(), uuid4(), uuid4()
T0 = datetime(2026, 3, 2, 15, tzinfo=UTC)
DAY_30 = datetime(2026, 4, 1, 4, tzinfo=UTC)
RECEIPT = RecordIndReceipt(ind_id=IND, number="123456", trial_ids=(TRIAL,), receipt_on=date(2026, 3, 2))
CONFIRM = ConfirmIndInEffect(ind_id=IND, trial_ids=(TRIAL,), meaning="no hold received by any means")


def done(state: Ind, command: IndCommand, now: datetime = T0, facts: Facts | None = None) -> list[IndEvent]:
    events = decide(state, command, facts or Facts(), now)
    assert not isinstance(events, Refusal), events
    return events


def after(*commands: IndCommand, now: datetime = T0) -> Ind:
    state = Ind()
    for command in commands:
        state = reduce(evolve, done(state, command, now), state)
    return state


def refused(state: Ind, now: datetime, *rows: Any, command: IndCommand = CONFIRM) -> str:
    refusal = decide(state, command, Facts(*rows), now)
    assert isinstance(refusal, Refusal)
    return refusal.rule


def test_the_authoritys_receipt_date_starts_thirty_days() -> None:
    (received,) = done(Ind(), RECEIPT)
    assert isinstance(received, IndReceived)
    assert (received.review_ends_on, received.zone) == (date(2026, 4, 1), "America/New_York")
    assert wake_at(after(RECEIPT)) == DAY_30


def test_without_a_receipt_date_no_clock_runs() -> None:
    assert wake_at(Ind()) is None
    assert refused(Ind(), DAY_30) == "ind.receipt_missing"


def test_day_30_alone_puts_nothing_into_effect() -> None:
    (elapsed,) = done(after(RECEIPT), Wake(stream=IND), DAY_30)
    assert isinstance(elapsed, IndReviewPeriodElapsed)
    state = reduce(evolve, [elapsed], after(RECEIPT))
    assert state.in_effect == frozenset()
    assert done(state, Wake(stream=IND), DAY_30) == []
    assert wake_at(state) is None


def test_an_early_wake_changes_nothing() -> None:
    assert done(after(RECEIPT), Wake(stream=IND), DAY_30.replace(hour=3)) == []


def test_a_signature_after_day_30_puts_it_into_effect() -> None:
    elapsed, effect = done(after(RECEIPT), CONFIRM, DAY_30)
    assert isinstance(elapsed, IndReviewPeriodElapsed)
    assert isinstance(effect, IndInEffect)
    assert (effect.effective_on, effect.basis) == (date(2026, 4, 1), "thirty_days")
    assert done(after(RECEIPT, CONFIRM, now=DAY_30), CONFIRM, DAY_30) == []


def test_a_signature_before_day_30_is_refused() -> None:
    assert refused(after(RECEIPT), T0) == "ind.review_period_running"


def test_an_earlier_notice_lets_the_signature_come_earlier() -> None:
    notice = RecordIndEarlyNotice(ind_id=IND, notice_on=date(2026, 3, 10), letter_ref="letter-1")
    state = after(RECEIPT, notice)
    assert done(state, notice) == []
    (effect,) = done(state, CONFIRM)
    assert isinstance(effect, IndInEffect)
    assert (effect.effective_on, effect.basis) == (date(2026, 3, 10), "early_notice")


@pytest.mark.parametrize("scope", [IND, TRIAL])
def test_an_open_hold_refuses_the_signature(scope: Any) -> None:
    assert refused(after(RECEIPT), DAY_30, OpenHolds(scope, (HOLD,))) == "ind.under_hold"


def test_after_a_hold_it_is_in_effect_no_earlier_than_the_lift() -> None:
    lifted = OpenHolds(IND, (), date(2026, 5, 20))
    effect = done(after(RECEIPT), CONFIRM, datetime(2026, 6, 1, tzinfo=UTC), Facts(lifted))[-1]
    assert isinstance(effect, IndInEffect)
    assert effect.effective_on == date(2026, 5, 20)


def test_a_trial_that_is_not_under_the_ind_is_refused() -> None:
    other = ConfirmIndInEffect(ind_id=IND, trial_ids=(uuid4(),), meaning="no hold received by any means")
    assert refused(after(RECEIPT), DAY_30, command=other) == "ind.trial_not_covered"


def test_another_meaning_is_no_signature() -> None:
    with pytest.raises(ValidationError):
        ConfirmIndInEffect.model_validate({"ind_id": IND, "trial_ids": [TRIAL], "meaning": "looks fine"})


def test_a_receipt_stated_twice_keeps_the_first_date_and_marks_the_second() -> None:
    assert done(after(RECEIPT), RECEIPT) == []
    second = RECEIPT.model_copy(update={"receipt_on": date(2026, 3, 5)})
    (event,) = done(after(RECEIPT), second)
    assert isinstance(event, IndReceived)
    assert event.breaks == ("ind.receipt_contradicts",)
    state = after(RECEIPT, second)
    assert wake_at(state) == DAY_30
    assert done(state, second) == []


def test_the_first_trial_lends_the_command_its_key() -> None:
    assert RECEIPT.trial_id == TRIAL
    assert RecordIndReceipt.model_validate(RECEIPT.model_dump(mode="json")) == RECEIPT
