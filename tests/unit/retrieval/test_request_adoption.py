"""A request taken over while it is open: its legs keep their days, and what lay before stays silent."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.retrieval import commands as c
from services.retrieval.deadlines import service_level
from services.retrieval.domain import decide
from services.retrieval.projections.guards import SubjectAccess
from shared.contracts import retrieval as r
from shared.contracts.message import Facts, Refusal
from shared.rules.deadlines import ArmDeadline
from tests.unit.regulatory.flow import recorded
from tests.unit.retrieval.desk import CASE, LEG, OTHER_LEG, REQUEST, SITE, SUBJECT, TRIAL, Desk

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
SENT: dict[str, Any] = {
    "basis": "adverse_event_reporting",
    "basis_ref": "basis/1",
    "basis_accepted_on": date(2026, 3, 4),
    "method": "portal",
    "sent_on": date(2026, 3, 5),
}


def request(leg: str = "sent", **more: Any) -> c.AdoptRequest:
    fields: dict[str, Any] = {
        "request_id": REQUEST,
        "trial_id": TRIAL,
        "site_id": SITE,
        "subject_id": SUBJECT,
        "case_id": CASE,
        "purpose": "safety_followup",
        "needed_by": date(2026, 3, 14),
        "opened_on": date(2026, 3, 3),
        "zone": "America/New_York",
        "leg_id": LEG,
        "custodian": "custodian-17",
        "record_types": ("discharge_summary",),
        "range_from": date(2026, 1, 1),
        "range_to": date(2026, 3, 1),
        "leg": leg,
        "document_ref": "cut-over/7",
    }
    return c.AdoptRequest.model_validate(fields | ({} if leg == "draft" else SENT) | more)


def test_it_comes_with_its_own_days_and_its_service_level_runs_from_the_first_sending() -> None:
    desk = Desk(now=NOW)
    events = desk.do(request())
    assert [type(event) for event in events] == [
        r.RequestOpened,
        r.LegAdded,
        r.LegalBasisVerified,
        r.LegSent,
    ]
    opened, sent = events[0], events[3]
    assert isinstance(opened, r.RequestOpened)
    assert (opened.opened_on, opened.needed_by) == (date(2026, 3, 3), date(2026, 3, 14))
    assert opened.adopted_from == "cut-over/7"
    (armed,) = service_level(recorded(sent, REQUEST, 4, "retrieval"), Facts())
    assert isinstance(armed, ArmDeadline)
    assert armed.clock.anchor_on == date(2026, 3, 5)
    assert desk.do(request()) == []
    assert [need.key for need in request().needs()] == [(SUBJECT,), (TRIAL,), (SITE,), (SUBJECT,)]


def test_calls_that_were_due_before_are_silent_and_the_next_ones_come() -> None:
    """Sent on 5 March, the days of the cadence are 1, 3, 7, 10 and 15: on the fifth day 7 is the next."""
    desk = Desk(now=NOW)
    desk.do(request())
    assert desk.do(c.Wake(stream=REQUEST)) == []
    desk.later(days=3)
    (due,) = desk.do(c.Wake(stream=REQUEST))
    assert isinstance(due, r.LegFollowUpDue)
    assert (due.day, due.missed) == (7, 0)


def test_a_leg_goes_on_from_where_it_stands() -> None:
    desk = Desk(now=NOW)
    desk.do(request("draft"))
    assert desk.state.legs[LEG].status == "draft"
    more = request("acknowledged", leg_id=OTHER_LEG, acknowledged_on=date(2026, 3, 6))
    assert not any(isinstance(event, r.RequestOpened) for event in desk.do(more))
    assert desk.state.legs[OTHER_LEG].status == "acknowledged"
    assert len(desk.state.legs) == 2


def test_a_withdrawal_that_is_known_today_holds_for_it() -> None:
    desk = Desk(now=NOW)
    withdrawn = SubjectAccess(subject_id=SUBJECT, withdrawn=True)
    events = desk.do(request("draft"), Facts(withdrawn))
    assert any(isinstance(event, r.AccessWithdrawn) for event in events)


@pytest.mark.parametrize(
    ("more", "rule", "field"),
    [
        ({"sent_on": date(2026, 3, 3)}, "date_before_cause", "sent_on"),
        ({"sent_on": date(2026, 3, 11)}, "date_in_future", "sent_on"),
        ({"opened_on": date(2026, 3, 11)}, "date_in_future", "opened_on"),
    ],
)
def test_days_out_of_order_are_refused(more: dict[str, Any], rule: str, field: str) -> None:
    decision = decide(Desk().state, request(**more), Facts(), NOW)
    assert isinstance(decision, Refusal)
    assert (decision.rule, decision.field) == (rule, field)


def test_a_request_known_otherwise_is_not_taken_over() -> None:
    desk = Desk(now=NOW)
    desk.do(request())
    assert desk.refusal(request(opened_on=date(2026, 3, 2), leg_id=UUID(int=99))) == "request_known"
    own = Desk(now=NOW)
    own.do(c.OpenRequest(request_id=REQUEST, trial_id=TRIAL, subject_id=SUBJECT, purpose="safety_followup"))
    assert own.refusal(request()) == "request_known"


@pytest.mark.parametrize(
    ("leg", "more", "words"),
    [
        ("sent", {"basis": None}, "basis: a leg that is sent has one"),
        ("draft", {"sent_on": date(2026, 3, 5)}, "sent_on: a leg that is draft has none"),
        ("acknowledged", {}, "acknowledged_on: a leg that is acknowledged has one"),
        ("draft", {"range_to": date(2025, 1, 1)}, "range_to: not before range_from"),
    ],
)
def test_a_leg_has_what_its_state_needs(leg: str, more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        request(leg, **more)
