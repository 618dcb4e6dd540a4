"""Records: received whatever the state, checked by a person, redacted, delivered, or not to be had."""

from datetime import date
from uuid import UUID

import pytest

from services.retrieval import commands as c
from shared.contracts import retrieval as r
from shared.contracts.message import Facts
from shared.rules.vault_rows import DocumentRow
from tests.unit.retrieval import desk as d

REF = UUID(int=77)
REDACTED = c.NewDocument(document_ref="doc:1r", sha256="b" * 64, pages=11)


@pytest.mark.parametrize(
    ("document", "breaks"),
    [
        (None, ("document_not_stored",)),
        (DocumentRow(REF), ("document_not_stored",)),
        (DocumentRow(REF, subject_id=d.SUBJECT, sha256=d.SHA), ()),
        (DocumentRow(REF, subject_id=d.SUBJECT, sha256="b" * 64), ("document_differs",)),
        (DocumentRow(REF, subject_id=d.CASE, sha256=d.SHA), ("document_not_stored",)),
    ],
)
def test_what_arrives_is_held_against_the_document_in_the_vault(
    document: DocumentRow | None, breaks: tuple[str, ...]
) -> None:
    command = d.receive(document=str(REF))
    assert [(need.row, need.key) for need in command.needs()] == [(DocumentRow, (REF,))]
    (event,) = d.sent_desk().do(command, Facts(document) if document else Facts())
    assert isinstance(event, r.RecordsReceived)
    assert event.breaks == breaks
    assert d.receive().needs() == ()


def test_records_received_keep_the_local_date_of_their_arrival() -> None:
    (event,) = d.in_hand().made(r.RecordsReceived)
    assert (event.received_on, event.zone, event.pages) == (date(2026, 3, 2), "America/Chicago", 12)
    assert (event.case_id, event.trial_id, event.breaks) == (d.CASE, d.TRIAL, ())


def test_the_same_document_is_received_once() -> None:
    assert d.in_hand().do(d.receive()) == []


def test_records_for_a_leg_nobody_knows_are_sealed_once() -> None:
    desk = d.sent_desk()
    (event,) = desk.do(d.receive(d.OTHER_LEG))
    assert isinstance(event, r.RecordsSealed)
    assert event.reason == "unknown_leg"
    assert desk.do(d.receive(d.OTHER_LEG)) == []


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ([], "basis_not_verified"),
        ([d.accept(), d.send(), d.of_leg(c.CancelLeg, reason="duplicate")], "leg_cancelled"),
        ([d.accept(), d.send(), d.of_request(c.CancelRequest, reason="case_nullified")], "request_cancelled"),
    ],
)
def test_records_that_nobody_may_read_are_sealed(before: list[c.RetrievalCommand], reason: str) -> None:
    desk = d.desk(d.leg(), *before)
    stood = desk.status()
    (event,) = desk.do(d.receive())
    assert isinstance(event, r.RecordsSealed)
    assert (event.reason, event.breaks, desk.status()) == (reason, (reason,), stood)


def test_records_that_come_unasked_expired_or_from_the_future_are_read_and_marked() -> None:
    desk = d.desk(d.leg(), d.accept(expires_on=date(2026, 3, 2)))
    (event,) = desk.do(d.receive(on=date(2026, 3, 9)))
    assert isinstance(event, r.RecordsReceived)
    assert event.breaks == ("date_in_future", "not_sent", "authorization_expired")


def test_records_that_come_after_the_end_reopen_the_request() -> None:
    desk = d.sent_desk()
    desk.do(d.close("refused"))
    assert desk.state.outcome == "none"
    made = desk.do(d.receive())
    assert [type(event) for event in made] == [r.RecordsReceived, r.RequestReopened]
    desk.do(d.release())
    desk.do(d.deliver())
    assert [event.outcome for event in desk.made(r.RequestCompleted)] == ["none", "complete"]


