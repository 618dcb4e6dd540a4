"""What a case's obligations and their corrections make of clocks that run and reports that are open."""

from datetime import date
from typing import Any
from uuid import UUID

from services.regulatory import deadlines, obligations
from services.regulatory.commands import CancelReport, ReanchorReport
from shared.contracts.deadline import Obligation
from shared.contracts.safety import AdverseEventCorrected
from shared.rules.deadlines import ArmDeadline, CancelDeadline, Owner, SupersedeDeadline, clock_deadline_id
from shared.rules.packs import pack

CASE, TRIAL, SITE, SUBJECT = (UUID(int=n) for n in range(1, 5))
IND: Any = pack("us_ind")
DAY, EARLIER = date(2026, 3, 2), date(2026, 2, 27)


def owed(code: str, received: date = DAY) -> Obligation:
    anchors = {"receipt": received, "fatal_information": received, "determination": date(2026, 3, 4)}
    found: Obligation = IND.obligation(code, anchors, "UTC")
    return found


def clock(code: str, received: date = DAY) -> Any:
    return IND.find(code, "provisional").clock(received, "UTC")


def corrected(**fields: Any) -> AdverseEventCorrected:
    about: dict[str, Any] = {
        "case_id": CASE,
        "trial_id": TRIAL,
        "site_id": SITE,
        "subject_id": SUBJECT,
        "version": 1,
        "correction_id": UUID(int=5),
        "received_on": DAY,
        "zone": "UTC",
        "serious": True,
        "fatal_or_life_threatening": False,
        "reason": "transcription",
    }
    return AdverseEventCorrected(**about | fields)


def deadline(code: str, received: date = DAY) -> UUID:
    return clock_deadline_id(CASE, clock(code, received), "provisional")


def reports(code: str, destination: str = "FDA") -> list[UUID]:
    return [deadlines.report_of(CASE, version, code, destination) for version in (0, 1)]


def test_a_clock_that_a_correction_leaves_as_it_was_goes_on() -> None:
    fifteen = clock("us_ind_15_day")
    (again,) = deadlines.reanchor_provisional(CASE, TRIAL, (fifteen,), (fifteen,), lambda _: Owner())
    assert isinstance(again, ArmDeadline)
    assert again.deadline_id == deadline("us_ind_15_day")


def test_a_clock_that_a_correction_counts_from_another_day_takes_the_place_of_the_old_one() -> None:
    former, now = clock("us_ind_15_day"), clock("us_ind_15_day", EARLIER)
    arm, supersede = deadlines.reanchor_provisional(CASE, TRIAL, (former,), (now,), lambda _: Owner())
    assert isinstance(arm, ArmDeadline)
    assert supersede == SupersedeDeadline(
        deadline_id=deadline("us_ind_15_day"),
        trial_id=TRIAL,
        successor_id=deadline("us_ind_15_day", EARLIER),
        reason="corrected",
    )


def test_a_clock_whose_reason_a_correction_takes_away_is_cancelled() -> None:
    former = (clock("us_ind_15_day"), clock("us_ind_7_day"))
    commands = deadlines.reanchor_provisional(
        CASE, TRIAL, former, (clock("us_ind_15_day"),), lambda _: Owner()
    )
    assert commands[1:] == [
        CancelDeadline(deadline_id=deadline("us_ind_7_day"), trial_id=TRIAL, reason="corrected")
    ]


def test_a_report_that_a_correction_leaves_owed_counts_from_the_other_day() -> None:
    former, now = owed("us_ind_7_day"), owed("us_ind_7_day", EARLIER)
    commands = obligations.corrected(
        corrected(former_obligations=(former,), obligations=(now,)), lambda _: Owner()
    )
    assert commands == [
        ReanchorReport(
            report_id=report,
            trial_id=TRIAL,
            former=deadlines.deadlines_of(report, former.legal, former.operational),
            legal=now.legal,
            operational=now.operational,
        )
        for report in reports("us_ind_7_day")
    ]


def test_a_report_that_a_correction_leaves_without_a_reason_is_not_owed_any_more() -> None:
    former, kept = owed("us_ind_7_day"), owed("us_ind_15_day")
    case = corrected(former_obligations=(former,), obligations=(kept,))
    assert obligations.corrected(case, lambda _: Owner()) == [
        CancelReport(
            report_id=report,
            trial_id=TRIAL,
            deadlines=deadlines.deadlines_of(report, former.legal, former.operational),
            reason="corrected",
        )
        for report in reports("us_ind_7_day")
    ]
