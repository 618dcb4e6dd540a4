"""Rows: their tables, what they tell of a stream, and that those of several streams do not mind the order."""

import re
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from pydantic import TypeAdapter

import services.regulatory
from services.regulatory.commands import FileSafetyReport, OpenReview, SubmitReview
from services.regulatory.projections import (
    ApprovalRow,
    ClinicalHoldRow,
    IndRow,
    KnownTrial,
    OpenHolds,
    RegistryRow,
    ReportRow,
    ReviewRow,
    TrialHoldRow,
    approval_keys,
    fold_approval,
    fold_clinical_hold,
    fold_ind,
    fold_known_trial,
    fold_open_holds,
    fold_registry,
    fold_report,
    fold_review,
    fold_trial_hold,
    registry_keys,
)
from services.regulatory.projections.authority import clinical_hold_keys, ind_keys, trial_hold_keys
from services.regulatory.projections.guards import known_trial_keys, open_holds_keys
from services.regulatory.projections.reports import report_keys
from services.regulatory.projections.reviews import review_keys
from shared.contracts.regulatory import (
    ClinicalHoldImposed,
    ClinicalHoldLifted,
    IndEarlyNoticeReceived,
    IndInEffect,
    IndReceived,
    IndReviewPeriodElapsed,
    IrbApprovalActivated,
    IrbApprovalClosed,
    IrbApprovalCorrected,
    IrbApprovalExpiring,
    IrbApprovalLapsed,
    IrbApprovalReinstated,
    IrbApprovalRenewed,
    IrbApprovalSuspended,
    IrbApprovalTerminated,
    IrbApproved,
    IrbClarificationAnswered,
    IrbClarificationRequested,
    IrbLapseAnnulled,
    IrbModificationsRequired,
    IrbModificationsSubmitted,
    IrbPreReviewStarted,
    IrbRenewalRecorded,
    IrbReviewOpened,
    IrbReviewStarted,
    IrbReviewSubmitted,
    ReportNotRequired,
    SafetyReportAcknowledged,
    SafetyReportFiled,
    SafetyReportRejected,
)
from shared.contracts.trials.hold import HoldAnnulled, HoldApplied, HoldLifted
from shared.contracts.trials.trial import TrialStatusChanged
from tests.support.touched import touched
from tests.unit.regulatory.flow import recorded

ROWS = (
    KnownTrial,
    OpenHolds,
    ReviewRow,
    ApprovalRow,
    ReportRow,
    IndRow,
    ClinicalHoldRow,
    TrialHoldRow,
)
TRIAL, SITE, STREAM = uuid4(), uuid4(), uuid4()
DAY = date(2026, 3, 2)
REVIEW: Any = {"review_id": STREAM, "trial_id": TRIAL}
APPROVAL: Any = {"approval_id": STREAM, "trial_id": TRIAL, "site_ids": (SITE,)}
REPORT: Any = {"report_id": STREAM, "case_id": uuid4(), "trial_id": TRIAL}
SENT: Any = REPORT | {"case_version": 1, "kind": "initial", "obligation_code": "c", "destination": "FDA"}


def folded(fold: Any, keys: Any, *events: Any) -> Any:
    row = None
    for version, event in enumerate(events, 1):
        message = recorded(event, STREAM, version, "regulatory")
        (key,) = touched(keys, message)
        row = fold(row, message, key)
    return row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.table)
def test_every_row_has_a_table_with_exactly_its_fields(row: Any) -> None:
    folder = Path(services.regulatory.__path__[0]) / "migrations"
    sql = "\n".join(file.read_text() for file in sorted(folder.glob("*.sql")))
    found = re.search(rf"CREATE TABLE {row.table} \((.*?)\n\);", sql, re.DOTALL)
    assert found
    columns = [line.split()[0] for line in found[1].splitlines() if line.strip()]
    columns += re.findall(rf"ALTER TABLE {row.table} ADD COLUMN (\w+)", sql)
    assert columns == [field.name for field in fields(row)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.table)
def test_every_row_travels_as_json_and_can_begin_with_its_key_alone(row: Any) -> None:
    empty = row(*(uuid4() for _ in row.key))
    adapter = TypeAdapter(row)
    assert adapter.validate_json(adapter.dump_json(empty)) == empty


