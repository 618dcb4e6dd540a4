"""Receipt: clocks at once and provisionally, every report stored, corrections supersede what hung on them."""

from datetime import date
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.safety.commands import ReportAdverseEvent
from services.safety.domain.state import Case
from services.safety.guards import KnownSite, KnownSubject, KnownTrial
from shared.contracts.message import Facts
from shared.contracts.safety import (
    AdverseEventCorrected,
    AdverseEventReceived,
    CaseOpened,
    CaseReportable,
    Seriousness,
)
from tests.unit.safety.given_case import (
    CASE,
    DAY0,
    EXPECTED,
    FATAL,
    MILD,
    NOW,
    SERIOUS,
    SITE,
    SUBJECT,
    SUSPECTED,
    SUSPECTED_FATAL,
    TRIAL,
    WHAT,
    ZONE,
    corrected,
    given,
    only,
    told,
)


def test_a_serious_event_arms_day_fifteen_from_receipt() -> None:
    opened = only(CaseOpened, told(Case(), SERIOUS))
    assert [(clock.code, clock.due_on) for clock in opened.clocks] == [("us_ind_15_day", date(2026, 3, 17))]


@pytest.mark.parametrize("criterion", ["death", "life_threatening"])
def test_a_fatal_or_life_threatening_event_arms_day_seven_besides(criterion: Seriousness) -> None:
    opened = only(CaseOpened, told(Case(), ReportAdverseEvent(**WHAT, seriousness=(criterion,))))
    assert {clock.code: clock.due_on for clock in opened.clocks} == {
        "us_ind_15_day": date(2026, 3, 17),
        "us_ind_7_day": date(2026, 3, 9),
    }


def test_day_seven_is_not_armed_where_causality_is_excluded_but_day_fifteen_is() -> None:
    excluded = FATAL.model_copy(update={"causality_excluded": True})
    opened = only(CaseOpened, told(Case(), excluded))
    assert [clock.code for clock in opened.clocks] == ["us_ind_15_day"]


def test_an_event_that_is_not_serious_opens_a_case_without_clocks() -> None:
    opened = only(CaseOpened, told(Case(), MILD))
    assert (opened.serious, opened.clocks) == (False, ())


def test_clocks_say_that_the_rule_has_not_been_verified() -> None:
    assert not any(clock.verified for clock in only(CaseOpened, told(Case(), FATAL)).clocks)


def test_reporting_again_changes_nothing() -> None:
    assert told(given(FATAL), FATAL) == []


def test_a_graver_second_report_of_a_case_starts_its_clocks() -> None:
    events = told(given(SERIOUS), FATAL)
    assert only(AdverseEventReceived, events).breaks == ("case_reported_before",)
    grown = only(AdverseEventCorrected, events)
    assert grown.seriousness == ("death", "hospitalisation")
    assert [clock.code for clock in grown.clocks] == ["us_ind_15_day", "us_ind_7_day"]
    assert told(given(SERIOUS, FATAL), FATAL) == []


def test_a_milder_second_report_is_kept_and_changes_no_clock() -> None:
    events = told(given(FATAL), SERIOUS.model_copy(update={"seriousness": ()}))
    assert [type(event) for event in events] == [AdverseEventReceived]


def test_a_receipt_dated_in_the_future_counts_from_today_and_is_marked() -> None:
    events = told(Case(), SERIOUS.model_copy(update={"received_on": date(2026, 9, 1)}))
    assert only(AdverseEventReceived, events).breaks == ("received_in_future",)
    assert only(CaseOpened, events).received_on == date(2026, 3, 5)


def test_an_event_about_nothing_known_is_stored_and_marked() -> None:
    events = told(Case(), FATAL, NOW, Facts())
    assert only(AdverseEventReceived, events).breaks == ("trial_unknown", "site_unknown", "subject_unknown")
    assert len(only(CaseOpened, events).clocks) == 2


def test_an_event_in_an_unexpected_place_is_stored_and_marked() -> None:
    facts = Facts(
        KnownTrial(trial_id=TRIAL, status="draft"),
        KnownSite(site_id=SITE, trial_id=UUID(int=99), activated=False),
        KnownSubject(subject_id=SUBJECT, trial_id=TRIAL, site_id=UUID(int=98)),
    )
    assert only(AdverseEventReceived, told(Case(), FATAL, NOW, facts)).breaks == (
        "trial_not_begun",
        "site_of_another_trial",
        "site_not_activated",
        "subject_of_another_site",
    )


