"""The signed determination: nothing is owed without it, and it may not contradict itself."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.safety.commands import AssessCase, ReportAdverseEvent
from services.safety.domain.state import Case
from shared.contracts.safety import CaseAssessed, CaseNotReportable, CaseReportable
from shared.rules.deadlines import clock_deadline_id
from tests.unit.safety.given_case import (
    CASE,
    DAY0,
    EXPECTED,
    FATAL,
    LATER,
    MILD,
    NOW,
    OPINION,
    RECORDS,
    SERIOUS,
    SIGNIFICANT,
    SUSPECTED,
    SUSPECTED_FATAL,
    given,
    only,
    refused,
    then,
    told,
)


def signed(**changes: Any) -> AssessCase:
    return AssessCase(**{**OPINION, **changes})


def test_an_unsigned_case_has_clocks_and_no_report() -> None:
    case, events = then(Case(), FATAL)
    assert len(case.clocks) == 2
    assert not any(isinstance(event, CaseReportable) for event in events)
    assert case.obligations == ()


def test_a_determination_gives_the_fifteen_day_report_with_both_anchors() -> None:
    owed = only(CaseReportable, told(given(SERIOUS), SUSPECTED))
    assert [each.code for each in owed.obligations] == ["us_ind_15_day", "us_ind_15_day_investigators"]
    report = owed.obligations[0]
    assert (report.legal.anchor, report.legal.anchor_on) == ("determination", date(2026, 3, 5))
    assert report.legal.due_on == date(2026, 3, 20)
    assert (report.operational.anchor, report.operational.anchor_on) == ("receipt", date(2026, 3, 2))
    assert report.operational.due_on == date(2026, 3, 17)


def test_the_seven_day_report_counts_from_receipt_on_both_legs() -> None:
    owed = only(CaseReportable, told(given(FATAL), SUSPECTED_FATAL))
    seven = next(each for each in owed.obligations if each.code == "us_ind_7_day")
    assert seven.legal.anchor == seven.operational.anchor == "receipt"
    assert seven.legal.anchor_on == seven.operational.anchor_on == date(2026, 3, 2)
    assert seven.legal.due_on == seven.operational.due_on == date(2026, 3, 9)


def test_what_a_physician_finds_not_fatal_has_no_seven_day_report() -> None:
    owed = only(CaseReportable, told(given(FATAL), SUSPECTED))
    assert "us_ind_7_day" not in {each.code for each in owed.obligations}
    assert {clock.code for clock in owed.provisional} == {"us_ind_15_day", "us_ind_7_day"}


def test_not_reportable_cancels_the_provisional_clocks() -> None:
    case, events = then(given(FATAL), EXPECTED)
    ended = only(CaseNotReportable, events)
    assert ended.reason == "expected"
    assert len(ended.provisional) == 2
    assert case.clocks == ()


def test_the_determination_dates_from_the_signature_at_the_place_of_receipt() -> None:
    night = datetime(2026, 3, 6, 3, tzinfo=UTC)
    assert only(CaseAssessed, told(given(SERIOUS), SUSPECTED, night)).determination_on == date(2026, 3, 5)


def test_signing_the_same_again_changes_nothing_even_on_a_later_day() -> None:
    assert told(given(SERIOUS, SUSPECTED), SUSPECTED, LATER) == []


def test_signing_the_same_again_for_the_same_day_changes_nothing() -> None:
    dated = signed(determination_on=DAY0)
    assert told(given(SERIOUS, dated), dated, LATER) == []


def test_signing_the_same_for_another_day_is_a_new_determination() -> None:
    case = given(SERIOUS, signed(determination_on=DAY0))
    (again,) = told(case, signed(determination_on=date(2026, 3, 4)), LATER)
    assert isinstance(again, CaseAssessed)
    assert again.determination_on == date(2026, 3, 4)


def test_first_not_reportable_then_reportable_counts_from_the_new_determination() -> None:
    owed = only(CaseReportable, told(given(SERIOUS, EXPECTED), SUSPECTED, LATER))
    assert owed.obligations[0].code == "us_ind_15_day_reassessed"
    assert owed.obligations[0].legal.citation == "21 CFR 312.32(d)(3)"
    assert owed.obligations[0].legal.due_on == date(2026, 4, 17)
    assert owed.kind == "initial"


def test_a_case_that_turns_out_fatal_owes_the_seven_day_report_from_that_information() -> None:
    case = given(SERIOUS, SUSPECTED)
    case, _ = then(case, RECORDS, LATER)
    case, _ = then(case, SIGNIFICANT, LATER)
    owed = only(CaseReportable, told(case, SUSPECTED_FATAL, LATER))
    assert [each.code for each in owed.obligations] == ["us_ind_7_day_upgraded"]
    assert owed.obligations[0].legal.anchor_on == date(2026, 4, 1)


def test_a_case_that_proves_not_fatal_takes_the_seven_day_report_back_and_nothing_else() -> None:
    case, events = then(given(FATAL, SUSPECTED_FATAL), SUSPECTED)
    owed = only(CaseReportable, events)
    assert owed.obligations == ()
    assert [each.code for each in owed.withdrawn] == ["us_ind_7_day"]
    assert "us_ind_7_day" not in {each.code for each in case.obligations}


def test_a_later_not_reportable_names_what_it_takes_back() -> None:
    ended = only(CaseNotReportable, told(given(SERIOUS, SUSPECTED), EXPECTED))
    assert [each.code for each in ended.withdrawn] == ["us_ind_15_day", "us_ind_15_day_investigators"]


def test_both_causality_opinions_are_kept() -> None:
    opinion = signed(causality_sponsor="not_related", determination="not_reportable", evidence_category=None)
    assessed = only(CaseAssessed, told(given(SERIOUS), opinion))
    assert (assessed.causality_investigator, assessed.causality_sponsor) == ("related", "not_related")


@pytest.mark.parametrize("opinion", ["not_related", "not_assessed"])
def test_the_investigator_s_opinion_is_never_downgraded(opinion: str) -> None:
    refusal = refused(given(SERIOUS, SUSPECTED), signed(causality_investigator=opinion))
    assert refusal.rule == "case.causality_downgraded"
    assert refusal.field == "causality_investigator"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"expected": True}, "determination"),
        ({"seriousness": ()}, "determination"),
        ({"causality_sponsor": "not_assessed"}, "determination"),
        ({"evidence_category": None}, "evidence_category"),
        ({"determination": "not_reportable"}, "rationale"),
        ({"determination_on": date(2026, 3, 6)}, "case.determination_date"),
        ({"determination_on": date(2026, 3, 1)}, "case.determination_date"),
        ({"case_version": 2}, "case.version"),
    ],
)
def test_a_determination_that_contradicts_itself_is_refused(changes: dict[str, Any], field: str) -> None:
    refusal = refused(given(SERIOUS), signed(**changes), NOW)
    assert field in (refusal.field, refusal.rule)


def test_an_anticipated_event_is_not_reported_singly_where_the_physician_says_so() -> None:
    opinion = signed(determination="not_reportable", rationale="anticipated_event")
    assert only(CaseNotReportable, told(given(SERIOUS), opinion)).reason == "anticipated_event"


def test_a_case_that_was_never_reported_cannot_be_signed() -> None:
    assert refused(Case(), SUSPECTED).rule == "case.unknown"


def test_an_event_reported_as_mild_may_be_found_serious() -> None:
    assert only(CaseReportable, told(given(MILD), SUSPECTED)).obligations


def test_a_signature_states_its_meaning() -> None:
    with pytest.raises(ValidationError):
        signed(meaning="approval")


@pytest.mark.parametrize(
    ("event", "reportable", "taken_back", "code"),
    [
        (SERIOUS, SUSPECTED, EXPECTED, "us_ind_15_day_reassessed"),
        (FATAL, SUSPECTED_FATAL, SUSPECTED, "us_ind_7_day"),
    ],
)
def test_what_is_owed_again_after_it_was_taken_back_has_clocks_of_their_own(
    event: ReportAdverseEvent, reportable: AssessCase, taken_back: AssessCase, code: str
) -> None:
    case, seen = given(event), list[UUID]()
    for opinion in (reportable, taken_back) * 3:
        case, events = then(case, opinion)
        owed = [one for told in events if isinstance(told, CaseReportable) for one in told.obligations]
        seen += [clock_deadline_id(CASE, one.operational, "operational") for one in owed if one.code == code]
    assert len(seen) == len(set(seen)) > 1
