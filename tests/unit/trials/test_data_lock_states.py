"""Every pair of statuses of a trial's data: each allowed step happens, every other is refused by its rule."""

from itertools import product
from typing import Any, get_args

import pytest

from services.trials.commands.data import LockDatabase, SoftLockData, StartCleaning, UnlockDatabase
from services.trials.domain.data import Data, DataCommand, decide, evolve
from services.trials.projections.guards import TrialGuard
from services.trials.projections.trial_data import TrialData
from services.trials.rules.data_lock import ATTESTED, GUARDS, TRANSITIONS
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.data import (
    CleaningStarted,
    DatabaseLocked,
    DatabaseUnlocked,
    DataEvent,
    DataSoftLocked,
    DataStatus,
)
from tests.unit.trials.trials_world import NOW, TRIAL

TODAY = NOW.date()
STATUSES: tuple[DataStatus, ...] = get_args(DataStatus)
CLEAN = CleaningStarted(trial_id=TRIAL, started_on=TODAY)
SOFT = DataSoftLocked(trial_id=TRIAL, soft_locked_on=TODAY)
LOCKED = DatabaseLocked(trial_id=TRIAL, lock=1, locked_on=TODAY, preconditions=())
OPENED = DatabaseUnlocked(trial_id=TRIAL, unlocked_on=TODAY, reason="data_error")
REACHED: dict[DataStatus, tuple[DataEvent, ...]] = {
    "open": (),
    "cleaning": (CLEAN,),
    "soft_locked": (CLEAN, SOFT),
    "locked": (CLEAN, SOFT, LOCKED),
    "unlocked": (CLEAN, SOFT, LOCKED, OPENED),
}
VISITED = TrialData(TRIAL, last_visit_on=TODAY)
ATTESTATIONS: Any = [{"precondition": name, "document_ref": "doc"} for name in ATTESTED]
STEPS: dict[DataStatus, DataCommand] = {
    "cleaning": StartCleaning(trial_id=TRIAL),
    "soft_locked": SoftLockData(trial_id=TRIAL),
    "locked": LockDatabase(trial_id=TRIAL, attested=ATTESTATIONS),
    "unlocked": UnlockDatabase(trial_id=TRIAL, reason="data_error"),
}


def at(status: DataStatus) -> Data:
    data = Data()
    for event in REACHED[status]:
        data = evolve(data, event)
    assert data.status == status
    return data


@pytest.mark.parametrize(("before", "after"), list(product(STATUSES, STEPS)))
def test_a_step_happens_where_the_table_has_it_and_nowhere_else(
    before: DataStatus, after: DataStatus
) -> None:
    decision = decide(at(before), STEPS[after], Facts(TrialGuard(TRIAL, "active"), VISITED), NOW)
    if before == after:
        assert decision == []
    elif after in TRANSITIONS[before]:
        assert not isinstance(decision, Refusal)
        (event,) = decision
        assert evolve(at(before), event).status == after
    else:
        refusal = Refusal("data.transition", f"data that are {before} do not become {after}", before)
        assert decision == refusal


def test_nothing_leads_back_to_data_that_nobody_cleaned() -> None:
    assert set(TRANSITIONS) == set(STATUSES)
    assert {after for following in TRANSITIONS.values() for after in following} == set(STEPS)


@pytest.mark.parametrize(("step", "rules"), list(GUARDS.items()), ids=str)
def test_each_guard_stands_in_the_way_of_its_step(
    step: tuple[DataStatus, DataStatus], rules: tuple[str, ...]
) -> None:
    before, after = step
    assert after in TRANSITIONS[before]
    against = {
        "data.visits_open": (STEPS["locked"], Facts()),
        "data.preconditions": (LockDatabase(trial_id=TRIAL), Facts(VISITED)),
        "trial.archived": (STEPS[after], Facts(TrialGuard(TRIAL, "archived"))),
    }
    for rule in rules:
        command, facts = against[rule]
        refusal = decide(at(before), command, facts, NOW)
        assert isinstance(refusal, Refusal)
        assert (refusal.rule, refusal.state) == (rule, before)


def test_a_second_lock_is_counted() -> None:
    (again,) = decide(at("unlocked"), STEPS["locked"], Facts(VISITED), NOW)  # type: ignore[misc]
    assert isinstance(again, DatabaseLocked)
    assert again.lock == 2