def test_a_review_row_follows_the_board() -> None:
    opened = IrbReviewOpened(**REVIEW, site_ids=(SITE,), kind="initial", zone="UTC")
    submitted = IrbReviewSubmitted(
        **REVIEW, site_ids=(SITE,), kind="initial", protocol_version="2", submitted_on=DAY
    )
    started = IrbReviewStarted(**REVIEW, path="convened")
    asked = IrbClarificationRequested(**REVIEW, requested_on=DAY)
    answered = IrbClarificationAnswered(**REVIEW)
    row = folded(fold_review, review_keys, opened, submitted, started, asked, answered)
    assert (row.status, row.path, row.protocol_version, row.submitted_on) == (
        "under_review",
        "convened",
        "2",
        DAY,
    )
    approved = IrbApproved(
        **REVIEW,
        approval_id=uuid4(),
        site_ids=(SITE,),
        kind="initial",
        protocol_version="2",
        effective_on=DAY,
        expires_on=DAY,
        zone="UTC",
    )
    row = folded(fold_review, review_keys, opened, submitted, approved)
    assert (row.status, row.approval_id) == ("approved", approved.approval_id)


def test_an_approval_row_tells_its_days_and_its_end() -> None:
    begun = IrbApprovalActivated(
        **APPROVAL, review_id=uuid4(), protocol_version="2", effective_on=DAY, expires_on=DAY, zone="UTC"
    )
    near = IrbApprovalExpiring(**APPROVAL, expires_on=DAY, days_left=7)
    lapsed = IrbApprovalLapsed(**APPROVAL, expires_on=DAY, lapsed_on=DAY)
    fixed = IrbApprovalCorrected(
        **APPROVAL, corrects=uuid4(), effective_on=DAY, expires_on=date(2027, 1, 1), zone="UTC", reason="x"
    )
    assert folded(fold_approval, approval_keys, begun, near).days_left == 7
    assert folded(fold_approval, approval_keys, begun, near, lapsed).status == "lapsed"
    row = folded(
        fold_approval, approval_keys, begun, lapsed, fixed, IrbLapseAnnulled(**APPROVAL, expires_on=DAY)
    )
    assert (row.status, row.expires_on) == ("active", date(2027, 1, 1))
    suspended = IrbApprovalSuspended(**APPROVAL, suspended_on=DAY, reason="x")
    assert folded(fold_approval, approval_keys, begun, suspended).suspended
    renewed = IrbApprovalRenewed(**APPROVAL, successor_id=uuid4(), effective_on=DAY)
    assert folded(fold_approval, approval_keys, begun, lapsed, renewed).status == "renewed"


def test_a_report_row_keeps_the_first_receipt() -> None:
    sent = SafetyReportFiled(**SENT, filed_on=DAY, attempt=1)
    no = SafetyReportRejected(**REPORT, rejected_on=DAY, errors=("E1",))
    yes = SafetyReportAcknowledged(**REPORT, receipt_on=DAY, ack_code="accepted")
    other = yes.model_copy(update={"receipt_on": date(2026, 4, 1), "breaks": ("report.receipt_contradicts",)})
    row = folded(fold_report, report_keys, sent, no)
    assert (row.status, row.errors) == ("rejected", ("E1",))
    row = folded(fold_report, report_keys, sent, no, yes, other, no)
    assert (row.status, row.receipt_on, row.breaks) == ("acknowledged", DAY, ("report.receipt_contradicts",))
    assert folded(fold_report, report_keys, yes, sent).status == "acknowledged"
    assert folded(fold_report, report_keys, ReportNotRequired(**REPORT, reason="x")).status == "not_required"


def test_an_ind_row_keeps_the_first_receipt_date() -> None:
    received = IndReceived(
        ind_id=STREAM,
        number="1",
        trial_ids=(TRIAL,),
        receipt_on=DAY,
        zone="UTC",
        review_ends_on=date(2026, 4, 1),
    )
    again = received.model_copy(update={"receipt_on": date(2026, 3, 9)})
    elapsed = IndReviewPeriodElapsed(ind_id=STREAM, trial_ids=(TRIAL,), review_ends_on=date(2026, 4, 1))
    effect = IndInEffect(ind_id=STREAM, trial_ids=(TRIAL,), effective_on=DAY, basis="thirty_days")
    row = folded(fold_ind, ind_keys, received, again, elapsed)
    assert (row.receipt_on, row.status) == (DAY, "elapsed")
    row = folded(fold_ind, ind_keys, received, effect, elapsed)
    assert (row.status, row.in_effect) == ("in_effect", (TRIAL,))


