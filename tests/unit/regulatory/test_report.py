"""Safety reports: release by a person, judgement by the authority's own receipt date."""

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.regulatory import deadlines
from services.regulatory.commands import (
    CancelReport,
    FileSafetyReport,
    OpenReport,
    ReanchorReport,
    RecordAcknowledgement,
    ReportCommand,
)
from services.regulatory.domain.report import SafetyReport, decide, evolve, held_by
from shared.contracts.message import Facts, Refusal
from shared.contracts.regulatory import (
    ReportEvent,
    ReportNotRequired,
    ReportOpened,
    ReportReanchored,
    SafetyReportAcknowledged,
    SafetyReportFiled,
    SafetyReportRejected,
)
from shared.rules.packs import pack

CASE, TRIAL = uuid4(), uuid4()
T0 = datetime(2026, 3, 3, 3, tzinfo=UTC)
CODE = "us_ind_15_day"
REPORT = deadlines.report_of(CASE, 1, CODE, "FDA")


def clocks(receipt: date = date(2026, 3, 2)) -> dict[str, Any]:
    anchors: Any = {"receipt": receipt, "determination": date(2026, 3, 4)}
    obligation = pack("us_ind").obligation(CODE, anchors, "America/New_York")
    return {"legal": obligation.legal, "operational": obligation.operational}


def open_with(**more: Any) -> OpenReport:
    fields: dict[str, Any] = {
        "report_id": REPORT,
        "trial_id": TRIAL,
        "case_id": CASE,
        "case_version": 1,
        "kind": "initial",
        "obligation_code": CODE,
        "destination": "FDA",
    }
    return OpenReport(**fields | clocks() | more)


OPEN = open_with()
FILE = FileSafetyReport(report_id=REPORT, meaning="released for submission")
IDS = deadlines.deadlines_of(REPORT, OPEN.legal, OPEN.operational)


def ack(code: Any = "accepted", day: int = 10, ref: str | None = None) -> RecordAcknowledgement:
    return RecordAcknowledgement(
        report_id=REPORT, trial_id=TRIAL, ack_code=code, receipt_on=date(2026, 3, day), message_ref=ref
    )


def done(state: SafetyReport, command: ReportCommand, now: datetime = T0) -> list[ReportEvent]:
    events = decide(state, command, Facts(), now)
    assert not isinstance(events, Refusal), events
    return events


def after(*commands: ReportCommand) -> SafetyReport:
    state = SafetyReport()
    for command in commands:
        state = reduce(evolve, done(state, command), state)
    return state


def test_it_opens_once_with_the_dates_that_safety_computed() -> None:
    (opened,) = done(SafetyReport(), OPEN)
    assert isinstance(opened, ReportOpened)
    assert (opened.legal_due, opened.operational_due) == (date(2026, 3, 19), date(2026, 3, 17))
    assert opened.deadlines == IDS
    assert done(after(OPEN), OPEN) == []


def test_the_same_obligation_of_the_same_version_is_the_same_report() -> None:
    assert deadlines.report_of(CASE, 1, CODE, "FDA") == REPORT
    others = {
        deadlines.report_of(CASE, 2, CODE, "FDA"),
        deadlines.report_of(CASE, 1, CODE, "investigators"),
        deadlines.report_of(CASE, 1, "us_ind_7_day", "FDA"),
        deadlines.report_of(uuid4(), 1, CODE, "FDA"),
    }
    assert len(others | {REPORT}) == 5


def test_a_released_report_awaits_the_authority() -> None:
    (filed,) = done(after(OPEN), FILE)
    assert isinstance(filed, SafetyReportFiled)
    assert (filed.filed_on, filed.attempt) == (date(2026, 3, 2), 1)
    assert after(OPEN, FILE).status == "awaiting_ack"
    assert done(after(OPEN, FILE), FILE) == []


def test_a_report_that_was_never_opened_cannot_be_released() -> None:
    assert isinstance(decide(SafetyReport(), FILE, Facts(), T0), Refusal)


@pytest.mark.parametrize("code", ["accepted", "warning"])
def test_an_acknowledgement_carries_the_authoritys_date_and_the_deadlines_it_meets(code: str) -> None:
    (event,) = done(after(OPEN, FILE), ack(code))
    assert isinstance(event, SafetyReportAcknowledged)
    assert (event.receipt_on, event.deadlines, event.breaks) == (date(2026, 3, 10), IDS, ())
    assert (event.case_id, event.obligation_code, event.case_version) == (CASE, CODE, 1)


def test_an_acknowledgement_again_changes_nothing() -> None:
    state = after(OPEN, FILE, ack())
    assert done(state, ack()) == []
    assert done(state, ack(ref="the same answer by another channel")) == []


def test_another_receipt_date_is_stored_and_marked_and_meets_nothing() -> None:
    state = after(OPEN, FILE, ack())
    (event,) = done(state, ack(day=12))
    assert isinstance(event, SafetyReportAcknowledged)
    assert (event.breaks, event.deadlines) == (("report.receipt_contradicts",), ())
    assert done(after(OPEN, FILE, ack(), ack(day=12)), ack(day=12)) == []


def test_a_rejected_report_is_filed_again_and_keeps_its_deadlines() -> None:
    state = after(OPEN, FILE, ack("rejected", 5))
    assert (state.status, state.deadlines) == ("rejected", IDS)
    (filed,) = done(state, FILE)
    assert isinstance(filed, SafetyReportFiled)
    assert filed.attempt == 2
    refused_again = after(OPEN, FILE, ack("rejected", 5), FILE, ack("rejected", 5))
    assert refused_again.status == "rejected"