def test_a_withdrawn_subject_s_event_is_no_breach() -> None:
    facts = Facts(
        KnownTrial(trial_id=TRIAL, status="closed_accrual"),
        KnownSite(site_id=SITE, trial_id=TRIAL, activated=True),
        KnownSubject(subject_id=SUBJECT, site_id=SITE, withdrawn_on=DAY0, withdrew=("intervention",)),
    )
    assert only(AdverseEventReceived, told(Case(), FATAL, NOW, facts)).breaks == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [("zone", "Mars/Base"), ("received_on", date(1, 1, 1)), ("term_code", "fell down the stairs")],
)
def test_what_cannot_be_read_or_is_narrative_is_no_command(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        ReportAdverseEvent(**{**WHAT, field: value})


def test_a_corrected_receipt_starts_the_clocks_anew_and_names_the_old_ones() -> None:
    event = only(AdverseEventCorrected, told(given(SERIOUS), corrected(received_on=date(2026, 2, 27))))
    assert [clock.due_on for clock in event.former_clocks] == [date(2026, 3, 17)]
    assert [clock.due_on for clock in event.clocks] == [date(2026, 3, 14)]
    assert event.corrects == UUID(int=50)


def test_a_correction_that_leaves_day_zero_leaves_the_clock() -> None:
    event = only(AdverseEventCorrected, told(given(SERIOUS), corrected(term_code="10019211")))
    assert event.clocks == event.former_clocks


def test_a_correction_to_not_serious_ends_the_clocks_and_back_to_serious_starts_others() -> None:
    case = given(SERIOUS, corrected(1, seriousness=()))
    assert case.clocks == ()
    event = only(AdverseEventCorrected, told(case, corrected(2)))
    assert [(clock.anchor_on, clock.anchor_event) for clock in event.clocks] == [(DAY0, UUID(int=102))]


def test_a_correction_arrives_once() -> None:
    assert told(given(SERIOUS, corrected(received_on=date(2026, 2, 27))), corrected(received_on=DAY0)) == []


def test_a_correction_of_a_report_that_never_came_is_a_report() -> None:
    events = told(Case(), corrected(seriousness=("death",)))
    assert only(AdverseEventReceived, events).breaks == ("report_unknown",)
    assert len(only(CaseOpened, events).clocks) == 2


def test_a_correction_never_moves_a_case_to_another_trial() -> None:
    event = only(AdverseEventCorrected, told(given(SERIOUS), corrected(trial_id=UUID(int=77))))
    assert event.trial_id == TRIAL
    assert "case_of_another_trial" in event.breaks


def test_a_corrected_receipt_moves_the_dates_that_hang_on_it_and_no_others() -> None:
    case = given(FATAL, SUSPECTED_FATAL)
    event = only(
        AdverseEventCorrected, told(case, corrected(seriousness=("death",), received_on=date(2026, 2, 27)))
    )
    was = {owed.code: owed for owed in event.former_obligations}
    now = {owed.code: owed for owed in event.obligations}
    assert set(was) == set(now) == {"us_ind_15_day", "us_ind_15_day_investigators", "us_ind_7_day"}
    assert now["us_ind_15_day"].legal == was["us_ind_15_day"].legal
    assert now["us_ind_15_day"].operational.due_on == date(2026, 3, 14)
    assert now["us_ind_7_day"].legal.due_on == date(2026, 3, 6)
    assert event.clocks == ()


def test_a_correction_to_fatal_after_a_determination_starts_day_seven_until_a_physician_looks() -> None:
    case = given(SERIOUS, SUSPECTED)
    event = only(AdverseEventCorrected, told(case, corrected(seriousness=("death", "hospitalisation"))))
    assert [clock.code for clock in event.clocks] == ["us_ind_7_day"]
    case = given(SERIOUS, SUSPECTED, corrected(seriousness=("death", "hospitalisation")))
    signed = SUSPECTED_FATAL.model_copy(update={"seriousness": ("death", "hospitalisation")})
    owed = only(CaseReportable, told(case, signed))
    assert [each.code for each in owed.obligations] == ["us_ind_7_day"]
    assert [clock.code for clock in owed.provisional] == ["us_ind_7_day"]


def test_graver_facts_after_not_reportable_start_provisional_clocks_again() -> None:
    case = given(SERIOUS, EXPECTED)
    assert case.clocks == ()
    event = only(AdverseEventCorrected, told(case, corrected(seriousness=("death",))))
    assert [clock.code for clock in event.clocks] == ["us_ind_15_day", "us_ind_7_day"]
    dated = only(AdverseEventCorrected, told(case, corrected(received_on=date(2026, 2, 27))))
    assert dated.clocks == ()


def test_day_zero_is_the_date_at_the_place_of_receipt() -> None:
    late = NOW.replace(day=3, hour=3)
    there = SERIOUS.model_copy(update={"received_on": date(2026, 3, 3), "zone": ZONE})
    opened = only(CaseOpened, told(Case(), there, late))
    assert opened.received_on == date(2026, 3, 2)
    elsewhere = there.model_copy(update={"zone": "Asia/Tokyo"})
    assert only(CaseOpened, told(Case(), elsewhere, late)).received_on == date(2026, 3, 3)


def test_the_command_names_the_guard_rows_that_it_reads() -> None:
    assert {need.key for need in SERIOUS.needs()} == {(TRIAL,), (SITE,), (SUBJECT,)}
    assert SERIOUS.stream_id == CASE


def test_a_corrected_case_holds_from_the_day_of_receipt_that_the_correction_states() -> None:
    assert corrected(received_on=date(2026, 2, 27)).effective_day() == date(2026, 2, 27)
