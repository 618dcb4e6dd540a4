"""A trial's data: forms, counts as they are told, what a lock asks for, and what completes the trial."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.commands.data import (
    LockDatabase,
    RecordLastVisit,
    RecordTmfComplete,
    ReleaseCrf,
    SoftLockData,
    StartCleaning,
    UnlockDatabase,
)
from services.trials.commands.data_counts import RecordDataCounts
from services.trials.commands.site_steps import BeginSiteClosing
from services.trials.commands.trial import ChangeTrialStatus
from services.trials.domain import data, data_counts
from services.trials.domain.data_lock import preconditions
from services.trials.projections.data_counts import DataCounts, TrialForms
from services.trials.projections.guards import TrialGuard
from services.trials.projections.trial_data import TrialData, fold_trial_data
from services.trials.rules.data_lock import ATTESTED
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.data import CrfReleased, DatabaseLocked, DataCountsRecorded, Precondition
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.site import SiteReady
from shared.contracts.trials.trial import TrialStatusChanged
from tests.unit.trials.money import made
from tests.unit.trials.test_trials_chain import enrol, selected
from tests.unit.trials.test_trials_properties import folded
from tests.unit.trials.test_trials_registry import version
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, World, recorded

TODAY = NOW.date()
DAY = timedelta(days=1)
CRF = ReleaseCrf(
    trial_id=TRIAL, form="DM", version="1.0", protocol_version="1.0", effective_from=date(2026, 1, 1)
)
FIGURES: dict[str, Any] = {
    "forms_expected": 30,
    "forms_entered": 20,
    "forms_verified": 10,
    "queries_opened": 8,
    "queries_answered": 6,
    "queries_closed": 5,
}
DONE: dict[str, Any] = {name: 30 for name in FIGURES}
ATTESTATIONS: Any = [{"precondition": name, "document_ref": f"doc-{name}"} for name in ATTESTED]
LAST_VISIT = RecordLastVisit(trial_id=TRIAL, visited_on=TODAY - DAY)
TMF = RecordTmfComplete(trial_id=TRIAL, completed_on=TODAY, document_ref="tmf-review-1")
LOCK = LockDatabase(trial_id=TRIAL, attested=ATTESTATIONS)
UNLOCK = UnlockDatabase(trial_id=TRIAL, reason="data_error")


def counts(on: date = TODAY, site: UUID = SITE, source: str = "EDC", **figures: Any) -> RecordDataCounts:
    return RecordDataCounts(
        trial_id=TRIAL,
        site_id=site,
        as_of=on,
        source=source,
        **FIGURES | figures,
    )


def breaks(world: World, command: RecordDataCounts) -> tuple[str, ...]:
    told, *_ = made(world, command)
    assert isinstance(told, DataCountsRecorded)
    return told.breaks


def soft_locked(world: World, visits_over: bool = True) -> None:
    if visits_over:
        world.do(LAST_VISIT)
    world.do(StartCleaning(trial_id=TRIAL))
    world.do(SoftLockData(trial_id=TRIAL))


def refused(decision: Any) -> tuple[str, str]:
    assert isinstance(decision, Refusal)
    return decision.rule, decision.detail


@pytest.fixture
def site(world: World) -> World:
    selected(world)
    return world


# Forms


def test_a_form_is_released_once(world: World) -> None:
    assert world.do(CRF) == [CrfReleased(**CRF.model_dump())]
    assert world.do(CRF) == []
    (row,) = folded(world.told)[TrialForms, (TRIAL,)].forms
    assert (row.form, row.protocol_version, row.effective_from) == ("DM", "1.0", date(2026, 1, 1))


def test_no_form_reaches_back_past_the_one_in_use_whatever_is_to_come(world: World) -> None:
    world.do(CRF)
    made(world, CRF.model_copy(update={"version": "2.0", "effective_from": TODAY + 100 * DAY}))
    third = CRF.model_copy(update={"version": "3.0", "effective_from": date(2000, 1, 1)})
    assert refused(world.do(third))[0] == "crf.overlap"
    made(world, third.model_copy(update={"effective_from": TODAY + 50 * DAY}))


@pytest.mark.parametrize(
    ("change", "rule", "field"),
    [
        ({"protocol_version": "2.0"}, "crf.released_otherwise", "version"),
        ({"version": "2.0"}, "crf.overlap", "effective_from"),
    ],
)
def test_a_version_of_a_form_says_one_thing_and_follows_the_one_before(
    world: World, change: dict[str, str], rule: str, field: str
) -> None:
    world.do(CRF)
    refusal = world.do(CRF.model_copy(update=change))
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.field) == (rule, field)


def test_another_form_and_a_later_version_are_released_beside_it(world: World) -> None:
    world.do(CRF)
    for change in ({"form": "AE"}, {"version": "2.0", "effective_from": TODAY}):
        assert len(world.do(CRF.model_copy(update=change))) == 1  # type: ignore[arg-type]


def test_a_version_that_nobody_uses_yet_is_replaced_by_an_earlier_one(world: World) -> None:
    world.do(CRF.model_copy(update={"effective_from": TODAY + 30 * DAY}))
    assert len(made(world, CRF.model_copy(update={"version": "1.1", "effective_from": TODAY}))) == 1


def test_no_form_changes_while_the_database_is_locked(world: World) -> None:
    soft_locked(world)
    world.do(LOCK)
    assert refused(world.do(CRF))[0] == "data.locked"


# Counts


def test_counts_are_kept_as_told_and_once(site: World) -> None:
    assert site.do(counts()) == [DataCountsRecorded(**counts().model_dump())]
    assert site.do(counts()) == []
    row = folded(site.told)[DataCounts, (SITE, "EDC")]
    assert (row.as_of, row.forms_entered, row.breaks) == (TODAY, 20, ())


def test_a_total_that_fell_is_kept_and_marked(site: World) -> None:
    site.do(counts(TODAY - DAY))
    told, deviation = made(site, counts(forms_entered=19))
    assert told.breaks == deviation.rules == ("data_counts.total_fell",)
    assert isinstance(deviation, DeviationReported)
    assert (deviation.category, deviation.site_id, deviation.occurred_on) == ("data_counts", SITE, TODAY)


def test_a_total_that_fell_is_marked_also_where_the_earlier_day_is_told_late(site: World) -> None:
    for days, entered in ((2, 10), (0, 20)):
        site.do(counts(TODAY - days * DAY, forms_entered=entered))
    late, later, raised = made(site, counts(TODAY - DAY, forms_entered=25))
    assert (late.as_of, late.breaks) == (TODAY - DAY, ())
    assert (later.as_of, later.breaks) == (TODAY, ("data_counts.total_fell",))
    assert isinstance(raised, DeviationReported)
    assert (raised.rules, raised.occurred_on) == (later.breaks, TODAY)
    _, mended, annulled = made(site, counts(TODAY - DAY, forms_entered=15))
    assert (mended.as_of, mended.breaks) == (TODAY, ())
    assert annulled.deviation_id == raised.deviation_id


def test_forms_may_be_taken_out_of_the_schedule(site: World) -> None:
    site.do(counts(TODAY - DAY))
    assert breaks(site, counts(forms_expected=25)) == ()


def test_another_system_counts_for_itself(site: World) -> None:
    site.do(counts(TODAY - DAY))
    assert breaks(site, counts(source="Lab", forms_entered=12)) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"forms_verified": 21},
        {"forms_entered": 31},
        {"queries_answered": 9},
        {"queries_closed": 9},
    ],
)
def test_figures_that_disagree_are_kept_and_marked(site: World, wrong: dict[str, Any]) -> None:
    assert breaks(site, counts(**wrong)) == ("data_counts.disagree",)


def test_counts_of_a_day_to_come_are_kept_and_marked(site: World) -> None:
    assert breaks(site, counts(TODAY + 2 * DAY)) == ("data_counts.in_future",)


def test_counts_of_a_site_that_nobody_knows_here_are_kept_and_marked(world: World) -> None:
    assert breaks(world, counts()) == ("site.unknown",)
    selected(world)
    other = counts().model_copy(update={"trial_id": UUID(int=99), "as_of": TODAY - DAY})
    assert breaks(world, other) == ("site.other_trial",)


def test_corrected_counts_end_their_deviation_and_others_that_are_wrong_do_not(site: World) -> None:
    _, deviation = made(site, counts(forms_verified=21))
    assert breaks(site, counts(forms_verified=22)) == ("data_counts.disagree",)
    assert len(site.events(DeviationReported)) == 1
    _, annulled = made(site, counts())
    assert isinstance(annulled, DeviationAnnulled)
    assert annulled.deviation_id == deviation.deviation_id


def test_counts_that_are_wrong_once_more_raise_another_deviation(site: World) -> None:
    for forms in (21, 10, 22):
        site.do(counts(forms_verified=forms))
    first, second = site.events(DeviationReported)
    assert first.deviation_id != second.deviation_id
    assert [one.deviation_id for one in site.events(DeviationAnnulled)] == [first.deviation_id]


def test_what_is_told_late_of_an_earlier_day_does_not_change_the_latest(site: World) -> None:
    site.do(counts())
    site.do(counts(TODAY - DAY, forms_entered=15))
    rows = folded(site.told)
    assert rows[DataCounts, (SITE, "EDC")].forms_entered == 20
    assert rows[TrialData, (TRIAL,)].counts[SITE]["EDC"].forms_entered == 20


def test_data_that_change_after_the_lock_are_kept_and_marked(site: World) -> None:
    site.do(counts(TODAY - DAY, **DONE))
    soft_locked(site)
    site.do(LOCK)
    site.now = NOW + 2 * DAY
    assert breaks(site, counts(TODAY + DAY, **DONE)) == ()
    assert breaks(site, counts(TODAY + 2 * DAY, **DONE | {"queries_opened": 31})) == (
        "data_counts.after_lock",
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 40), st.integers(0, 40)), max_size=8))
def test_no_counts_are_refused_and_a_second_import_changes_nothing(told: list[tuple[int, int, int]]) -> None:
    world = World()
    selected(world)
    rows = {on: counts(TODAY - on * DAY, forms_entered=a, queries_closed=b) for on, a, b in told}
    for command in rows.values():
        assert not isinstance(world.do(command), Refusal)
    for command in rows.values():
        assert world.do(command) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 60), st.sampled_from(["EDC", "Lab"])), max_size=12)
)
def test_in_whatever_order_days_are_told_those_that_a_total_falls_to_are_marked(
    told: list[tuple[int, int, str]],
) -> None:
    world, rows = World(), dict[tuple[str, date], int]()
    selected(world)
    for on, entered, source in told:
        rows[source, TODAY - on * DAY] = entered
        world.do(
            counts(
                TODAY - on * DAY, source=source, forms_expected=60, forms_entered=entered, forms_verified=0
            )
        )
    latest = {(event.source, event.as_of): event.breaks for event in world.events(DataCountsRecorded)}
    days = sorted(rows)
    fell = {at for before, at in pairwise(days) if before[0] == at[0] and rows[at] < rows[before]}
    assert {at for at, breaks in latest.items() if breaks} == fell
    raised = {event.deviation_id for event in world.events(DeviationReported)}
    assert len(raised - {event.deviation_id for event in world.events(DeviationAnnulled)}) == len(fell)


# Locks


def test_a_lock_names_each_precondition_that_is_not_met_with_its_number(running: World) -> None:
    running.do(enrol())
    running.do(counts(site=UUID(int=5)))
    soft_locked(running)
    rule, detail = refused(running.do(LockDatabase(trial_id=TRIAL)))
    assert rule == "data.preconditions"
    assert detail == (
        "not met: sites_counted (1 missing), forms_entered (10 missing), queries_closed (3 missing),"
        " sdv_done (10 missing), coding_done (not attested), sae_reconciled (not attested),"
        " sap_approved (not attested)"
    )


def test_a_lock_keeps_what_it_rested_on(site: World) -> None:
    site.do(counts(**DONE | {"forms_verified": 12}))
    soft_locked(site)
    (locked,) = made(site, LOCK)
    assert isinstance(locked, DatabaseLocked)
    assert (locked.lock, locked.locked_on) == (1, TODAY)
    assert all(one.met for one in locked.preconditions)
    by_name = {one.name: one for one in locked.preconditions}
    assert by_name["sdv_done"] == Precondition(
        name="sdv_done", met=True, missing=18, document_ref="doc-sdv_done"
    )
    assert by_name["forms_entered"].missing == 0


@pytest.mark.parametrize("named", [["forms_entered"], ["coding_done", "coding_done"]])
def test_what_is_counted_is_not_attested_and_nothing_twice(named: list[str]) -> None:
    attested: Any = [{"precondition": one, "document_ref": "x"} for one in named]
    with pytest.raises(ValidationError, match="attested"):
        LockDatabase(trial_id=TRIAL, attested=attested)


def test_a_site_whose_subject_was_told_when_it_was_closing_is_counted_or_missing(running: World) -> None:
    running.do(BeginSiteClosing(trial_id=TRIAL, site_id=SITE))
    running.do(enrol())
    soft_locked(running)
    assert refused(running.do(LOCK)) == ("data.preconditions", "not met: sites_counted (1 missing)")
    running.do(counts(**DONE))
    assert isinstance(made(running, LOCK)[0], DatabaseLocked)


def test_before_the_last_visit_a_lock_is_an_interim_one_and_completes_nothing(running: World) -> None:
    running.do(enrol())
    running.do(counts(TODAY - 2 * DAY, **DONE))
    soft_locked(running, visits_over=False)
    assert refused(running.do(LOCK))[0] == "data.visits_open"
    (locked,) = made(running, LOCK.model_copy(update={"interim": True}))
    assert (locked.interim, running.guard(TrialData, TRIAL).interim) == (True, True)
    running.now = NOW + 2 * DAY
    assert breaks(running, counts(TODAY + DAY, **DONE | {"queries_opened": 31})) == ()
    (told,) = made(running, LAST_VISIT.model_copy(update={"visited_on": TODAY}))
    assert told.breaks == ()
    running.do(TMF)
    detail = "the database is locked for an interim analysis"
    assert refused(completed(running)) == ("trial.not_locked", detail)
    running.do(UNLOCK)
    running.do(counts(TODAY + DAY, **DONE))
    assert not made(running, LOCK)[0].interim
    assert [event.after for event in completed(running)][-1] == "completed"


def test_counts_older_than_the_last_visit_are_not_those_of_a_lock() -> None:
    known = fold_trial_data(None, recorded(DataCountsRecorded(**counts(**DONE).model_dump()), SITE), (TRIAL,))
    row = TrialData(TRIAL, counts=known.counts, enrolling=(SITE,), last_visit_on=TODAY)
    assert preconditions(row, ())[0] == Precondition(name="sites_counted", met=True, missing=0)
    later = TrialData(TRIAL, counts=known.counts, enrolling=(SITE,), last_visit_on=TODAY + DAY)
    assert preconditions(later, ())[0] == Precondition(name="sites_counted", met=False, missing=1)


def test_each_system_that_counts_a_site_has_to_be_done(site: World) -> None:
    site.do(counts(**DONE))
    site.do(counts(source="Lab", **DONE | {"queries_closed": 28}))
    soft_locked(site)
    assert refused(site.do(LOCK)) == ("data.preconditions", "not met: queries_closed (2 missing)")


def test_an_unlock_keeps_its_reason_until_the_next_lock(site: World) -> None:
    soft_locked(site)
    site.do(LOCK)
    site.do(UNLOCK)
    row = folded(site.told)[TrialData, (TRIAL,)]
    assert (row.status, row.unlock_reason, row.locks) == ("unlocked", "data_error", 1)
    site.do(LOCK)
    row = folded(site.told)[TrialData, (TRIAL,)]
    assert (row.status, row.unlock_reason, row.locks) == ("locked", None, 2)


def test_time_alone_changes_no_data() -> None:
    wake = Wake(stream=TRIAL)
    assert data.decide(data.Data(), wake, Facts(), NOW) == []
    assert data_counts.decide(data_counts.Counts(), wake, Facts(), NOW) == []


def test_an_event_about_something_else_changes_no_data() -> None:
    ready = recorded(SiteReady(trial_id=TRIAL, site_id=SITE, gates=()), SITE)
    assert fold_trial_data(TrialData(TRIAL), ready, (TRIAL,)) == TrialData(TRIAL)


# The last visit, the master file, and the trial's completion


def test_the_last_visit_is_told_again_where_it_was_another_day(world: World) -> None:
    world.do(LAST_VISIT)
    assert world.do(LAST_VISIT) == []
    world.do(LAST_VISIT.model_copy(update={"visited_on": TODAY}))
    assert folded(world.told)[TrialData, (TRIAL,)].last_visit_on == TODAY


@pytest.mark.parametrize(
    ("on", "broken"),
    [
        (TODAY, ()),
        (TODAY + DAY, ("last_visit.after_lock",)),
        (TODAY + 2 * DAY, ("last_visit.in_future", "last_visit.after_lock")),
    ],
)
def test_a_last_visit_to_come_or_after_the_lock_is_kept_and_marked(
    world: World, on: date, broken: tuple[str, ...]
) -> None:
    soft_locked(world)
    world.do(LOCK)
    told, *deviation = made(world, LAST_VISIT.model_copy(update={"visited_on": on}))
    assert told.breaks == broken
    assert [one.rules for one in deviation if isinstance(one, DeviationReported)] == (
        [broken] if broken else []
    )


def test_a_master_file_is_complete_by_the_record_of_its_review(world: World) -> None:
    world.do(TMF)
    assert world.do(TMF) == []
    row = folded(world.told)[TrialData, (TRIAL,)]
    assert (row.tmf_completed_on, row.tmf_ref) == (TODAY, "tmf-review-1")
    told, deviation = made(world, TMF.model_copy(update={"completed_on": TODAY + 2 * DAY}))
    assert told.breaks == deviation.rules == ("tmf.in_future",)


def completed(world: World) -> Any:
    return world.do(ChangeTrialStatus(trial_id=TRIAL, status="completed"))


def test_a_trial_is_completed_after_last_visit_lock_and_master_file(running: World) -> None:
    running.do(ChangeTrialStatus(trial_id=TRIAL, status="closed_accrual"))
    assert refused(completed(running)) == (
        "trial.visits_open",
        "nobody has reported the last visit of the last subject",
    )
    running.do(counts(**DONE))
    assert refused(completed(running))[0] == "trial.visits_open"
    running.do(LAST_VISIT)
    assert refused(completed(running)) == ("trial.not_locked", "the database is not locked: it is open")
    soft_locked(running)
    running.do(LOCK)
    assert refused(completed(running)) == (
        "trial.tmf_open",
        "nobody has reported the trial master file complete",
    )
    running.do(TMF)
    running.do(UNLOCK)
    assert refused(completed(running))[0] == "trial.not_locked"
    running.do(LOCK)
    assert [event.after for event in completed(running)] == ["closed_accrual_intervention", "completed"]
    assert running.guard(TrialGuard, TRIAL).status == "completed"


def test_a_lock_before_the_last_visit_completes_no_trial(running: World) -> None:
    soft_locked(running)
    running.do(LOCK)
    running.do(LAST_VISIT.model_copy(update={"visited_on": TODAY + DAY}))
    running.do(TMF)
    detail = f"the database was locked on {TODAY}, before the last visit on {TODAY + DAY}"
    assert refused(completed(running)) == ("trial.not_locked", detail)


def test_a_trial_that_the_registry_alone_speaks_of_is_completed_by_its_word_and_by_no_one_elses(
    world: World,
) -> None:
    world.do(version("2026-01-01"))
    assert refused(completed(world))[0] == "trial.visits_open"
    world.do(version("2026-02-01", overallStatus="COMPLETED"))
    assert world.events(TrialStatusChanged)[-1].after == "completed"
