"""Requests: opened once, needed earlier only, frozen by holds, ended with a derived outcome."""

from datetime import date
from uuid import UUID

import pytest

from services.retrieval import commands as c
from services.retrieval.projections.guards import ScopeHolds, SubjectAccess
from shared.contracts import retrieval as r
from shared.contracts.message import Facts
from tests.unit.retrieval import desk as d


def test_records_are_needed_two_days_before_the_earlier_of_both_dates() -> None:
    opened = d.desk().made(r.RequestOpened)
    assert [event.needed_by for event in opened] == [date(2026, 3, 14)]


def test_a_request_without_dates_has_no_needed_by() -> None:
    assert d.desk(opened=d.opening(legal_due=None, operational_due=None)).state.needed_by is None


def test_opening_again_opens_nothing() -> None:
    assert d.desk().do(d.opening()) == []


def test_an_earlier_clock_moves_needed_by_forward_by_an_event() -> None:
    desk = d.desk()
    command = d.of_request(c.ReprioritiseRequest, legal_due=date(2026, 3, 9), priority="urgent")
    (event,) = desk.do(command)
    assert isinstance(event, r.RequestReprioritised)
    assert (event.needed_by, event.priority) == (date(2026, 3, 7), "urgent")
    assert desk.do(command) == []


def test_a_later_clock_changes_nothing() -> None:
    assert d.desk().do(d.of_request(c.ReprioritiseRequest, legal_due=date(2026, 4, 9))) == []


def test_new_questions_are_added_to_those_asked() -> None:
    desk = d.desk(opened=d.opening(questions=("outcome",)))
    desk.do(d.of_request(c.ReprioritiseRequest, questions=("outcome", "autopsy")))
    assert desk.state.questions == ("outcome", "autopsy")


def test_a_request_that_was_never_opened_cannot_be_made_urgent_cancelled_or_given_legs() -> None:
    desk = d.Desk()
    assert desk.refusal(d.of_request(c.ReprioritiseRequest, priority="urgent")) == "unknown_request"
    assert desk.refusal(d.of_request(c.CancelRequest, reason="case_nullified")) == "unknown_request"
    assert desk.refusal(d.leg()) == "unknown_request"


def test_cancelling_ends_open_legs_and_completes_as_cancelled() -> None:
    desk = d.desk(d.leg())
    desk.do(d.of_request(c.CancelRequest, reason="case_nullified"))
    assert (desk.status(), desk.state.outcome) == ("cancelled", "cancelled")
    assert desk.refusal(d.leg(d.OTHER_LEG)) == "request_cancelled"
    assert desk.do(d.of_request(c.CancelRequest, reason="case_nullified")) == []


def test_cancelling_leaves_a_leg_that_has_ended_as_it_is() -> None:
    desk = d.desk(d.leg(), d.leg(d.OTHER_LEG), d.of_leg(c.CancelLeg, reason="duplicate"))
    ended = len(desk.made(r.LegCancelled))
    desk.do(d.of_request(c.CancelRequest, reason="case_nullified"))
    assert len(desk.made(r.LegCancelled)) == ended + 1


def test_cancelling_a_request_without_legs_completes_it() -> None:
    desk = d.desk(d.of_request(c.CancelRequest, reason="case_nullified"))
    assert desk.state.outcome == "cancelled"


def test_cancelling_seals_records_in_hand() -> None:
    desk = d.in_hand()
    desk.do(d.of_request(c.CancelRequest, reason="case_nullified"))
    assert desk.status() == "quarantined"
    assert [event.reason for event in desk.made(r.RecordsSealed)] == ["request_cancelled"]


def test_a_hold_freezes_research_and_only_its_own_end_thaws_it() -> None:
    desk = d.desk(d.leg(), d.accept(), opened=d.opening(purpose="chart_review"))
    desk.do(d.of_request(c.FreezeRequest, hold_id=d.HOLD))
    desk.do(d.of_request(c.FreezeRequest, hold_id=d.SITE))
    assert desk.do(d.of_request(c.FreezeRequest, hold_id=d.HOLD)) == []
    assert desk.refusal(d.send()) == "hold"
    desk.do(d.of_request(c.ThawRequest, hold_id=d.SITE))
    assert desk.refusal(d.send()) == "hold"
    desk.do(d.of_request(c.ThawRequest, hold_id=d.HOLD))
    desk.do(d.send())
    assert desk.do(d.of_request(c.ThawRequest, hold_id=d.HOLD)) == []


