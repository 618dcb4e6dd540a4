"""A site's data as its capture system counts them: kept as told, and marked where they cannot be."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import assert_never

from services.trials.commands.data_counts import RecordDataCounts
from services.trials.domain.broken import deviation, deviation_id, elsewhere, in_future, rules_of
from services.trials.projections.guards import SiteGuard
from services.trials.projections.trial_data import TrialData
from services.trials.rules.other_trial import OTHER_TRIAL
from shared.contracts.message import Facts, Wake
from shared.contracts.trials.data import DataCountsRecorded
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported

Events = list[DataCountsRecorded | DeviationReported | DeviationAnnulled]
Told = tuple[date, str]  # the day and the system that counts

# Each is a total since the trial began. `forms_expected` is none: a visit can be taken out of the schedule.
_TOTALS = ("forms_entered", "forms_verified", "queries_opened", "queries_answered", "queries_closed")
_FELL = "data_counts.total_fell"
_FIGURES = ("forms_expected", *_TOTALS, "oldest_open_days")


@dataclass(frozen=True)
class Latest:
    """What was told last of a day, the how-manieth telling it was, and since which one they break a rule."""

    counts: DataCountsRecorded
    times: int = 1
    broken_since: int | None = None


@dataclass(frozen=True)
class Counts:
    """What each system told last of each day."""

    told: Mapping[Told, Latest] = field(default_factory=dict)


def decide(
    counts: Counts, command: RecordDataCounts | Wake, facts: Facts, now: datetime
) -> list[DataCountsRecorded | DeviationReported | DeviationAnnulled]:
    """The counts as told with the rules that they break; the same figures of the same day cause nothing.

    Other figures of a day that was told take their place; a deviation that they leave no ground for ends. The
    next day is told again where a total falls to it since, or does so no more.
    """
    match command:
        case RecordDataCounts():
            return _record(counts, command, facts, now)
        case Wake():
            return []
        case _:
            assert_never(command)


def evolve(counts: Counts, event: DataCountsRecorded | DeviationReported | DeviationAnnulled) -> Counts:
    match event:
        case DataCountsRecorded():
            key = (event.as_of, event.source)
            return replace(counts, told={**counts.told, key: _next(counts.told.get(key), event)})
        case DeviationReported() | DeviationAnnulled():
            return counts
        case _:
            assert_never(event)


def _record(counts: Counts, command: RecordDataCounts, facts: Facts, now: datetime) -> Events:
    known = counts.told.get((command.as_of, command.source))
    recorded = DataCountsRecorded(**command.model_dump(), breaks=_breaks(counts, command, facts, now))
    if known and _figures(known.counts) == _figures(recorded):
        return []
    return [*_told(counts, recorded), *_following(counts, recorded)]


def _told(counts: Counts, recorded: DataCountsRecorded) -> Events:
    known = counts.told.get((recorded.as_of, recorded.source))
    name = f"{recorded.site_id}|{recorded.as_of}|{recorded.source}"
    trial_id, site_id, breaks = recorded.trial_id, recorded.site_id, recorded.breaks
    if known is None or known.broken_since is None:
        raised = f"{name}|{_next(known, recorded).times}"
        return [recorded, *deviation(trial_id, "data_counts", raised, breaks, recorded.as_of, site_id)]
    if breaks:  # its deviation stands already
        return [recorded]
    raised_id = deviation_id(trial_id, "data_counts", f"{name}|{known.broken_since}")
    told = {"deviation_id": raised_id, "trial_id": trial_id, "site_id": site_id}
    return [recorded, DeviationAnnulled(**told, reason="data_counts.corrected")]


def _following(counts: Counts, recorded: DataCountsRecorded) -> Events:
    """The next day that was told, anew, where a total falls to it since this telling, or does so no more."""
    days = [day for day, source in counts.told if source == recorded.source and day > recorded.as_of]
    if not days:
        return []
    after = counts.told[min(days), recorded.source].counts
    fell, others = _fell(recorded, after), tuple(rule for rule in after.breaks if rule != _FELL)
    if fell == (_FELL in after.breaks):
        return []
    return _told(counts, after.model_copy(update={"breaks": (*others, _FELL) if fell else others}))


def _next(before: Latest | None, event: DataCountsRecorded) -> Latest:
    times = before.times + 1 if before else 1
    since = (before.broken_since if before else None) or times
    return Latest(event, times, since if event.breaks else None)


def _breaks(counts: Counts, command: RecordDataCounts, facts: Facts, now: datetime) -> tuple[str, ...]:
    site, trial = facts.get(SiteGuard, command.site_id), facts.get(TrialData, command.trial_id)
    before = _neighbour(counts, command)
    locked = trial is not None and trial.status == "locked" and not trial.interim
    found = {
        "site.unknown": site is None or site.trial_id is None,
        OTHER_TRIAL: elsewhere(site, command.trial_id),
        "data_counts.in_future": in_future(command.as_of, now),
        "data_counts.disagree": not (
            command.forms_verified <= command.forms_entered <= command.forms_expected
            and max(command.queries_answered, command.queries_closed) <= command.queries_opened
        ),
        _FELL: before is not None and _fell(before, command),
        "data_counts.after_lock": bool(
            locked
            and trial
            and trial.locked_on
            and command.as_of > trial.locked_on
            and _changed(before, command)
        ),
    }
    return rules_of(found)


def _neighbour(counts: Counts, command: RecordDataCounts) -> DataCountsRecorded | None:
    """What the same system told for the day before this one, as far as it told any."""
    days = [day for day, source in counts.told if source == command.source and day < command.as_of]
    return counts.told[max(days), command.source].counts if days else None


def _fell(before: DataCountsRecorded, later: DataCountsRecorded | RecordDataCounts) -> bool:
    return any(getattr(later, name) < getattr(before, name) for name in _TOTALS)


def _changed(before: DataCountsRecorded | None, command: RecordDataCounts) -> bool:
    return before is None or any(getattr(command, name) != getattr(before, name) for name in _TOTALS)


def _figures(counts: DataCountsRecorded) -> tuple[int | None, ...]:
    return tuple(getattr(counts, name) for name in _FIGURES)
