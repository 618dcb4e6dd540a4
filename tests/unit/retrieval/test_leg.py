"""Legs on their way: sent, chased on the cadence's days, escalated, answered, priced."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.retrieval import cadence
from services.retrieval import commands as c
from services.retrieval.domain.evolve_leg import moved
from shared.contracts import retrieval as r
from shared.contracts.message import Event
from tests.unit.retrieval import desk as d


def test_a_leg_is_added_once() -> None:
    desk = d.desk(d.leg())
    (added,) = desk.made(r.LegAdded)
    leg = desk.state.legs[d.LEG]
    assert moved(leg, added) == leg


ACKNOWLEDGED = d.of_leg(c.AcknowledgeLeg, acknowledged_on=date(2026, 3, 3))


@pytest.mark.parametrize(
    ("priority", "days"),
    [("routine", [1, 3, 7, 10, 15, 22, 29, 36]), ("urgent", [1, 2, 3, 4, 5, 12, 19, 26])],
)
def test_a_silent_custodian_is_chased_on_the_days_of_the_cadence(priority: str, days: list[int]) -> None:
    desk = d.sent_desk(priority=priority)
    for day in days:
        assert desk.next_wake() == d.START + timedelta(days=day)
        assert desk.wake() == []
        desk.now = d.START + timedelta(days=day)
        desk.wake()
        assert desk.wake() == []
    assert [event.day for event in desk.made(r.LegFollowUpDue)] == days
    assert [event.day for event in desk.made(r.LegEscalated)] == [days[4]]


@given(st.sampled_from(["routine", "urgent"]), st.integers(0, 400))
def test_the_next_day_of_a_cadence_is_always_later_and_at_most_a_week_away(
    priority: r.Priority, after: int
) -> None:
    assert after < cadence.next_day(priority, after) <= after + cadence.WEEK


def test_after_a_pause_only_the_latest_day_is_told() -> None:
    desk = d.sent_desk().later(days=8)
    (due,) = desk.wake()
    assert isinstance(due, r.LegFollowUpDue)
    assert (due.day, desk.status()) == (7, "follow_up_due")


def test_calls_that_were_due_and_not_made_are_counted() -> None:
    desk = d.sent_desk()
    for _ in range(3):
        desk.now = desk.next_wake() or desk.now
        desk.wake()
    assert [event.missed for event in desk.made(r.LegFollowUpDue)] == [0, 1, 2]
    desk.do(d.of_leg(c.RecordFollowUp, method="phone"))
    assert desk.status() == "sent"
    desk.now = desk.next_wake() or desk.now
    desk.wake()
    assert desk.made(r.LegFollowUpDue)[-1].missed == 0


def test_a_request_made_urgent_is_chased_daily_from_then_on() -> None:
    desk = d.sent_desk().later(days=1)
    desk.wake()
    desk.do(d.of_request(c.ReprioritiseRequest, priority="urgent"))
    assert desk.next_wake() == d.START + timedelta(days=2)


def test_an_acknowledged_leg_is_not_chased() -> None:
    desk = d.sent_desk()
    desk.do(ACKNOWLEDGED)
    assert (desk.status(), desk.next_wake()) == ("acknowledged", None)
    assert desk.do(ACKNOWLEDGED) == []


def test_an_escalated_leg_stays_so_until_the_custodian_answers() -> None:
    desk = d.sent_desk().later(days=15)
    desk.wake()
    desk.do(d.of_leg(c.RecordFollowUp, method="phone"))
    assert desk.status() == "escalated"
    desk.do(ACKNOWLEDGED)
    assert desk.status() == "acknowledged"


@pytest.mark.parametrize(
    ("command", "event"),
    [
        (ACKNOWLEDGED, r.LegAcknowledged),
        (d.of_leg(c.RecordFollowUp, method="phone"), r.LegFollowedUp),
        (d.of_leg(c.QuoteFee, amount_minor=100, currency="USD"), r.FeeQuoted),
        (d.of_leg(c.RecordFeePayment), r.FeePaid),
        (d.of_leg(c.ReportLegUnroutable, reason="practice_closed"), r.LegUnroutable),
    ],
)
def test_a_report_that_does_not_fit_is_stored_and_marked(
    command: c.RetrievalCommand, event: type[Event]
) -> None:
    desk = d.desk(d.leg())
    (made,) = desk.do(command)
    assert isinstance(made, event)
    assert (getattr(made, "breaks", ()), desk.status()) == (("leg_draft",), "draft")
    (unknown,) = d.desk().do(command)
    assert getattr(unknown, "breaks", ()) == ("unknown_leg",)


def test_a_custodian_that_cannot_be_reached_is_sent_nothing_until_a_contact_is_found() -> None:
    desk = d.desk(d.leg(), d.accept())
    gone = d.of_leg(c.ReportLegUnroutable, reason="practice_closed")
    desk.do(gone)
    assert desk.do(gone) == []
    assert desk.refusal(d.send()) == "basis_not_verified"
    found = d.of_leg(c.RerouteLeg, contact_ref="contact:4")
    desk.do(found)
    assert desk.do(found) == []
    desk.do(d.send())
    assert desk.refusal(found) == "not_unroutable"


def test_sending_twice_sends_once() -> None:
    assert d.sent_desk().do(d.send()) == []


def test_adding_or_cancelling_a_leg_twice_does_it_once() -> None:
    desk = d.desk(d.leg())
    assert desk.do(d.leg()) == []
    cancel = d.of_leg(c.CancelLeg, reason="duplicate")
    desk.do(cancel)
    assert desk.do(cancel) == []
    assert desk.refusal(d.of_leg(c.CancelLeg, d.OTHER_LEG, reason="duplicate")) == "unknown_leg"


def test_a_fee_under_the_limit_is_approved_at_once() -> None:
    desk = d.desk(d.leg(fee_limit_minor=2500), d.accept(), d.send())
    made = desk.do(d.of_leg(c.QuoteFee, amount_minor=2500, currency="USD"))
    assert [type(event) for event in made] == [r.FeeQuoted, r.FeeApproved]
    desk.do(d.of_leg(c.RecordFeePayment))
    assert desk.status() == "acknowledged"


@pytest.mark.parametrize(("amount", "currency"), [(2501, "USD"), (2500, "EUR")])
def test_any_other_fee_waits_for_a_person(amount: int, currency: str) -> None:
    desk = d.desk(d.leg(fee_limit_minor=2500), d.accept(), d.send())
    quote = d.of_leg(c.QuoteFee, amount_minor=amount, currency=currency)
    desk.do(quote)
    assert (desk.status(), desk.do(quote)) == ("fee_quoted", [])
    desk.do(d.of_leg(c.DisputeFee, reason="too_high"))
    desk.do(d.of_leg(c.ApproveFee))
    assert (desk.status(), desk.do(d.of_leg(c.ApproveFee))) == ("fee_approved", [])
    assert desk.refusal(d.of_leg(c.DisputeFee, reason="too_high")) == "no_fee_quoted"


def test_a_fee_above_the_states_cap_is_not_approved() -> None:
    desk = d.desk(d.leg(fee_limit_minor=9000), d.accept(), d.send())
    (quote,) = desk.do(d.of_leg(c.QuoteFee, amount_minor=5000, currency="USD", cap_minor=4500))
    assert isinstance(quote, r.FeeQuoted)
    assert quote.above_cap
    assert desk.refusal(d.of_leg(c.ApproveFee)) == "statutory_cap"
    assert d.sent_desk().refusal(d.of_leg(c.ApproveFee)) == "no_fee_quoted"
    assert d.sent_desk().refusal(d.of_leg(c.ApproveFee, d.OTHER_LEG)) == "unknown_leg"


def test_a_range_that_ends_before_it_begins_is_no_range() -> None:
    with pytest.raises(ValueError, match="range_to"):
        d.leg(range_to=date(2025, 12, 31))