def test_a_hold_does_not_touch_safety_follow_up() -> None:
    desk = d.desk()
    assert desk.do(d.of_request(c.FreezeRequest, hold_id=d.HOLD)) == []


def test_a_frozen_request_is_not_chased_and_delivers_nothing() -> None:
    desk = d.sent_desk(purpose="rwe")
    desk.do(d.of_request(c.FreezeRequest, hold_id=d.HOLD))
    assert desk.next_wake() is None
    (call,) = desk.do(d.of_leg(c.RecordFollowUp, method="phone"))
    assert isinstance(call, r.LegFollowedUp)
    assert call.breaks == ("hold",)
    desk.do(d.receive())
    desk.do(d.release())
    assert desk.refusal(d.deliver()) == "hold"


def test_a_request_opened_under_a_hold_or_after_a_withdrawal_knows_it() -> None:
    facts = Facts(SubjectAccess(d.SUBJECT, withdrawn=True), ScopeHolds(d.SITE, (d.HOLD,)))
    made = d.Desk().do(d.opening(purpose="eligibility"), facts)
    assert [type(event) for event in made] == [r.RequestOpened, r.AccessWithdrawn, r.RequestFrozen]
    made = d.Desk().do(d.opening(), facts)
    assert [type(event) for event in made] == [r.RequestOpened, r.AccessWithdrawn]


def test_reports_about_a_request_nobody_opened_are_stored() -> None:
    desk = d.Desk()
    assert desk.do(d.of_request(c.NoteWithdrawal)) == []
    (sealed,) = desk.do(d.receive())
    assert isinstance(sealed, r.RecordsSealed)
    assert sealed.reason == "unknown_request"
    assert desk.do(d.receive()) == []
    (revoked,) = desk.do(d.revoke())
    assert isinstance(revoked, r.AuthorizationRevoked)
    assert revoked.breaks == ("no_authorization_known",)
    (call,) = desk.do(d.of_leg(c.AcknowledgeLeg, acknowledged_on=date(2026, 3, 2)))
    assert isinstance(call, r.LegAcknowledged)
    assert call.breaks == ("unknown_leg",)


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [
        (("delivered", "delivered"), "complete"),
        (("delivered", "refused"), "partial"),
        (("delivered", "cancelled"), "partial"),
        (("refused", "refused"), "none"),
        (("refused", "cancelled"), "none"),
        (("cancelled", "cancelled"), "cancelled"),
    ],
)
def test_the_outcome_is_derived_from_the_legs(ends: tuple[str, str], outcome: str) -> None:
    legs = (d.LEG, d.OTHER_LEG)
    desk = d.desk(*(d.leg(one) for one in legs))
    for one, end in zip(legs, ends, strict=True):
        assert desk.state.outcome is None
        for command in _way_to(end, one):
            desk.do(command)
    completed = desk.made(r.RequestCompleted)
    assert [event.outcome for event in completed] == [outcome]
    assert completed[0].delivered == ends.count("delivered")


def _way_to(end: str, leg: UUID) -> list[c.RetrievalCommand]:
    if end == "cancelled":
        return [d.of_leg(c.CancelLeg, leg, reason="duplicate")]
    first: list[c.RetrievalCommand] = [d.accept(leg), d.send(leg)]
    if end == "refused":
        return [*first, d.close("refused", leg)]
    return [*first, d.receive(leg), d.release(leg), d.deliver(leg)]


def test_a_leg_added_to_a_completed_request_reopens_it() -> None:
    desk = d.desk(d.leg(), d.of_leg(c.CancelLeg, reason="duplicate"))
    desk.do(d.leg(d.OTHER_LEG))
    assert [event.leg_id for event in desk.made(r.RequestReopened)] == [d.OTHER_LEG]
    assert desk.state.outcome is None


def test_days_are_gross_and_net_of_the_clients_wait() -> None:
    desk = d.desk(d.leg(), d.reject())
    desk.later(days=4).do(d.of_leg(c.SubmitLegalBasis, basis="waiver", document_ref="form:2", sha256=d.SHA))
    desk.later(days=1).do(d.accept())
    desk.do(d.send())
    desk.later(days=5).do(d.close("refused"))
    (done,) = desk.made(r.RequestCompleted)
    assert (done.days_gross, done.days_net) == (10, 6)
