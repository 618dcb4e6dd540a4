"""Legal bases: element by element, their life and scope, rejection, revocation, withdrawal."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.retrieval import commands as c
from services.retrieval.legal_basis import BASES
from services.retrieval.projections import requests
from services.retrieval.projections.guards import SubjectAccess
from shared.contracts import retrieval as r
from shared.contracts.message import Facts
from tests.unit.retrieval import desk as d
from tests.unit.retrieval.test_rows import folded, stream


@pytest.mark.parametrize("basis", list(BASES))
def test_every_basis_is_refused_while_one_element_is_missing(basis: r.LegalBasis) -> None:
    whole = d.accept(basis=basis)
    for missing in whole.elements:
        rest = tuple(e for e in whole.elements if e is not missing)
        refused = (*rest, missing.model_copy(update={"ok": False}))
        assert d.desk(d.leg()).refusal(whole.model_copy(update={"elements": rest})) == "element_missing"
        assert d.desk(d.leg()).refusal(whole.model_copy(update={"elements": refused})) == "element_missing"
    desk = d.desk(d.leg(), whole)
    (event,) = desk.made(r.LegalBasisVerified)
    assert (event.basis, event.citation, desk.status()) == (basis, BASES[basis].citation, "verified")
    assert desk.do(whole) == []


def test_nothing_is_sent_before_a_basis_is_accepted() -> None:
    desk = d.desk(d.leg())
    assert desk.refusal(d.send()) == "basis_not_verified"
    desk.do(d.reject())
    assert (desk.status(), desk.refusal(d.send())) == ("authorization_rejected", "basis_not_verified")


def test_a_new_form_returns_a_rejected_leg_to_its_check() -> None:
    desk = d.desk(d.leg(), d.reject())
    assert desk.do(d.reject()) == []
    form = d.of_leg(c.SubmitLegalBasis, basis="authorization", document_ref="form:2", sha256=d.SHA)
    desk.do(form)
    assert desk.status() == "authorization_check"
    assert desk.do(form) == []


def test_a_basis_is_not_rejected_once_the_request_is_with_the_custodian() -> None:
    assert d.sent_desk().refusal(d.reject()) == "already_sent"


def test_an_expired_form_is_refused_and_does_not_send_a_leg() -> None:
    desk = d.desk(d.leg())
    assert desk.refusal(d.accept(expires_on=date(2026, 3, 1))) == "authorization_expired"
    desk.do(d.accept(expires_on=date(2026, 3, 2)))
    assert desk.later(days=1).refusal(d.send()) == "authorization_expired"


@pytest.mark.parametrize(
    ("last_day", "warned"), [(date(2026, 3, 16), True), (date(2026, 3, 17), False), (None, False)]
)
def test_a_form_that_may_expire_before_the_turnaround_is_verified_with_a_warning(
    last_day: date | None, warned: bool
) -> None:
    (event,) = d.desk(d.leg(), d.accept(expires_on=last_day)).made(r.LegalBasisVerified)
    assert event.warnings == (("expires_before_turnaround",) if warned else ())


def test_texas_hospitals_take_a_form_for_180_days_unless_it_says_otherwise() -> None:
    leg = d.leg(custodian_state="TX", custodian_kind="hospital")
    signed: dict[str, Any] = {"signed_on": date(2026, 1, 2), "expires_on": None}
    assert d.desk(leg, d.accept(**signed)).state.legs[d.LEG].expires_on == date(2026, 7, 1)
    says = d.accept(**signed, expiry_event="end_of_study")
    assert d.desk(leg, says).state.legs[d.LEG].expires_on is None


def test_texas_insurers_take_no_form_for_more_than_24_months() -> None:
    leg = d.leg(custodian_state="TX", custodian_kind="insurer")
    says = d.accept(signed_on=date(2024, 3, 31), expires_on=date(2028, 1, 1))
    assert d.desk(leg, says).state.legs[d.LEG].expires_on == date(2026, 3, 31)
    leap = d.accept(signed_on=date(2024, 2, 29), expires_on=None)
    assert d.desk(leg).refusal(leap) == "authorization_expired"


def test_a_form_opens_no_more_than_it_names() -> None:
    wider = d.leg(record_types=("discharge_summary", "imaging"))
    assert d.desk(wider).refusal(d.accept()) == "scope_exceeded"
    longer = d.leg(range_from=date(2025, 1, 1))
    assert d.desk(longer).refusal(d.accept()) == "scope_exceeded"
    assert d.desk(d.leg()).refusal(d.accept(covers=None)) == "scope_missing"


def test_psychotherapy_notes_need_a_form_of_their_own() -> None:
    both = d.leg(record_types=("psychotherapy_notes", "discharge_summary"))
    assert d.desk(both).refusal(d.accept()) == "psychotherapy_notes"
    alone = d.leg(record_types=("psychotherapy_notes",))
    assert d.desk(alone).refusal(d.accept(basis="waiver")) == "psychotherapy_notes"
    covers = c.Scope(
        record_types=("psychotherapy_notes",), range_from=d.SCOPE.range_from, range_to=d.SCOPE.range_to
    )
    assert d.desk(alone, d.accept(covers=covers)).status() == "verified"


def test_part_2_records_need_their_own_consent_and_travel_with_their_notice() -> None:
    part2 = d.leg(record_types=("part2",))
    assert d.desk(part2).refusal(d.accept(basis="adverse_event_reporting")) == "part2"
    assert d.desk(part2).refusal(d.accept(basis="waiver")) == "part2"
    elements = (*d.accept(basis="waiver").elements, c.CheckedElement(code="part2_research", ok=True))
    desk = d.desk(part2, d.accept(basis="waiver", elements=elements), d.send(), d.receive(), d.release())
    assert desk.refusal(d.deliver()) == "part2_notice"
    desk.do(d.deliver(part2_notice=True))


def test_revocation_cancels_unsent_legs_and_seals_what_arrives() -> None:
    desk = d.desk(d.leg(), d.leg(d.OTHER_LEG), d.accept(), d.accept(d.OTHER_LEG), d.send())
    desk.do(d.revoke())
    assert (desk.status(), desk.status(d.OTHER_LEG)) == ("cancelled", "cancelled")
    assert [event.was_sent for event in desk.made(r.LegCancelled)] == [True, False]
    (sealed,) = desk.do(d.receive())
    assert isinstance(sealed, r.RecordsSealed)
    assert sealed.reason == "authorization_revoked"
    assert desk.do(d.revoke()) == []


def test_revocation_quarantines_what_is_in_hand_and_keeps_what_was_delivered() -> None:
    legs = (d.LEG, d.OTHER_LEG)
    desk = d.desk(*(f(one) for one in legs for f in (d.leg, d.accept, d.send, d.receive)))
    desk.do(d.release())
    desk.do(d.deliver())
    desk.do(d.revoke())
    assert (desk.status(), desk.status(d.OTHER_LEG)) == ("delivered", "quarantined")
    (revoked,) = desk.made(r.AuthorizationRevoked)
    assert revoked.relied_on == (d.LEG,)
    assert desk.state.outcome == "partial"


def test_revocation_leaves_legs_on_another_basis_alone() -> None:
    desk = d.desk(d.leg(), d.accept(basis="adverse_event_reporting"), d.send())
    (event,) = desk.do(d.revoke())
    assert isinstance(event, r.AuthorizationRevoked)
    assert (event.legs, desk.status()) == ((), "sent")


def test_withdrawal_cancels_legs_that_rest_on_the_patient_and_no_others() -> None:
    desk = d.desk(d.leg(), d.leg(d.OTHER_LEG), d.accept(), d.accept(d.OTHER_LEG, basis="waiver"), d.send())
    desk.do(d.of_request(c.NoteWithdrawal))
    assert (desk.status(), desk.status(d.OTHER_LEG)) == ("cancelled", "verified")
    (sealed,) = desk.do(d.receive())
    assert isinstance(sealed, r.RecordsSealed)
    assert sealed.reason == "access_withdrawn"
    desk.do(d.send(d.OTHER_LEG))
    desk.do(d.receive(d.OTHER_LEG))
    assert desk.status(d.OTHER_LEG) == "records_received"
    assert desk.do(d.of_request(c.NoteWithdrawal)) == []


def test_after_a_withdrawal_a_new_leg_needs_another_basis() -> None:
    desk = d.desk(d.of_request(c.NoteWithdrawal), d.leg())
    assert desk.refusal(d.accept()) == "access_withdrawn"
    desk.do(d.accept(basis="adverse_event_reporting"))
    assert desk.status() == "verified"


def test_withdrawal_is_not_revocation_of_what_is_in_hand() -> None:
    desk = d.in_hand()
    desk.do(d.of_request(c.NoteWithdrawal))
    desk.do(d.release())
    desk.do(d.deliver())
    assert desk.status() == "delivered"


def test_a_death_ends_no_leg_and_asks_to_look_again_at_what_is_not_sent() -> None:
    third = UUID(int=15)
    desk = d.desk(d.leg(), d.leg(d.OTHER_LEG), d.leg(third), d.accept(), d.send())
    desk.do(d.accept(d.OTHER_LEG))
    desk.do(d.accept(third, basis="waiver"))
    died = d.of_request(c.NoteDeath, died_on=date(2026, 3, 1))
    (event,) = desk.do(died)
    assert isinstance(event, r.SubjectDeathNoted)
    assert (event.legs, desk.status(), desk.status(d.OTHER_LEG)) == ((d.OTHER_LEG,), "sent", "verified")
    assert desk.do(died) == []
    # Whoever looks may find the same authorisation good; that the subject died stands beside it.
    (again,) = desk.do(d.accept(d.OTHER_LEG))
    assert isinstance(again, r.LegalBasisVerified)
    assert again.warnings == ("subject_died",)
    assert desk.do(d.accept(d.OTHER_LEG)) == []
    (other,) = desk.do(d.accept(d.OTHER_LEG, basis="decedent"))
    assert isinstance(other, r.LegalBasisVerified)
    assert other.warnings == ()
    (row,) = folded(stream(desk.events), requests.request_keys, requests.fold_request).values()
    assert (row.subject_died_on, row.review_legs) == (date(2026, 3, 1), ())
    before = stream(desk.events[: desk.events.index(event) + 1])
    (row,) = folded(before, requests.request_keys, requests.fold_request).values()
    assert row.review_legs == (d.OTHER_LEG,)


def test_a_request_opened_after_the_death_knows_it() -> None:
    desk = d.Desk()
    died = SubjectAccess(d.SUBJECT, died_on=date(2026, 3, 1))
    _, noted = desk.do(d.opening(), Facts(died))
    assert isinstance(noted, r.SubjectDeathNoted)
    assert noted.legs == ()
    assert d.Desk().do(d.of_request(c.NoteDeath, died_on=date(2026, 3, 1))) == []


def test_a_basis_belongs_to_a_leg_that_is_open() -> None:
    assert d.desk().refusal(d.accept()) == "unknown_leg"
    ended = d.desk(d.leg(), d.of_leg(c.CancelLeg, reason="duplicate"))
    assert ended.refusal(d.accept()) == "leg_ended"
