"""Whatever is reported and signed, in whatever order: software never decides, and no clock is forgotten."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.safety.commands import (
    AssessCase,
    CaseCommand,
    RecordNewInformation,
    ReportAdverseEvent,
    ReviewNewInformation,
)
from services.safety.domain.case import decide, evolve
from services.safety.domain.state import FATAL, Case
from shared.contracts.message import Refusal
from shared.contracts.safety import (
    AdverseEventCorrected,
    CaseAssessed,
    CaseNotReportable,
    CaseOpened,
    CaseReportable,
    SafetyEvent,
)
from tests.unit.safety.given_case import CASE, FOLLOW_UP, KNOWN, TRIAL, WHAT, acknowledged, corrected

criteria = st.lists(
    st.sampled_from(["death", "life_threatening", "hospitalisation", "other_important"]),
    max_size=2,
    unique=True,
).map(tuple)
causality = st.sampled_from(["related", "not_related", "not_assessed"])
days = st.dates(date(2026, 2, 20), date(2026, 3, 20))
infos = st.integers(20, 22).map(lambda n: UUID(int=n))


def _report(**fields: Any) -> ReportAdverseEvent:
    return ReportAdverseEvent(**{**WHAT, **fields})


def _assess(**fields: Any) -> AssessCase:
    return AssessCase(case_id=CASE, meaning="medical determination", rsi_version="IB-7", **fields)


commands: st.SearchStrategy[CaseCommand] = st.one_of(
    st.builds(_report, seriousness=criteria, received_on=days, causality_excluded=st.booleans()),
    st.builds(corrected, st.integers(1, 4), seriousness=criteria, received_on=days),
    st.builds(
        _assess,
        seriousness=criteria,
        causality_investigator=causality,
        causality_sponsor=causality,
        expected=st.booleans(),
        evidence_category=st.sampled_from(["A", "B", "C", None]),
        determination=st.sampled_from(["reportable", "not_reportable"]),
        rationale=st.sampled_from([None, "study_endpoint"]),
    ),
    st.builds(
        _assess,
        seriousness=st.sampled_from([("hospitalisation",), ("death",)]),
        causality_investigator=st.just("related"),
        causality_sponsor=st.just("related"),
        expected=st.just(False),
        evidence_category=st.just("A"),
        determination=st.just("reportable"),
    ),
    st.builds(
        lambda info, on: RecordNewInformation(
            case_id=CASE, trial_id=TRIAL, info_id=info, source="retrieval", received_on=on, zone="UTC"
        ),
        infos,
        days,
    ),
    st.builds(
        lambda info, yes: ReviewNewInformation(
            case_id=CASE, meaning="significance review", info_id=info, significant=yes
        ),
        infos,
        st.booleans(),
    ),
    st.just(FOLLOW_UP),
    st.sampled_from(["us_ind_15_day", "us_ind_7_day"]).map(acknowledged),
)
steps = st.lists(st.tuples(commands, st.integers(0, 5)), max_size=14)


def history(chosen: list[tuple[CaseCommand, int]]) -> list[tuple[Case, SafetyEvent]]:
    """Every event with the case before it; each command is sent twice, and the second time does nothing."""
    case, now = Case(), datetime(2026, 3, 1, 15, tzinfo=UTC)
    seen: list[tuple[Case, SafetyEvent]] = []
    for command, later in chosen:
        now += timedelta(days=later)
        events = decide(case, command, KNOWN, now)
        if isinstance(events, Refusal):
            assert not command.report
            continue
        for event in events:
            seen.append((case, event))
            case = evolve(case, event)
        assert decide(case, command, KNOWN, now) == []
    return seen


@settings(max_examples=200, deadline=None)
@given(steps)
def test_nothing_is_owed_without_a_signed_determination(chosen: list[tuple[CaseCommand, int]]) -> None:
    signed: CaseAssessed | None = None
    for _, event in history(chosen):
        if isinstance(event, CaseAssessed):
            signed = event
        if isinstance(event, CaseReportable):
            assert signed is not None
            assert signed.reportable
            assert event.determination_on == signed.determination_on


@settings(max_examples=200, deadline=None)
@given(steps)
def test_a_seven_day_report_is_owed_for_fatal_or_life_threatening_events_only(
    chosen: list[tuple[CaseCommand, int]],
) -> None:
    signed: tuple[str, ...] = ()
    for _, event in history(chosen):
        if isinstance(event, CaseAssessed):
            signed = event.seriousness
        if isinstance(event, CaseReportable) and any("7_day" in o.code for o in event.obligations):
            assert FATAL & set(signed)


@settings(max_examples=200, deadline=None)
@given(steps)
def test_clocks_run_while_nothing_is_determined_and_end_with_the_determination(
    chosen: list[tuple[CaseCommand, int]],
) -> None:
    for before, event in history(chosen):
        case = evolve(before, event)
        codes = {clock.code for clock in case.clocks}
        if isinstance(event, CaseOpened | AdverseEventCorrected) and case.determination is None:
            assert ("us_ind_15_day" in codes) == event.serious
            assert event.fatal_or_life_threatening or "us_ind_7_day" not in codes
        if isinstance(event, CaseNotReportable) or (
            isinstance(event, CaseReportable) and event.kind == "initial"
        ):
            assert set(before.clocks) == set(event.provisional)
            assert not case.clocks
        if isinstance(event, AdverseEventCorrected):
            assert event.former_clocks == before.clocks


@settings(max_examples=200, deadline=None)
@given(steps)
def test_no_clock_is_due_before_its_anchor_nor_works_later_than_the_law(
    chosen: list[tuple[CaseCommand, int]],
) -> None:
    for before, event in history(chosen):
        for owed in evolve(before, event).obligations:
            assert owed.legal.anchor_on <= owed.legal.due_on
            assert owed.operational.due_on <= owed.legal.due_on
        if isinstance(event, CaseReportable) and event.kind == "follow_up":
            assert {owed.legal.anchor for owed in event.obligations} == {"new_information"}


@settings(max_examples=200, deadline=None)
@given(steps)
def test_an_ended_clock_is_never_armed_again_under_the_same_id(chosen: list[tuple[CaseCommand, int]]) -> None:
    ended: set[tuple[str, date, UUID | None]] = set()
    for before, event in history(chosen):
        was = {(clock.code, clock.anchor_on, clock.anchor_event) for clock in before.clocks}
        now = {(clock.code, clock.anchor_on, clock.anchor_event) for clock in evolve(before, event).clocks}
        assert not now & ended
        ended |= was - now