def test_a_hold_row_is_lifted_by_its_letter() -> None:
    imposed = hold(STREAM, (TRIAL,))
    lifted = ClinicalHoldLifted(hold_id=STREAM, trial_ids=(TRIAL,), lifted_on=DAY, letter_ref="l")
    row = folded(fold_clinical_hold, clinical_hold_keys, imposed, lifted)
    assert (row.received_on, row.lifted_on, row.lift_letter_ref) == (DAY, DAY, "l")


def test_a_hold_of_trials_is_shown_until_it_ends() -> None:
    scope: Any = {"hold_id": STREAM, "trial_id": TRIAL, "scope_kind": "trial", "scope_id": TRIAL}
    applied = HoldApplied(**scope, source="irb_lapse", effects=("enrol",), since=DAY)
    lifted = HoldLifted(**scope, source="irb_lapse", until=DAY, evidence="e")
    assert folded(fold_trial_hold, trial_hold_keys, applied).ended is None
    row = folded(fold_trial_hold, trial_hold_keys, applied, lifted)
    assert (row.ended, row.until, row.effects) == ("lifted", DAY, ("enrol",))


def hold(hold_id: UUID, trials: tuple[UUID, ...]) -> ClinicalHoldImposed:
    return ClinicalHoldImposed(
        hold_id=hold_id, trial_ids=trials, kind="full", effects=("dose",), received_on=DAY, authority="FDA"
    )


@for_all(st.permutations(range(6)), st.integers(0, 3))
def test_open_holds_do_not_mind_how_the_streams_of_holds_mix(order: list[int], lifted: int) -> None:
    holds = [UUID(int=n + 1) for n in range(3)]
    streams: list[list[Any]] = [[hold(id_, (TRIAL,))] for id_ in holds]
    for n in range(lifted):
        day = date(2026, 4, n + 1)
        letter = ClinicalHoldLifted(hold_id=holds[n], trial_ids=(TRIAL,), lifted_on=day, letter_ref="l")
        streams[n].append(letter)

    def fold(picks: list[int]) -> Any:
        left, row = [list(stream) for stream in streams], None
        for pick in [*picks, 0, 1, 2, 0, 1, 2]:
            if left[pick % 3]:
                message = recorded(left[pick % 3].pop(0), holds[pick % 3], 1, "regulatory")
                assert touched(open_holds_keys, message) == ((TRIAL,),)
                row = fold_open_holds(row, message, (TRIAL,))
        return row

    assert fold(order) == fold([])


def test_ids_are_made_at_the_edge_and_streams_follow_them() -> None:
    opened = OpenReview(trial_id=TRIAL, site_ids=(SITE,), zone="Europe/Berlin")
    assert opened.stream_id == opened.review_id
    submit = SubmitReview(review_id=opened.review_id, protocol_version="1", submitted_on=DAY)
    assert submit.stream_id == opened.stream_id
    file = FileSafetyReport(report_id=STREAM, meaning="released for submission")
    assert file.stream_id == STREAM


BEGUN = IrbApprovalActivated(
    **APPROVAL,
    review_id=UUID(int=61),
    protocol_version="2",
    effective_on=DAY,
    expires_on=DAY,
    zone="UTC",
)


def approval_row(*events: Any) -> ApprovalRow:
    row: ApprovalRow = folded(fold_approval, approval_keys, BEGUN, *events)
    return row


def test_a_question_of_the_pre_review_returns_there() -> None:
    asked = IrbClarificationRequested(**REVIEW, requested_on=DAY)
    answered = IrbClarificationAnswered(**REVIEW)
    row = folded(fold_review, review_keys, IrbPreReviewStarted(**REVIEW), asked)
    assert row.status == "clarification_requested"
    row = folded(fold_review, review_keys, IrbPreReviewStarted(**REVIEW), asked, answered)
    assert row.status == "pre_review"


def test_a_review_row_shows_the_protocol_as_it_was_modified() -> None:
    required = IrbModificationsRequired(**REVIEW, site_ids=(SITE,), decided_on=DAY)
    mended = IrbModificationsSubmitted(**REVIEW, protocol_version="2.1", submitted_on=DAY)
    assert folded(fold_review, review_keys, required).status == "modifications_required"
    row = folded(fold_review, review_keys, required, mended)
    assert (row.status, row.protocol_version) == ("post_review", "2.1")


def test_an_approval_that_is_renewed_in_time_stays_active_until_its_successor_begins() -> None:
    recorded_ = IrbRenewalRecorded(**APPROVAL, successor_id=UUID(int=62), effective_on=DAY)
    row = approval_row(recorded_)
    assert (row.status, row.successor_id) == ("active", UUID(int=62))


