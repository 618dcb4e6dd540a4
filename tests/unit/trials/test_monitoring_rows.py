"""Rows of monitoring: what pages show, and that the order of streams does not matter."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.trials.commands.subject import CorrectEnrolment, EnrolSubject
from services.trials.handlers import SERVICE
from services.trials.projections.capa import CapaRow
from services.trials.projections.holds import DeviationRow
from services.trials.projections.kri_folds import counters_keys, fold_counters, plan_keys
from services.trials.projections.kri_guards import SiteCounters
from services.trials.projections.monitoring import ActionItemRow, VisitRow
from shared.contracts.message import Event, Recorded
from shared.contracts.safety import AdverseEventReceived
from shared.contracts.trials.data import DataCountsRecorded
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.subject import SubjectEnrolmentCorrected, SubjectStatus, SubjectStatusChanged
from tests.support.touched import touched
from tests.unit.trials.monitoring_world import (
    APPROVE,
    BARE,
    CONDUCT,
    DAY,
    ITEM,
    LEAD,
    MONITOR,
    QUALITY,
    REPORT,
    SCHEDULE,
    TODAY,
    VISIT,
    Whole,
    running,
)
from tests.unit.trials.test_capa_states import CAPA, FAILS, IMPLEMENT, OPEN, PLAN, WORKS
from tests.unit.trials.test_capa_states import CLOSE as CLOSE_CAPA
from tests.unit.trials.test_deviation_states import ASSESS, BREACH, DEVIATION, RESOLVE, TOLD
from tests.unit.trials.test_kri_runs import PLAN as WATCH
from tests.unit.trials.test_kri_runs import run
from tests.unit.trials.test_monitoring_visit_states import CANCEL, DONE, LATER, RETURN, in_state
from tests.unit.trials.test_remote_reviews import END, GRANT, READ
from tests.unit.trials.trials_world import SITE, SUBJECT, TRIAL, recorded

OF: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT}


def counted(*events: Event, row: SiteCounters | None = None) -> SiteCounters:
    for event in events:
        source = "safety" if isinstance(event, AdverseEventReceived) else "trials"
        message = recorded(event, UUID(int=7), source=source)
        for key in touched(counters_keys, message):
            row = fold_counters(row, message, key)
    return row or SiteCounters(SITE)


def moved(before: SubjectStatus | None, after: SubjectStatus, day: date = TODAY) -> SubjectStatusChanged:
    return SubjectStatusChanged(**OF, before=before, after=after, changed_on=day)


def received(**fields: Any) -> AdverseEventReceived:
    told: dict[str, Any] = {"case_id": UUID(int=71), "received_on": TODAY, "zone": "UTC"}
    return AdverseEventReceived(**OF, **told | fields)


def test_a_visit_is_shown_with_what_its_report_found() -> None:
    world = in_state("follow_up")
    row = world.guard(VisitRow, VISIT)
    assert (row.status, row.open_items, row.submitted_by, row.approved_by) == ("follow_up", 1, "m-1", "l-1")
    assert (row.findings[0].category, row.sdv.fields_verified) == ("consent", 90)
    world.do(DONE)
    assert (world.guard(VisitRow, VISIT).status, world.guard(VisitRow, VISIT).open_items) == ("complete", 0)
    assert world.guard(SiteCounters, SITE).forms_verified == 12


def test_a_visit_is_shown_with_the_reason_for_its_change() -> None:
    assert in_state("cancelled").guard(VisitRow, VISIT).reason == "no_subjects"
    world = in_state("scheduled")
    world.do(LATER)
    row = world.guard(VisitRow, VISIT)
    assert (row.reason, row.planned_on) == ("site_asked", LATER.planned_on)
    assert world.guard(SiteCounters, SITE).visits[VISIT].planned_on == LATER.planned_on
    world.do(CANCEL)
    assert world.guard(SiteCounters, SITE).visits == {}
    world = in_state("report_pending_review")
    world.do(RETURN, LEAD)
    assert world.guard(VisitRow, VISIT).reason == "incomplete"


def test_an_action_item_is_open_then_overdue_then_done() -> None:
    world = in_state("follow_up")
    row = world.guard(ActionItemRow, VISIT, ITEM)
    assert (row.status, row.owner, row.due_on) == ("open", "s-1", TODAY + DAY)
    world.now = world.wakes_at(VISIT)
    world.wake(VISIT)
    assert (world.guard(ActionItemRow, VISIT, ITEM).status, world.guard(VisitRow, VISIT).open_items) == (
        "overdue",
        1,
    )
    world.do(DONE)
    assert world.guard(ActionItemRow, VISIT, ITEM).status == "done"


def test_an_action_that_was_late_and_failed_shows_both() -> None:
    world = running()
    world.do(OPEN, QUALITY)
    world.do(PLAN, LEAD)
    world.now = world.wakes_at(CAPA)
    world.wake(CAPA)
    assert world.guard(CapaRow, CAPA).overdue
    world.do(IMPLEMENT, MONITOR)
    world.do(FAILS, QUALITY)
    row = world.guard(CapaRow, CAPA)
    assert (row.status, row.reopened, row.overdue, row.checked_by) == ("opened", 1, False, "q-1")


def test_an_action_that_works_is_closed() -> None:
    world = running()
    for command, actor in ((OPEN, QUALITY), (PLAN, LEAD), (IMPLEMENT, MONITOR), (WORKS, QUALITY)):
        world.do(command, actor)
    world.do(CLOSE_CAPA, QUALITY)
    row = world.guard(CapaRow, CAPA)
    assert (row.status, row.closed_on, row.sources) == ("closed", TODAY, OPEN.sources)


def test_a_deviation_shows_what_quality_made_of_it() -> None:
    world = running()
    for command in (TOLD, ASSESS, BREACH, RESOLVE):
        world.do(command, QUALITY)
    row = world.guard(DeviationRow, DEVIATION)
    assert (row.status, row.severity, row.important, row.serious_breach) == ("resolved", "major", True, True)
    assert (row.assessed_on, row.resolved_on) == (TODAY, TODAY)


def test_screenings_and_their_failures_are_counted_once() -> None:
    row = counted(
        moved(None, "potential-candidate"),
        moved("candidate", "screening"),
        moved("screening", "eligible"),
        moved("eligible", "ineligible"),
        moved("ineligible", "screening"),
        moved("screening", "ineligible"),
        moved("candidate", "ineligible"),
    )
    assert (row.screened, row.screen_failed) == (2, 2)


def test_a_subjects_time_ends_when_it_leaves_and_begins_again_when_it_returns() -> None:
    world = running()
    world.do(EnrolSubject(**OF, subject_code="S-1", enrolled_on=TODAY - 30 * DAY))
    row = counted(
        moved("on-study", "off-study", TODAY - 20 * DAY),
        moved("off-study", "follow-up", TODAY - 5 * DAY),
        row=world.guard(SiteCounters, SITE),
    )
    assert (row.enrolled, row.observed, row.days_observed(TODAY)) == (1, 1, 15)


def test_a_corrected_enrolment_moves_the_begin_of_a_subjects_time() -> None:
    world = running()
    world.do(EnrolSubject(**OF, subject_code="S-1", enrolled_on=TODAY - 30 * DAY))
    right = CorrectEnrolment(
        **OF, subject_code="S-1", enrolled_on=TODAY - 10 * DAY, corrects=UUID(int=9), reason="typing_error"
    )
    world.do(right)
    assert world.guard(SiteCounters, SITE).days_observed(TODAY) == 10


def test_a_correction_that_does_not_say_what_it_corrects_changes_no_time() -> None:
    older = SubjectEnrolmentCorrected(**OF, subject_code="S-1", enrolled_on=TODAY, corrects=UUID(int=9))
    assert counted(older) == SiteCounters(SITE, TRIAL)


def test_a_deviation_counts_at_its_site_until_it_is_annulled() -> None:
    of: dict[str, Any] = {"deviation_id": DEVIATION, "trial_id": TRIAL}
    reported = DeviationReported(**of, site_id=SITE, category="c", rules=("r",), occurred_on=TODAY)
    assert counted(reported).deviations == 1
    assert counted(reported, DeviationAnnulled(**of, site_id=SITE, reason="r")).deviations == 0
    nowhere = reported.model_copy(update={"site_id": None})
    assert touched(counters_keys, recorded(nowhere, DEVIATION)) == ()


def test_adverse_events_and_late_serious_ones_are_counted() -> None:
    serious = {"seriousness": ("death",)}
    row = counted(
        received(),
        received(**serious),
        received(**serious, aware_on=TODAY - DAY),
        received(**serious, aware_on=TODAY - 2 * DAY),
        received(**serious, aware_on=TODAY + DAY),
    )
    assert (row.adverse_events, row.serious, row.serious_late) == (5, 2, 1)


def test_a_second_report_of_a_case_and_one_of_another_trials_site_are_not_counted() -> None:
    for rule in ("case_reported_before", "site_of_another_trial"):
        assert touched(counters_keys, recorded(received(breaks=(rule,)), SITE, source="safety")) == ()


def test_of_a_capture_systems_counts_the_latest_day_holds() -> None:
    def told(day: int, entered: int, source: str = "edc") -> DataCountsRecorded:
        zero: dict[str, Any] = dict.fromkeys(
            ("forms_expected", "queries_opened", "queries_answered", "queries_closed"), 0
        )
        where: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "source": source}
        as_of = TODAY + timedelta(days=day)
        return DataCountsRecorded(**where, **zero, as_of=as_of, forms_entered=entered, forms_verified=1)

    row = counted(told(2, 20), told(1, 10), told(1, 5, "eco"))
    assert (row.forms_entered(), row.verified(), list(row.data)) == (25, 2, ["eco", "edc"])


def test_what_is_about_something_else_touches_nothing() -> None:
    other = recorded(moved("candidate", "screening"), SUBJECT)
    assert touched(plan_keys, other) == ()
    indifferent = SiteCounters(SITE, TRIAL)
    assert counted(moved("candidate", "eligible"), row=indifferent) == indifferent


STEPS: list[tuple[Any, Any]] = [
    (WATCH, LEAD),
    (SCHEDULE, LEAD),
    (CONDUCT, MONITOR),
    (CANCEL, LEAD),
    (LATER, LEAD),
    (REPORT, MONITOR),
    (BARE, MONITOR),
    (RETURN, LEAD),
    (APPROVE, LEAD),
    (DONE, LEAD),
    (GRANT, LEAD),
    (READ, MONITOR),
    (END, LEAD),
    (TOLD, MONITOR),
    (ASSESS, QUALITY),
    (BREACH, QUALITY),
    (RESOLVE, QUALITY),
    (OPEN, QUALITY),
    (PLAN, LEAD),
    (IMPLEMENT, MONITOR),
    (WORKS, QUALITY),
    (FAILS, QUALITY),
    (CLOSE_CAPA, QUALITY),
]
histories = st.lists(st.sampled_from([*STEPS, None, DAY]), max_size=25)


def lived(history: list[Any]) -> Whole:
    """Commands by whoever gives them; `None` is a run of the indicators, a span of time wakes all."""
    world = running()
    for number, step in enumerate(history):
        if step is None:
            run(world, number)
        elif step is DAY:
            world.now += 5 * DAY
            for stream in [one for one, (aggregate, _) in world.states.items() if aggregate.wake_at]:
                world.wake(stream)
        else:
            world.do(*step)
    return world


def rows(messages: list[Recorded[Any]]) -> dict[Any, Any]:
    world = Whole()
    for message in messages:
        world.fold(message)
    return world.guards


@settings(max_examples=80, deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_rows_of_monitoring_do_not_depend_on_the_order_of_streams(history: list[Any], random: Any) -> None:
    told = lived(history).told
    streams: dict[UUID, list[Recorded[Any]]] = {}
    for message in told:
        streams.setdefault(message.stream_id, []).append(message)
    shuffled: list[Recorded[Any]] = []
    while streams:
        stream = random.choice(sorted(streams))
        shuffled.append(streams[stream].pop(0))
        if not streams[stream]:
            del streams[stream]
    assert rows(told) == rows(shuffled)


@settings(max_examples=80, deadline=None)
@given(histories)
def test_a_row_of_a_visit_says_what_its_stream_says(history: list[Any]) -> None:
    world = lived(history)
    for stream, (aggregate, state) in world.states.items():
        if aggregate.name == "monitoring_visit":
            row = world.guard(VisitRow, stream)
            assert (row.status, row.open_items) == (state.told, len(state.open))
            waits = stream in world.guard(SiteCounters, row.site_id).visits
            assert waits == (state.told in ("scheduled", "overdue"))
    assert SERVICE.projections_of("trials")
