"""All eight sources of holds: each is lifted by its own counterpart, and by no other's."""

from functools import reduce
from itertools import product
from typing import Any, get_args
from uuid import UUID

import pytest

from services.trials.commands.hold import AnnulHold, LiftHold
from services.trials.domain.hold import Hold, decide, evolve
from services.trials.rules.holds import HOLDS
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.hold import HoldApplied, HoldLifted, HoldSource
from tests.unit.trials.trials_world import NOW, TRIAL

SOURCES: tuple[HoldSource, ...] = get_args(HoldSource)
HOLD, LETTER = UUID(int=24), UUID(int=25)


def held(source: HoldSource) -> Hold:
    applied = HoldApplied(
        hold_id=HOLD,
        trial_id=TRIAL,
        source=source,
        scope_kind="trial",
        scope_id=TRIAL,
        effects=("enrol",),
        since=NOW.date(),
    )
    return reduce(evolve, [applied], Hold())


def lift(source: HoldSource, cause: UUID | None) -> LiftHold:
    return LiftHold(hold_id=HOLD, trial_id=TRIAL, source=source, evidence="a letter", cause=cause)


def rule(decided: Any) -> str | None:
    return decided.rule if isinstance(decided, Refusal) else None


def test_there_are_eight_sources_and_each_has_its_counterpart() -> None:
    assert len(SOURCES) == 8
    assert set(HOLDS) == set(SOURCES)


@pytest.mark.parametrize("source", SOURCES)
def test_a_hold_is_lifted_by_its_own_counterpart(source: HoldSource) -> None:
    cause = LETTER if HOLDS[source].by_event else None
    (told,) = decide(held(source), lift(source, cause), Facts(), NOW)  # type: ignore[misc]
    assert isinstance(told, HoldLifted)
    assert evolve(held(source), told).ended


@pytest.mark.parametrize("source", [source for source in SOURCES if HOLDS[source].by_event])
def test_a_hold_that_an_event_ends_is_not_lifted_without_naming_it(source: HoldSource) -> None:
    assert rule(decide(held(source), lift(source, None), Facts(), NOW)) == "hold.counterpart_missing"


@pytest.mark.parametrize(("source", "other"), [p for p in product(SOURCES, SOURCES) if p[0] != p[1]])
def test_a_hold_is_ended_by_no_other_counterpart(source: HoldSource, other: HoldSource) -> None:
    annul = AnnulHold(hold_id=HOLD, trial_id=TRIAL, source=other, reason="an error", cause=LETTER)
    for end in (lift(other, LETTER), lift(other, None), annul):
        assert rule(decide(held(source), end, Facts(), NOW)) == "hold.other_source"
