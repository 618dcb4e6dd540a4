"""The lock of a trial's data and its analysis plan: each knows of the other, whichever comes first."""

from datetime import timedelta
from typing import Any

import pytest

from services.trials.commands.analysis_plan import (
    ApproveAnalysisPlan,
    DraftAnalysisPlan,
    RecordAnalysisMilestone,
)
from services.trials.commands.data import (
    LockDatabase,
    RecordLastVisit,
    SoftLockData,
    StartCleaning,
    UnlockDatabase,
)
from services.trials.domain.data_lock import preconditions
from services.trials.projections.trial_data import TrialData
from services.trials.rules.data_lock import ATTESTED
from shared.contracts.message import Command, Refusal
from shared.contracts.trials.data import DatabaseLocked
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.statistics import AnalysisMilestoneReached
from tests.unit.trials.protocol_world import draft, registered
from tests.unit.trials.trials_world import NOW, TRIAL, World

TODAY, DAY = NOW.date(), timedelta(days=1)
NAMED: Any = [{"precondition": name, "document_ref": f"doc-{name}"} for name in ATTESTED]
LOCK = LockDatabase(trial_id=TRIAL, attested=NAMED)
OTHERS: Any = [one for one in NAMED if one["precondition"] != "sap_approved"]
BARE = LockDatabase(trial_id=TRIAL, attested=OTHERS)
MILESTONE = RecordAnalysisMilestone(trial_id=TRIAL, milestone="database_lock", reached_on=TODAY)
APPROVE = ApproveAnalysisPlan(trial_id=TRIAL, plan="SAP 1", approved_on=TODAY - DAY)
CLEAN: tuple[Command, ...] = (
    RecordLastVisit(trial_id=TRIAL, visited_on=TODAY - DAY),
    StartCleaning(trial_id=TRIAL),
    SoftLockData(trial_id=TRIAL),
)


def planned() -> World:
    world = registered()
    drafted = DraftAnalysisPlan(
        trial_id=TRIAL, plan="SAP 1", version="1.0", dated_on=TODAY - 9 * DAY, document_ref="etmf:sap"
    )
    for command in (draft(), drafted):
        assert not isinstance(world.do(command), Refusal)
    return world


@pytest.mark.parametrize("order", [(APPROVE, *CLEAN), (*CLEAN, APPROVE)], ids=["before", "after"])
def test_a_plan_that_is_approved_here_needs_no_attestation(order: tuple[Command, ...]) -> None:
    world = planned()
    for command in order:
        world.do(command)
    (locked,) = world.do(BARE)  # type: ignore[misc]
    assert isinstance(locked, DatabaseLocked)
    (met,) = [one for one in locked.preconditions if one.name == "sap_approved"]
    assert (met.met, met.missing, met.document_ref) == (True, 0, None)
    (reached,) = world.events(AnalysisMilestoneReached)
    assert (reached.milestone, reached.reached_on, reached.plan) == ("database_lock", TODAY, "SAP 1")
    assert world.events(DeviationReported) == []


def test_a_plan_that_is_only_drafted_here_is_attested_or_missing() -> None:
    world = planned()
    for command in CLEAN:
        world.do(command)
    refusal = world.do(BARE)
    assert isinstance(refusal, Refusal)
    assert refusal.detail == "not met: sap_approved (not attested)"
    assert not isinstance(world.do(LOCK), Refusal)


@pytest.mark.parametrize("reported_first", [True, False])
def test_a_plan_that_was_attested_is_no_deviation_of_the_lock(reported_first: bool) -> None:
    world = World()
    for command in (*CLEAN, *([MILESTONE, LOCK] if reported_first else [LOCK, MILESTONE])):
        assert not isinstance(world.do(command), Refusal)
    last = world.events(AnalysisMilestoneReached)[-1]
    assert (last.plan, last.plan_ref, last.breaks) == (None, "doc-sap_approved", ())
    open_ones = len(world.events(DeviationReported)) - len(world.events(DeviationAnnulled))
    assert (open_ones, len(world.events(DeviationReported))) == (0, int(reported_first))


def test_a_second_lock_does_not_move_the_day_on_which_results_could_be_seen() -> None:
    world = World()
    for command in (*CLEAN, LOCK, UnlockDatabase(trial_id=TRIAL, reason="data_error")):
        world.do(command)
    world.now = NOW + 5 * DAY
    assert not isinstance(world.do(LOCK), Refusal)
    assert [one.reached_on for one in world.events(AnalysisMilestoneReached)] == [TODAY]


def test_the_page_says_what_a_lock_would_find_now() -> None:
    world = planned()
    world.do(APPROVE)
    row = world.guard(TrialData, TRIAL)
    assert row.analysis_plan == "SAP 1"
    assert {one.name: one.met for one in preconditions(row, ())}["sap_approved"]
