"""What names a site of another trial: kept and marked, in a stream of its own, and counted nowhere."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.trials.commands.budget import AgreeBudget, Line, ReachMilestone, ReportPayable
from services.trials.commands.consent import RecordConsent, RecordConsentVersion, RequireReconsent
from services.trials.commands.data_counts import RecordDataCounts
from services.trials.commands.feed import RecordDailySummary
from services.trials.commands.recruitment import AssessRetentionRisk
from services.trials.commands.retention import RequestErasure
from services.trials.commands.subject import DoseSubject, RandomiseSubject, WithdrawSubject
from services.trials.commands.subject_history import HistoryStep, RecordSubjectHistory
from services.trials.commands.subject_steps import (
    ChangeSubjectStatus,
    IdentifyCandidate,
    RecordDose,
    RecordVisit,
    ReportDeath,
    StartScreening,
)
from services.trials.projections.budgets import Payable
from services.trials.projections.consent_guards import SiteConsents, SiteSubjects
from services.trials.projections.data_counts import DataCounts
from services.trials.projections.enrolment_guards import EnrolmentCount
from services.trials.projections.erasures import erasure_keys
from services.trials.projections.feeds import SiteFeeds
from services.trials.projections.guards import SiteGuard, TrialCount, TrialGuard
from services.trials.projections.indicators import run_keys
from services.trials.projections.kri_guards import SiteCounters
from services.trials.projections.monitoring import action_item_keys
from services.trials.projections.protocol import urgent_keys
from services.trials.projections.recruitment import RetentionRiskRow
from services.trials.projections.trial_data import TrialData
from services.trials.rules.other_trial import OTHER_TRIAL
from shared.contracts.message import Command, Event, Refusal
from shared.contracts.trials.consent import ReconsentRequired
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.keeping import ErasureRejected
from shared.contracts.trials.kri import KriRunStarted
from shared.contracts.trials.monitoring import ActionItemCompleted
from shared.contracts.trials.protocol import UrgentChangeMade
from shared.contracts.trials.site import SiteEnrolmentStarted
from shared.contracts.trials.subject import SubjectEnrolled, SubjectStatusChanged
from tests.support.touched import touched
from tests.unit.trials.test_trials_chain import enrol
from tests.unit.trials.trials_world import NOW, SITE, SUBJECT, TRIAL, World, recorded

TODAY = NOW.date()
DAY = timedelta(days=1)
OTHER = UUID(int=77)
AT: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE}
COUNTS: dict[str, Any] = dict.fromkeys(
    ("forms_expected", "forms_entered", "forms_verified", "queries_opened", "queries_answered"), 1
)
REPORTS: dict[str, Command] = {
    "counts": RecordDataCounts(**AT, as_of=TODAY, source="edc", **COUNTS, queries_closed=1),
    "consent": RecordConsentVersion(
        **AT,
        version="2.0",
        language="en",
        released_on=TODAY,
        requires_reconsent="all_active",
        due_in_days=7,
    ),
    "payable": ReportPayable(
        **AT, subject_id=SUBJECT, milestone="visit_done", item="V2", reached_on=TODAY, cause=UUID(int=61)
    ),
    "risk": AssessRetentionRisk(**AT, subject_id=SUBJECT, assessed_on=TODAY, factors=("relocation",)),
    "summary": RecordDailySummary(
        **AT,
        subject_id=SUBJECT,
        source_system="watch",
        day=TODAY,
        measure="steps",
        received=3,
        raw_data_ref="raw-1",
        sha256="a" * 64,
    ),
}
LINE = Line(code="V", title="Visit", unit="visit", amount_minor=1, currency="USD", planned=1)


def elsewhere(command: Command) -> Command:
    """The same with the trial mistaken."""
    return command.model_copy(update={"trial_id": OTHER})


def known(world: World) -> dict[Any, Any]:
    """The rows of the site and of the trial whose site it is, beside those of the audit."""
    rows = {
        SiteConsents: (SITE,),
        SiteCounters: (SITE,),
        SiteFeeds: (SITE,),
        DataCounts: (SITE, "edc"),
        TrialData: (TRIAL,),
        Payable: (TRIAL, SITE, UUID(int=61), ""),
        RetentionRiskRow: (TRIAL, SITE, SUBJECT),
    }
    return {row: world.guard(row, *key) for row, key in rows.items()}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_under_a_wrong_trial_leaves_the_site_as_it_was_and_the_right_one_is_taken(
    running: World, name: str
) -> None:
    running.do(enrol())
    before = known(running)
    wrong = running.do(elsewhere(REPORTS[name]))
    assert isinstance(wrong, list)
    assert OTHER_TRIAL in wrong[0].breaks  # type: ignore[attr-defined]
    assert known(running) == before
    assert running.events(ReconsentRequired) == []
    right = running.do(REPORTS[name])
    assert isinstance(right, list)
    assert OTHER_TRIAL not in right[0].breaks  # type: ignore[attr-defined]
    of_stream: list[Any] = running.streams[REPORTS[name].stream_id]
    assert {event.trial_id for event in of_stream} == {TRIAL}
    assert known(running) != before


@pytest.mark.parametrize("name", ["counts", "consent", "payable", "risk"])
def test_it_is_a_deviation_once(running: World, name: str) -> None:
    running.do(elsewhere(REPORTS[name]))
    running.do(elsewhere(REPORTS[name]))
    (deviation,) = running.events(DeviationReported)
    assert (deviation.trial_id, deviation.rules) == (OTHER, (OTHER_TRIAL,))


@pytest.mark.parametrize(
    "command",
    [
        *REPORTS.values(),
        AgreeBudget(**AT, effective_from=TODAY, lines=(LINE,)),
        ReachMilestone(**AT, milestone="site_activated", reached_on=TODAY, cause=UUID(int=62)),
        RequestErasure(trial_id=TRIAL, subject_id=SUBJECT, reason="subject_request"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_no_two_trials_have_a_stream_in_common(command: Command) -> None:
    assert elsewhere(command).stream_id != command.stream_id


def test_a_site_mistaken_takes_no_stream_of_the_subject_either() -> None:
    command = REPORTS["risk"]
    assert command.model_copy(update={"site_id": UUID(int=78)}).stream_id != command.stream_id


RUN: dict[str, Any] = {"run_id": UUID(int=63), "cut_on": TODAY, "definitions": "2026-2"}
MADE = UrgentChangeMade(
    trial_id=TRIAL,
    change_id=UUID(int=64),
    version="2.0",
    site_ids=(SITE,),
    country="US",
    implemented_on=TODAY,
    reason="overdose",
    zone="UTC",
)
DONE = ActionItemCompleted(
    **AT, visit_id=UUID(int=65), item_id=UUID(int=66), completed_on=TODAY, document_ref="etmf:1"
)


@pytest.mark.parametrize(
    ("keys", "event", "another"),
    [
        (run_keys, KriRunStarted(**RUN, trial_id=TRIAL, by="clock"), {"trial_id": OTHER}),
        (urgent_keys, MADE, {"trial_id": OTHER}),
        (action_item_keys, DONE, {"visit_id": UUID(int=67)}),
        (
            erasure_keys,
            ErasureRejected(**AT, subject_id=SUBJECT, reason="retention"),
            {"trial_id": OTHER},
        ),
    ],
    ids=["run", "urgent change", "action item", "erasure"],
)
def test_an_id_that_a_sender_chose_is_one_thing_in_its_stream_only(
    keys: Any, event: Event, another: dict[str, Any]
) -> None:
    theirs = event.model_copy(update=another)
    assert touched(keys, recorded(event, SITE)) != touched(keys, recorded(theirs, SITE))


OF: dict[str, Any] = {**AT, "subject_id": SUBJECT}
TOLD: list[Command] = [
    IdentifyCandidate(**OF, subject_code="S-1", identified_on=TODAY),
    RecordConsent(**OF, version="1.0", language="en", signed_on=TODAY, subject_code="S-1"),
    enrol(),
    RecordVisit(**OF, visit="V1", done_on=TODAY),
    RecordDose(**OF, dosed_on=TODAY),
    WithdrawSubject(**OF, withdrawn_on=TODAY, scopes=("intervention",)),
    ReportDeath(**OF, died_on=TODAY),
    RecordSubjectHistory(
        **OF,
        source="sdtm",
        subject_code="S-1",
        steps=tuple(
            HistoryStep.model_validate({"kind": kind, "on": TODAY})
            for kind in ("candidate", "screening", "eligible", "enrolled", "randomised")
        ),
    ),
]


def of_the_site(world: World) -> list[Any]:
    rows = (SiteGuard, SiteCounters, SiteSubjects, SiteConsents)
    return [*(world.guard(row, SITE) for row in rows), world.guard(TrialCount, TRIAL), world.site()]


def of_another_trial(world: World) -> None:
    """Another trial recruits as well."""
    world.guards[TrialGuard, (OTHER,)] = replace(world.guard(TrialGuard, TRIAL), trial_id=OTHER)


def test_an_enrolment_at_another_trials_site_is_kept_marked_and_counted_nowhere(running: World) -> None:
    of_another_trial(running)
    before = of_the_site(running)
    running.do(elsewhere(enrol()))
    enrolled, changed = running.events(SubjectEnrolled)[0], running.events(SubjectStatusChanged)[0]
    assert enrolled.breaks == ("site.not_active", OTHER_TRIAL)
    assert changed.breaks == (OTHER_TRIAL,)
    rules = [(deviation.rules, deviation.site_id) for deviation in running.events(DeviationReported)]
    assert rules == [(("site.not_active",), None), ((OTHER_TRIAL,), None)]
    assert of_the_site(running) == before
    assert (running.guard(TrialCount, OTHER), running.guard(EnrolmentCount, OTHER)) == (None, None)
    assert running.events(SiteEnrolmentStarted) == []
    assert not any(message.data.trial_id == OTHER for message in running.told if "payment" in message.type)


@pytest.mark.parametrize("report", TOLD, ids=lambda command: type(command).__name__)
def test_no_report_on_a_subject_there_moves_what_is_known_of_the_site(
    running: World, report: Command
) -> None:
    of_another_trial(running)
    running.do(REPORTS["consent"])
    before = of_the_site(running)
    told = running.do(elsewhere(report))
    assert isinstance(told, list)
    assert told
    marks: list[Any] = [event for event in told if not isinstance(event, DeviationReported)]
    assert all(OTHER_TRIAL in event.breaks for event in marks)
    assert running.events(DeviationReported)[-1].rules == (OTHER_TRIAL,)
    assert of_the_site(running) == before


def test_the_same_report_there_is_kept_once(running: World) -> None:
    for report in TOLD[:4]:
        running.do(elsewhere(report))
        assert running.do(elsewhere(report)) == []


def test_a_signature_is_asked_of_nobody_by_the_versions_of_another_trials_site(running: World) -> None:
    running.do(REPORTS["consent"])
    running.do(elsewhere(TOLD[1]))
    assert running.events(ReconsentRequired) == []
    ask = RequireReconsent(**OF, version="2.0", language="en", due_on=TODAY, zone="UTC")
    running.do(elsewhere(ask))  # as the trial's own release would
    assert [event.trial_id for event in running.events(ReconsentRequired)] == [OTHER]


def test_a_second_report_there_is_no_second_deviation_of_the_site(running: World) -> None:
    for report in TOLD:
        running.do(elsewhere(report))
    of_the_site_itself = [one for one in running.events(DeviationReported) if one.rules == (OTHER_TRIAL,)]
    assert len(of_the_site_itself) == 1


@pytest.mark.parametrize(
    "request_",
    [
        StartScreening(**OF, screened_on=TODAY),
        RandomiseSubject(**OF, randomised_on=TODAY),
        ChangeSubjectStatus(**OF, status="follow-up", changed_on=TODAY),
        DoseSubject(**OF, dose_on=TODAY),
    ],
    ids=lambda command: type(command).__name__,
)
def test_nobody_is_screened_or_treated_at_a_site_of_another_trial(running: World, request_: Command) -> None:
    of_another_trial(running)
    first = TOLD[1] if isinstance(request_, StartScreening) else enrol()
    running.do(elsewhere(first))
    refusal = running.do(elsewhere(request_))
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.field) == (OTHER_TRIAL, "site_id")