def test_an_approval_that_is_renewed_at_one_site_goes_on_at_the_other() -> None:
    other = UUID(int=63)
    both = BEGUN.model_copy(update={"site_ids": (SITE, other)})
    renewed = IrbApprovalRenewed(**APPROVAL, successor_id=UUID(int=62), effective_on=DAY)
    row = folded(fold_approval, approval_keys, both, renewed)
    assert (row.status, row.site_ids) == ("active", (other,))


def test_a_reinstated_approval_has_the_status_that_it_had() -> None:
    suspended = IrbApprovalSuspended(**APPROVAL, suspended_on=DAY, reason="x")
    row = approval_row(suspended, IrbApprovalReinstated(**APPROVAL, reinstated_on=DAY))
    assert (row.status, row.suspended) == ("active", False)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (IrbApprovalTerminated(**APPROVAL, terminated_on=DAY, reason="x"), "terminated"),
        (IrbApprovalClosed(**APPROVAL, closed_on=DAY), "closed"),
    ],
)
def test_an_approval_row_says_how_it_ended(end: Any, status: str) -> None:
    assert approval_row(end).status == status


def test_a_corrected_last_day_takes_the_warning_back() -> None:
    near = IrbApprovalExpiring(**APPROVAL, expires_on=DAY, days_left=7)
    fixed = IrbApprovalCorrected(
        **APPROVAL, corrects=STREAM, effective_on=DAY, expires_on=date(2027, 1, 1), zone="UTC", reason="x"
    )
    row = approval_row(near, fixed)
    assert (row.status, row.days_left, row.expires_on) == ("active", None, date(2027, 1, 1))


def test_an_early_notice_is_shown_and_puts_nothing_into_effect() -> None:
    notice = IndEarlyNoticeReceived(ind_id=STREAM, notice_on=DAY, letter_ref="l")
    row = folded(fold_ind, ind_keys, notice)
    assert (row.early_notice_on, row.status, row.in_effect) == (DAY, None, ())


def test_a_hold_row_keeps_the_first_report_of_the_hold() -> None:
    imposed = hold(STREAM, (TRIAL,))
    other = imposed.model_copy(update={"received_on": date(2026, 3, 9), "effects": ("enrol",)})
    row = folded(fold_clinical_hold, clinical_hold_keys, imposed, other)
    assert (row.received_on, row.effects) == (DAY, ("dose",))


def test_a_hold_of_trials_that_rested_on_an_error_says_so() -> None:
    scope: Any = {"hold_id": STREAM, "trial_id": TRIAL, "scope_kind": "trial", "scope_id": TRIAL}
    applied = HoldApplied(**scope, source="irb_lapse", effects=("enrol",), since=DAY)
    annulled = HoldAnnulled(**scope, source="irb_lapse", reason="no lapse")
    row = folded(fold_trial_hold, trial_hold_keys, applied, annulled)
    assert (row.ended, row.until) == ("annulled", None)


@pytest.mark.parametrize(
    ("row", "keys", "fold"),
    [
        (KnownTrial(TRIAL, owner="cro"), known_trial_keys, fold_known_trial),
        (OpenHolds(TRIAL, (STREAM,)), open_holds_keys, fold_open_holds),
        (ApprovalRow(STREAM, status="active"), approval_keys, fold_approval),
        (ReportRow(STREAM, status="open"), report_keys, fold_report),
        (RegistryRow(STREAM, status="RECRUITING"), registry_keys, fold_registry),
        (ReviewRow(STREAM, status="draft"), review_keys, fold_review),
        (IndRow(STREAM, status="elapsed"), ind_keys, fold_ind),
        (ClinicalHoldRow(STREAM, received_on=DAY), clinical_hold_keys, fold_clinical_hold),
        (TrialHoldRow(STREAM, ended="lifted"), trial_hold_keys, fold_trial_hold),
    ],
    ids=lambda value: getattr(value, "table", ""),
)
def test_an_event_about_something_else_is_not_shown(row: Any, keys: Any, fold: Any) -> None:
    moved = TrialStatusChanged(trial_id=TRIAL, before="draft", after="in_review", basis="registry")
    message = recorded(moved, TRIAL, 1, "trials")
    assert touched(keys, message) == ()
    seen = replace(row, changed_at=message.time) if hasattr(row, "changed_at") else row
    assert fold(seen, message, (STREAM,)) == seen
