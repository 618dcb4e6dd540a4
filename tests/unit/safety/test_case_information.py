"""After receipt: follow-up once, new information, its review in a day, versions, acknowledgements."""

from datetime import date

from services.safety.commands import RecordDueDiligence
from services.safety.domain.state import Case
from shared.contracts.safety import (
    CaseAcknowledged,
    CaseReportable,
    CaseVersionCreated,
    DueDiligenceRecorded,
    FollowUpRequested,
    InformationReviewed,
    NewInformationReceived,
    ReportAcknowledged,
    ReportFiled,
)
from tests.unit.safety.given_case import (
    CASE,
    DAY0,
    EXPECTED,
    FATAL,
    FOLLOW_UP,
    INFO,
    INSIGNIFICANT,
    LATER,
    RECORDS,
    SERIOUS,
    SIGNIFICANT,
    SUSPECTED,
    SUSPECTED_FATAL,
    TRIAL,
    acknowledged,
    corrected,
    given,
    only,
    refused,
    then,
    told,
)

REPORTABLE = (SERIOUS, SUSPECTED)


def test_records_start_the_clock_of_their_review_one_working_day_from_receipt() -> None:
    friday = RECORDS.model_copy(update={"received_on": date(2026, 3, 27)})
    event = only(NewInformationReceived, told(given(*REPORTABLE), friday, LATER))
    assert event.review.due_on == date(2026, 3, 30)
    assert event.review.force == "internal"


def test_the_same_information_arrives_once() -> None:
    case, _ = then(given(*REPORTABLE), RECORDS, LATER)
    assert told(case, RECORDS, LATER) == []


def test_information_on_an_unknown_case_is_stored_and_marked() -> None:
    assert only(NewInformationReceived, told(Case(), RECORDS, LATER)).breaks == ("case_unknown",)


def test_information_that_overtakes_the_report_waits_for_it() -> None:
    case, _ = then(Case(), RECORDS, LATER)
    case, _ = then(case, SERIOUS, LATER)
    assert only(CaseVersionCreated, told(case, SIGNIFICANT, LATER)).version == 2


def test_significant_information_on_a_reportable_case_owes_a_follow_up_from_its_own_receipt() -> None:
    case, _ = then(given(*REPORTABLE), RECORDS, LATER)
    events = told(case, SIGNIFICANT, LATER)
    version, owed = only(CaseVersionCreated, events), only(CaseReportable, events)
    assert (version.version, version.new_info_on, version.received_on) == (2, date(2026, 4, 1), DAY0)
    assert (owed.kind, owed.version) == ("follow_up", 2)
    assert [(each.code, each.legal.due_on) for each in owed.obligations] == [
        ("us_ind_follow_up_15_day", date(2026, 4, 16))
    ]


def test_information_that_is_not_significant_makes_no_version() -> None:
    case, _ = then(given(*REPORTABLE), RECORDS, LATER)
    assert [type(event) for event in told(case, INSIGNIFICANT, LATER)] == [InformationReviewed]


def test_significant_information_before_a_determination_makes_a_version_and_no_report() -> None:
    case, _ = then(given(SERIOUS), RECORDS, LATER)
    case, events = then(case, SIGNIFICANT, LATER)
    assert [type(event) for event in events] == [InformationReviewed, CaseVersionCreated]
    owed = only(CaseReportable, told(case, SUSPECTED, LATER))
    assert (owed.kind, owed.version) == ("initial", 2)
    assert owed.obligations[0].operational.anchor_on == DAY0


def test_information_is_judged_once_and_otherwise_refused() -> None:
    case, _ = then(given(*REPORTABLE), RECORDS, LATER)
    case, _ = then(case, SIGNIFICANT, LATER)
    assert told(case, SIGNIFICANT, LATER) == []
    assert refused(case, INSIGNIFICANT, LATER).rule == "case.information_reviewed"


def test_a_reviewer_names_the_information_unless_one_alone_waits() -> None:
    unnamed = SIGNIFICANT.model_copy(update={"info_id": None})
    assert refused(given(*REPORTABLE), unnamed).rule == "case.information_unknown"
    case, _ = then(given(*REPORTABLE), RECORDS, LATER)
    assert only(CaseVersionCreated, told(case, unnamed, LATER)).info_id == INFO
    case, _ = then(case, RECORDS.model_copy(update={"info_id": CASE}), LATER)
    assert refused(case, unnamed, LATER).rule == "case.information_ambiguous"


def test_follow_up_is_asked_for_once_with_the_earliest_dates_of_all_reports() -> None:
    case, events = then(given(FATAL, SUSPECTED_FATAL), FOLLOW_UP)
    asked = only(FollowUpRequested, events)
    assert (asked.legal_due, asked.operational_due) == (date(2026, 3, 9), date(2026, 3, 9))
    assert asked.priority == "urgent"
    assert "autopsy" in asked.questions
    assert told(case, FOLLOW_UP) == []


def test_follow_up_is_asked_for_again_only_where_a_date_becomes_earlier() -> None:
    case = given(SERIOUS, SUSPECTED, FOLLOW_UP)
    assert (
        told(given(SERIOUS, SUSPECTED, FOLLOW_UP, corrected(received_on=date(2026, 3, 3))), FOLLOW_UP) == []
    )
    case, _ = then(case, corrected(received_on=date(2026, 2, 27)))
    again = only(FollowUpRequested, told(case, FOLLOW_UP))
    assert again.operational_due == date(2026, 3, 14)
    assert (
        again.followup_id != only(FollowUpRequested, told(given(SERIOUS, SUSPECTED), FOLLOW_UP)).followup_id
    )


def test_nothing_is_asked_for_while_nothing_is_owed() -> None:
    assert told(given(SERIOUS), FOLLOW_UP) == []


def test_the_case_is_acknowledged_when_every_authority_has_acknowledged() -> None:
    case, events = then(given(FATAL, SUSPECTED_FATAL), acknowledged("us_ind_15_day"))
    assert [type(event) for event in events] == [ReportAcknowledged]
    case, events = then(case, acknowledged("us_ind_7_day", number=2))
    assert only(CaseAcknowledged, events).reports == 2
    assert told(case, acknowledged("us_ind_7_day", number=2)) == []


def test_the_investigators_acknowledgement_is_no_condition() -> None:
    _, events = then(given(*REPORTABLE), acknowledged("us_ind_15_day"))
    assert only(CaseAcknowledged, events).reports == 1


def test_a_follow_up_is_acknowledged_for_itself() -> None:
    case = given(*REPORTABLE, acknowledged("us_ind_15_day"))
    case, _ = then(case, RECORDS, LATER)
    case, _ = then(case, SIGNIFICANT, LATER)
    assert case.owed - case.acknowledged == {(2, "us_ind_follow_up_15_day")}
    events = told(case, acknowledged("us_ind_follow_up_15_day", 2, 3), LATER)
    assert only(CaseAcknowledged, events).version == 2


def test_a_report_s_fate_is_kept_even_of_an_unknown_case() -> None:
    filed = acknowledged("us_ind_15_day").model_copy(update={"status": "filed"})
    assert only(ReportFiled, told(Case(), filed)).breaks == ("case_unknown",)
    assert told(given(*REPORTABLE, filed), filed) == []


def test_a_vain_search_is_noted_once() -> None:
    search = RecordDueDiligence(case_id=CASE, trial_id=TRIAL, request_id=INFO, outcome="none")
    assert only(DueDiligenceRecorded, told(given(SERIOUS, EXPECTED), search)).outcome == "none"
    assert told(given(SERIOUS, EXPECTED, search), search) == []