def test_only_records_that_a_person_released_are_delivered() -> None:
    desk = d.in_hand()
    assert desk.refusal(d.deliver()) == "quality_not_released"
    bad = d.of_leg(c.PassQualityControl, findings=d.GOOD.model_copy(update={"legible": False}))
    assert desk.refusal(bad) == "qc_findings"
    desk.do(d.release())
    assert desk.do(d.release()) == []
    (delivered, completed) = desk.do(d.deliver())
    assert isinstance(delivered, r.RecordsDelivered)
    assert [one.document_ref for one in delivered.documents] == ["doc:1"]
    assert (delivered.custody_seq, delivered.accountable) == (3, False)
    assert isinstance(completed, r.RequestCompleted)
    assert desk.do(d.deliver()) == []


def test_a_disclosure_without_the_patients_authorisation_is_accountable() -> None:
    desk = d.desk(d.leg(), d.accept(basis="waiver"), d.send(), d.receive(), d.release(), d.deliver())
    assert [event.accountable for event in desk.made(r.RecordsDelivered)] == [True]


def test_what_must_not_leave_is_redacted_first() -> None:
    desk = d.in_hand()
    redacted = d.of_leg(c.RecordRedaction, documents=(REDACTED,))
    assert desk.refusal(redacted) == "nothing_to_redact"
    desk.do(d.release(redaction=("third_party",)))
    assert desk.refusal(d.deliver()) == "quality_not_released"
    desk.do(redacted)
    assert desk.do(redacted) == [], "told once"
    desk.do(d.deliver())
    (event,) = desk.made(r.RecordsDelivered)
    assert [one.document_ref for one in event.documents] == ["doc:1r"]


def test_records_that_fail_are_asked_for_again_with_the_document_named() -> None:
    desk = d.in_hand()
    desk.do(d.fail())
    assert (desk.status(), desk.do(d.fail())) == ("qc_failed", [])
    (sent,) = desk.do(d.send())
    assert isinstance(sent, r.LegSent)
    assert (sent.attempt, sent.rerequest_of) == (2, "doc:1")
    desk.do(d.receive(document="doc:2"))
    desk.do(d.release())
    (passed,) = desk.made(r.RecordsQcPassed)
    assert [one.document_ref for one in passed.documents] == ["doc:1", "doc:2"]


def test_another_patients_records_are_sealed_at_once() -> None:
    desk = d.in_hand()
    made = desk.do(d.fail("wrong_patient"))
    assert [type(event) for event in made] == [r.RecordsQcFailed, r.RecordsSealed]
    assert desk.state.legs[d.LEG].arrivals == ()


def test_there_is_nothing_to_check_before_records_come() -> None:
    desk = d.sent_desk()
    assert desk.refusal(d.release()) == "no_records_in_hand"
    assert desk.refusal(d.fail()) == "no_records_in_hand"
    assert desk.refusal(d.release(d.OTHER_LEG)) == "unknown_leg"


def test_no_records_takes_a_certificate_or_three_attempts() -> None:
    desk = d.sent_desk()
    assert desk.refusal(d.close("no_records")) == "due_diligence"
    certified = d.sent_desk()
    certified.do(d.close("no_records", certificate_ref="certificate:1"))
    assert certified.do(d.close("no_records")) == []
    for _ in range(2):
        desk.do(d.of_leg(c.RecordFollowUp, method="phone"))
    desk.do(d.close("no_records"))
    (event,) = desk.made(r.LegNoRecords)
    assert (event.attempts, desk.state.outcome) == (3, "none")


def test_a_custodian_that_was_not_asked_cannot_say_no() -> None:
    assert d.desk(d.leg(), d.accept()).refusal(d.close("refused")) == "not_at_custodian"


def test_a_refusal_names_its_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        d.close("refused", reason=None)


@pytest.mark.parametrize("text", ["John Smith", "MRN 1", "", "A" * 200])
def test_free_text_has_no_way_into_an_event(text: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        d.close("refused", reason=text)