def test_a_rejection_heard_twice_counts_once() -> None:
    state = after(OPEN, FILE, ack("rejected", 5, "m-1"), FILE)
    assert done(state, ack("rejected", 5, "m-1")) == []


def test_a_rejection_after_the_acceptance_is_marked_and_takes_nothing_back() -> None:
    state = after(OPEN, FILE, ack())
    (event,) = done(state, ack("rejected", 5))
    assert isinstance(event, SafetyReportRejected)
    assert event.breaks == ("report.rejected_after_acceptance",)
    assert reduce(evolve, [event], state).status == "acknowledged"


def test_an_answer_before_the_filing_is_stored_and_the_filing_may_still_be_recorded() -> None:
    (event,) = done(after(OPEN), ack())
    assert event.breaks == ("report.answered_before_filing",)  # type: ignore[union-attr]
    (filed,) = done(after(OPEN, ack()), FILE)
    assert isinstance(filed, SafetyReportFiled)
    assert filed.breaks == ("report.filed_after_acknowledgement",)
    assert after(OPEN, ack(), FILE).status == "acknowledged"
    assert done(after(OPEN, ack(), FILE), FILE) == []


def test_an_answer_before_the_report_is_known_meets_its_deadlines_once_it_opens() -> None:
    (event,) = done(SafetyReport(), ack())
    assert isinstance(event, SafetyReportAcknowledged)
    assert (event.case_id, event.breaks) == (None, ("report.unknown",))
    opened, told = done(after(ack()), OPEN)
    assert isinstance(opened, ReportOpened)
    assert isinstance(told, SafetyReportAcknowledged)
    assert (told.deadlines, told.case_id, told.breaks) == (IDS, CASE, ())
    assert after(ack(), OPEN).status == "acknowledged"


def test_other_clocks_re_anchor_it() -> None:
    moved = clocks(date(2026, 2, 27))
    (event,) = done(after(OPEN), ReanchorReport(report_id=REPORT, former=IDS, **moved))
    assert isinstance(event, ReportReanchored)
    assert event.supersedes == IDS
    assert event.deadlines[0] == IDS[0], "the determination did not move"
    assert event.deadlines[1] != IDS[1]
    assert done(after(OPEN), open_with(**moved)) == [event]


def test_only_the_report_with_the_former_deadlines_is_re_anchored() -> None:
    command = ReanchorReport(report_id=REPORT, former=(uuid4(), uuid4()), **clocks(date(2026, 2, 27)))
    assert done(after(OPEN), command) == []
    assert done(SafetyReport(), command) == []


def test_a_re_anchored_report_that_was_acknowledged_meets_its_new_deadlines() -> None:
    moved = clocks(date(2026, 2, 27))
    state = after(OPEN, FILE, ack())
    event, told = done(state, ReanchorReport(report_id=REPORT, former=IDS, **moved))
    assert isinstance(event, ReportReanchored)
    assert isinstance(told, SafetyReportAcknowledged)
    assert told.deadlines == event.deadlines


def test_a_report_that_is_not_owed_cannot_be_released_until_it_is_owed_again() -> None:
    cancel = CancelReport(report_id=REPORT, deadlines=IDS, reason="not_reportable")
    (event,) = done(after(OPEN), cancel)
    assert isinstance(event, ReportNotRequired)
    state = after(OPEN, cancel)
    assert done(state, cancel) == []
    assert isinstance(decide(state, FILE, Facts(), T0), Refusal)
    assert isinstance(done(state, open_with(**clocks(date(2026, 3, 1))))[0], ReportOpened)


def test_a_filed_report_stays_owed_whatever_was_determined_later() -> None:
    cancel = CancelReport(report_id=REPORT, deadlines=IDS, reason="not_reportable")
    assert done(after(OPEN, FILE), cancel) == []
    assert done(after(OPEN, FILE, ack()), cancel) == []
    assert done(SafetyReport(), cancel) == []
    assert done(after(OPEN), cancel.model_copy(update={"deadlines": (uuid4(), uuid4())})) == []


def test_the_filing_date_is_the_local_one() -> None:
    (filed,) = done(after(OPEN), FILE, T0 + timedelta(hours=2))
    assert isinstance(filed, SafetyReportFiled)
    assert filed.filed_on == date(2026, 3, 3)


def test_the_clocks_that_it_has_already_re_anchor_nothing() -> None:
    assert done(after(OPEN), ReanchorReport(report_id=REPORT, former=IDS, **clocks())) == []


def test_a_report_that_is_not_owed_is_not_re_anchored() -> None:
    cancel = CancelReport(report_id=REPORT, deadlines=IDS, reason="not_reportable")
    moved = ReanchorReport(report_id=REPORT, former=IDS, **clocks(date(2026, 2, 27)))
    assert done(after(OPEN, cancel), moved) == []


def test_what_a_re_anchored_report_meets_are_its_new_deadlines() -> None:
    moved = ReanchorReport(report_id=REPORT, former=IDS, **clocks(date(2026, 2, 27)))
    new = deadlines.deadlines_of(REPORT, moved.legal, moved.operational)
    (filed,) = done(after(OPEN, moved), FILE)
    assert isinstance(filed, SafetyReportFiled)
    assert filed.deadlines == new != IDS


def test_a_report_belongs_to_the_organisation_that_owes_it() -> None:
    organisation = UUID(int=41)
    (opened,) = done(SafetyReport(), open_with(organisation_id=organisation))
    assert isinstance(opened, ReportOpened)
    state = evolve(SafetyReport(), opened)
    assert held_by(state, None) == held_by(state, FILE) == organisation
    assert held_by(after(OPEN), FILE) is None
    assert held_by(SafetyReport(), FILE) is None
