"""Candidates held against structured criteria: a verdict a criterion, and what they come to.

Nothing is guessed: an attribute that is not given, or comes in another unit, leaves its criterion unknown.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.trials.commands.matching import RecordMatchingRun
from shared.contracts.message import Facts, Wake
from shared.contracts.trials.matching import CriteriaRecorded, Criterion, MatchingRun

Outcome = Literal["eligible", "ineligible", "undecided"]


@dataclass(frozen=True)
class Given:
    """What is known of one attribute: a value with its unit, or codes."""

    value: float | None = None
    unit: str | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """`holds`: whether the criterion's condition is true of the candidate; `passes`: whether it lets them in.

    Both are None where it cannot be told, and `reason` says why: not_given, unit_differs, not_comparable.
    """

    criterion: str
    kind: Literal["inclusion", "exclusion"]
    holds: bool | None
    passes: bool | None
    reason: str | None = None


@dataclass(frozen=True)
class Match:
    """One candidate, by the code that the sender gave, with the verdict of every criterion."""

    candidate: str
    outcome: Outcome
    verdicts: tuple[Verdict, ...]


def match(criteria: Iterable[Criterion], candidates: Mapping[str, Mapping[str, Given]]) -> tuple[Match, ...]:
    """Every candidate in the order given: ineligible by one failure, eligible where all of them pass."""
    known = tuple(criteria)
    return tuple(
        _matched(code, tuple(verdict(criterion, given) for criterion in known))
        for code, given in candidates.items()
    )


def verdict(criterion: Criterion, attributes: Mapping[str, Given]) -> Verdict:
    """What one criterion says of a candidate's attributes."""
    holds, reason = _holds(criterion, attributes.get(criterion.attribute))
    passes = None if holds is None else holds == (criterion.kind == "inclusion")
    return Verdict(criterion.code, criterion.kind, holds, passes, reason)


def counted(run: CriteriaRecorded, site_id: UUID, matches: tuple[Match, ...]) -> RecordMatchingRun:
    """What is kept of a matching: how many came to what, and by which criteria."""
    outcomes = Counter(found.outcome for found in matches)
    verdicts = [one for found in matches for one in found.verdicts]
    return RecordMatchingRun(
        trial_id=run.trial_id,
        site_id=site_id,
        protocol_version=run.protocol_version,
        candidates=len(matches),
        eligible=outcomes["eligible"],
        ineligible=outcomes["ineligible"],
        undecided=outcomes["undecided"],
        failed=dict(Counter(one.criterion for one in verdicts if one.passes is False)),
        unknown=dict(Counter(one.criterion for one in verdicts if one.passes is None)),
    )


def _matched(code: str, verdicts: tuple[Verdict, ...]) -> Match:
    passes = {found.passes for found in verdicts}
    outcome: Outcome = "ineligible" if False in passes else "undecided" if None in passes else "eligible"
    return Match(code, outcome, verdicts)


def _holds(criterion: Criterion, given: Given | None) -> tuple[bool | None, str | None]:
    if given is None:
        return None, "not_given"
    if criterion.codes:
        if not given.codes:
            return None, "not_comparable"
        return not set(criterion.codes).isdisjoint(given.codes), None
    if given.value is None:
        return None, "not_comparable"
    if given.unit != criterion.unit:
        return None, "unit_differs"
    above = criterion.low is None or given.value >= criterion.low
    return above and (criterion.high is None or given.value <= criterion.high), None


@dataclass(frozen=True)
class Runs:
    """A site's matchings; nothing of them decides anything."""

    last: UUID | None = None


def decide(state: Runs, command: RecordMatchingRun | Wake, facts: Facts, now: datetime) -> list[MatchingRun]:
    """The event of a run; repeating it causes none."""
    if isinstance(command, Wake) or command.run_id == state.last:
        return []
    return [MatchingRun(**command.model_dump())]


def evolve(state: Runs, event: MatchingRun) -> Runs:
    return Runs(event.run_id)
