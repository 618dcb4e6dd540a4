"""Reactions and deadlines of safety: what other services' events make it do."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.safety.commands import (
    RecordDueDiligence,
    RecordNewInformation,
    RecordSafetyReportStatus,
    RequestFollowUp,
)
from services.safety.guards import KnownTrial
from services.safety.reactions import (
    needs_of_own,
    react_to_own,
    react_to_regulatory,
    react_to_retrieval,
    react_to_trials,
)
from shared.contracts.message import Actor, CommandRefused, Event, Facts, Need, Recorded
from shared.contracts.regulatory import ReportOpened, SafetyReportAcknowledged, SafetyReportFiled
from shared.contracts.retrieval import RecordsReceived, RequestCompleted
from shared.contracts.safety import InformationReviewed, NewInformationReceived
from shared.contracts.trials.keeping import SubjectErased
from shared.rules.deadlines import ArmDeadline, MeetDeadline
from shared.rules.ledger_rows import ObligationOwners
from shared.rules.vault_commands import CloseVault
from tests.unit.safety.given_case import (
    CASE,
    KNOWN,
    LATER,
    RECORDS,
    SERIOUS,
    SIGNIFICANT,
    SUSPECTED,
    TRIAL,
    given,
    only,
    then,
    told,
)

REPORT = UUID(int=31)
ABOUT: dict[str, Any] = {"report_id": REPORT, "case_id": CASE, "trial_id": TRIAL, "destination": "FDA"}


def recorded(event: Event) -> Recorded[Any]:
    return Recorded(
        id=UUID(int=900),
        type="x",
        source="x",
        stream_id=CASE,
        version=1,
        sponsor_id=UUID(int=7),
        trial_id=TRIAL,
        time=datetime(2026, 3, 2, tzinfo=UTC),
        data=event,
        actor=Actor("x", "service"),
        correlation_id=UUID(int=8),
    )


def test_an_erasure_closes_the_subject_s_vault() -> None:
    subject = UUID(int=77)
    erased = SubjectErased(
        trial_id=TRIAL, subject_id=subject, reason="subject_request", requested_by="a", approved_by="b"
    )
    assert react_to_trials(recorded(erased), Facts()) == [CloseVault(trial_id=TRIAL, subject_id=subject)]
    assert (
        react_to_trials(
            recorded(CommandRefused(command_id=subject, command_type="x", rule="x", detail="x")), Facts()
        )
        == []
    )


def test_an_open_report_asks_for_follow_up() -> None:
    opened = ReportOpened(
        **ABOUT,
        case_version=1,
        kind="initial",
        obligation_code="us_ind_15_day",
        legal_due=date(2026, 3, 20),
        operational_due=date(2026, 3, 17),
        zone="UTC",
    )
    assert react_to_regulatory(recorded(opened), Facts()) == [RequestFollowUp(case_id=CASE, trial_id=TRIAL)]


def test_a_filed_and_an_acknowledged_report_are_told_to_their_case() -> None:
    filed = SafetyReportFiled(
        **ABOUT,
        case_version=1,
        kind="initial",
        obligation_code="us_ind_15_day",
        filed_on=date(2026, 3, 9),
        attempt=1,
    )
    acknowledged = SafetyReportAcknowledged(
        **ABOUT,
        receipt_on=date(2026, 3, 10),
        ack_code="accepted",
        case_version=1,
        obligation_code="us_ind_15_day",
    )
    for event, status, on in ((filed, "filed", 9), (acknowledged, "acknowledged", 10)):
        (command,) = react_to_regulatory(recorded(event), Facts())
        assert isinstance(command, RecordSafetyReportStatus)
        assert (command.status, command.on) == (status, date(2026, 3, on))


def test_an_acknowledgement_of_nobody_s_report_is_nothing_to_safety() -> None:
    event = SafetyReportAcknowledged(
        report_id=REPORT, case_id=None, trial_id=None, receipt_on=date(2026, 3, 10), ack_code="accepted"
    )
    assert react_to_regulatory(recorded(event), Facts()) == []


RECEIVED = RecordsReceived(
    request_id=UUID(int=40),
    leg_id=UUID(int=41),
    case_id=CASE,
    received_on=date(2026, 4, 1),
    zone="America/New_York",
    pages=12,
    sha256="a" * 64,
    document_ref="vault:1",
)


def test_received_records_are_new_information_from_the_day_of_their_receipt() -> None:
    (command,) = react_to_retrieval(recorded(RECEIVED), Facts())
    assert isinstance(command, RecordNewInformation)
    assert (command.info_id, command.trial_id, command.pages) == (UUID(int=900), TRIAL, 12)
    assert react_to_retrieval(recorded(RECEIVED.model_copy(update={"case_id": None})), Facts()) == []


def test_records_of_a_case_whose_trial_nobody_names_wait_for_a_person() -> None:
    stray = RECEIVED.model_copy(update={"zone": "UTC"})
    assert react_to_retrieval(replace(recorded(stray), trial_id=None), Facts()) == []


def test_a_search_in_vain_is_noted_and_one_with_records_is_not() -> None:
    completed = RequestCompleted(
        request_id=UUID(int=40),
        case_id=CASE,
        trial_id=TRIAL,
        purpose="safety_followup",
        outcome="none",
        legs=1,
        delivered=0,
        days_gross=3,
        days_net=3,
    )
    (command,) = react_to_retrieval(recorded(completed), Facts())
    assert isinstance(command, RecordDueDiligence)
    assert react_to_retrieval(recorded(completed.model_copy(update={"outcome": "complete"})), Facts()) == []


def test_new_information_arms_the_review_and_the_review_meets_the_same_deadline() -> None:
    case, events = then(given(SERIOUS, SUSPECTED), RECORDS, LATER)
    arrived = recorded(only(NewInformationReceived, events))
    assert needs_of_own(arrived) == (Need(KnownTrial, (TRIAL,)), Need(ObligationOwners, (TRIAL,)))
    (arm,) = react_to_own(arrived, KNOWN)
    (meet,) = react_to_own(recorded(only(InformationReviewed, told(case, SIGNIFICANT, LATER))), Facts())
    assert isinstance(arm, ArmDeadline)
    assert isinstance(meet, MeetDeadline)
    assert (arm.owner, arm.subject_id, arm.provisional) == ("sponsor", CASE, False)
    assert arm.deadline_id == meet.deadline_id
    assert meet.met_on == date(2026, 4, 2)


def test_what_is_not_safety_s_business_makes_it_do_nothing() -> None:
    event = recorded(only(NewInformationReceived, told(given(SERIOUS), RECORDS, LATER)))
    assert react_to_regulatory(event, Facts()) == []
    assert react_to_retrieval(event, Facts()) == []
    assert (
        needs_of_own(recorded(CommandRefused(command_id=CASE, command_type="x", rule="r", detail="d"))) == ()
    )


def test_a_review_is_owed_by_whom_the_trial_s_obligations_were_transferred_to() -> None:
    arrived = recorded(only(NewInformationReceived, told(given(SERIOUS), RECORDS, LATER)))
    organisation = UUID(int=41)
    (arm,) = react_to_own(arrived, Facts(KnownTrial(TRIAL, owner="cro", owner_id=organisation)))
    assert isinstance(arm, ArmDeadline)
    assert (arm.owner, arm.organisation_id) == ("cro", organisation)
    (unknown,) = react_to_own(arrived, Facts())
    assert isinstance(unknown, ArmDeadline)
    assert (unknown.owner, unknown.organisation_id) == ("sponsor", None)
