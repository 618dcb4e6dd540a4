"""A trial's data: forms released, cleaning, locks and unlocks, and what the trial's completion asks for."""

from datetime import date, datetime
from typing import assert_never

from services.trials.commands.data import (
    LockDatabase,
    RecordLastVisit,
    RecordTmfComplete,
    ReleaseCrf,
    SoftLockData,
    StartCleaning,
    UnlockDatabase,
)
from services.trials.domain.broken import deviation, in_future, rules_of
from services.trials.domain.data_lock import preconditions, unmet
from services.trials.domain.data_state import Data, Events, evolve
from services.trials.projections.enrolment_guards import EnrolmentCount
from services.trials.projections.guards import TrialGuard
from services.trials.projections.trial_data import TrialData
from services.trials.rules.data_lock import TRANSITIONS
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.data import (
    CleaningStarted,
    CrfReleased,
    DatabaseLocked,
    DatabaseUnlocked,
    DataSoftLocked,
    DataStatus,
    LastVisitRecorded,
    Precondition,
    TmfCompleted,
)
from shared.rules.dates import local_date

__all__ = ["Data", "DataCommand", "decide", "evolve"]

Step = StartCleaning | SoftLockData | LockDatabase | UnlockDatabase
DataCommand = ReleaseCrf | Step | RecordLastVisit | RecordTmfComplete

_LEADS_TO: dict[type[Step], DataStatus] = {
    StartCleaning: "cleaning",
    SoftLockData: "soft_locked",
    LockDatabase: "locked",
    UnlockDatabase: "unlocked",
}


def decide(data: Data, command: DataCommand | Wake, facts: Facts, now: datetime) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case ReleaseCrf():
            return _release(data, command, now)
        case StartCleaning() | SoftLockData() | LockDatabase() | UnlockDatabase():
            return _step(data, command, facts, now)
        case RecordLastVisit():
            return _last_visit(data, command, now)
        case RecordTmfComplete():
            return _tmf(data, command, now)
        case Wake():
            return []
        case _:
            assert_never(command)


def _release(data: Data, command: ReleaseCrf, now: datetime) -> Events | Refusal:
    released, known = CrfReleased(**command.model_dump()), data.forms.get(command.form, ())
    if released in known:
        return []
    if any(one.version == command.version for one in known):
        detail = f"version {command.version} of {command.form} was released otherwise"
        return Refusal("crf.released_otherwise", detail, data.status, "version")
    if data.status == "locked":
        return Refusal("data.locked", "the database is locked: no form changes", data.status)
    in_use = next((one for one in reversed(known) if not in_future(one.effective_from, now)), None)
    if in_use and command.effective_from <= in_use.effective_from:
        detail = f"version {in_use.version} is in use from {in_use.effective_from}: the next comes later"
        return Refusal("crf.overlap", detail, data.status, "effective_from")
    return [released]


def _step(data: Data, command: Step, facts: Facts, now: datetime) -> Events | Refusal:
    after = _LEADS_TO[type(command)]
    if data.status == after:
        return []
    if after not in TRANSITIONS[data.status]:
        detail = f"data that are {data.status} do not become {after}"
        return Refusal("data.transition", detail, data.status)
    trial_id, today = command.trial_id, local_date(now, "UTC")
    match command:
        case StartCleaning():
            return [CleaningStarted(trial_id=trial_id, started_on=today)]
        case SoftLockData():
            return [DataSoftLocked(trial_id=trial_id, soft_locked_on=today)]
        case LockDatabase():
            return _lock(data, command, facts, today)
        case UnlockDatabase(reason=reason):
            trial = facts.get(TrialGuard, trial_id)
            if trial and trial.status == "archived":
                return Refusal("trial.archived", "the trial is archived: its data stay locked", data.status)
            return [DatabaseUnlocked(trial_id=trial_id, unlocked_on=today, reason=reason)]
        case _:
            assert_never(command)


def _lock(data: Data, command: LockDatabase, facts: Facts, today: date) -> Events | Refusal:
    counted = facts.get(TrialData, command.trial_id) or TrialData(command.trial_id)
    if counted.last_visit_on is None and not command.interim:
        detail = "nobody has reported the last visit of the last subject: before it a lock is an interim one"
        return Refusal("data.visits_open", detail, data.status, "interim")
    named = [
        Precondition(name=one.precondition, met=True, document_ref=one.document_ref, sha256=one.sha256)
        for one in command.attested
    ]
    count = facts.get(EnrolmentCount, command.trial_id)
    found = preconditions(counted, count.sites if count else (), named)
    if missing := unmet(found):
        return Refusal("data.preconditions", f"not met: {missing}", data.status, "attested")
    return [
        DatabaseLocked(
            trial_id=command.trial_id,
            lock=data.locks + 1,
            locked_on=today,
            preconditions=found,
            interim=command.interim,
        )
    ]


def _last_visit(data: Data, command: RecordLastVisit, now: datetime) -> Events:
    day = command.visited_on
    if day == data.last_visit_on:
        return []
    found = {
        "last_visit.in_future": in_future(day, now),
        "last_visit.after_lock": data.locked_on is not None and day > data.locked_on,
    }
    breaks = rules_of(found)
    trial_id = command.trial_id
    recorded = LastVisitRecorded(trial_id=trial_id, visited_on=day, breaks=breaks)
    return [recorded, *deviation(trial_id, "last_visit", f"{trial_id}|{day}", breaks, day)]


def _tmf(data: Data, command: RecordTmfComplete, now: datetime) -> Events:
    day = command.completed_on
    breaks = ("tmf.in_future",) if in_future(day, now) else ()
    completed, trial_id = TmfCompleted(**command.model_dump(), breaks=breaks), command.trial_id
    if data.tmf and data.tmf.model_copy(update={"breaks": breaks}) == completed:
        return []
    return [completed, *deviation(trial_id, "tmf", f"{trial_id}|{day}", breaks, day)]
