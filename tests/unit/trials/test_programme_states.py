"""Every pair of development phases: each step happens by a signed decision, every other is refused."""

from datetime import date, timedelta
from functools import reduce
from itertools import product
from typing import Any, get_args
from uuid import UUID

import pytest

from services.trials.commands.programme import DecideProgrammePhase
from services.trials.domain.programme import Programme, decide, evolve
from services.trials.rules.programme import GUARDS, PRECLINICAL, TRANSITIONS
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.programme import (
    PreclinicalMilestoneCompleted,
    ProgrammeAuthorisationRecorded,
    ProgrammeBegun,
    ProgrammePhase,
    ProgrammePhaseChanged,
)
from tests.unit.trials.trials_world import NOW

TODAY = NOW.date()
PHASES: tuple[ProgrammePhase, ...] = get_args(ProgrammePhase)
PROGRAMME = UUID(int=60)
BEGUN = ProgrammeBegun(programme_id=PROGRAMME, product="P-1", indication="asthma", sponsor_name="A sponsor")
STUDIES = [
    PreclinicalMilestoneCompleted(
        programme_id=PROGRAMME,
        milestone_id=UUID(int=61 + n),
        kind=kind,
        completed_on=date(2026, 1, 1),
        document_ref="a report",
    )
    for n, kind in enumerate(PRECLINICAL)
]
MARKETED = ProgrammeAuthorisationRecorded(
    programme_id=PROGRAMME,
    authorisation_id=UUID(int=70),
    kind="marketing_authorisation",
    number="NDA-1",
    country="US",
    in_effect_on=date(2026, 1, 1),
)


def at(phase: ProgrammePhase, *more: Any, decided_on: date = date(2026, 2, 1)) -> Programme:
    moved = ProgrammePhaseChanged(
        programme_id=PROGRAMME, before="preclinical", after=phase, evidence=(), decided_on=decided_on
    )
    events = [BEGUN, *more, *([] if phase == "preclinical" else [moved])]
    return reduce(evolve, events, Programme())


def go(phase: ProgrammePhase, reason: str | None = "a reason", on: date = TODAY) -> DecideProgrammePhase:
    return DecideProgrammePhase(
        programme_id=PROGRAMME,
        phase=phase,
        evidence=({"document_ref": "minutes of the board"},),  # type: ignore[arg-type]
        reason=reason,
        decided_on=on,
        meaning="approval",
    )


def decided(programme: Programme, command: DecideProgrammePhase) -> Any:
    made = decide(programme, command, Facts(), NOW)
    if isinstance(made, Refusal):
        return made.rule
    return [(event.before, event.after) for event in made if isinstance(event, ProgrammePhaseChanged)]


@pytest.mark.parametrize(("before", "after"), list(product(PHASES, PHASES)))
def test_a_pair_of_phases_is_a_step_or_is_refused(before: ProgrammePhase, after: ProgrammePhase) -> None:
    made = decided(at(before, *STUDIES, MARKETED), go(after))
    if before == after:
        assert made == []
    elif after in TRANSITIONS[before]:
        assert made == [(before, after)]
    else:
        assert made == "programme.transition"


@pytest.mark.parametrize(("pair", "rule"), [(pair, rule) for pair, rules in GUARDS.items() for rule in rules])
def test_every_guard_of_a_step_refuses_it_where_it_stands(pair: Any, rule: str) -> None:
    before, after = pair
    ready = at(before, *STUDIES, MARKETED)
    early = at(before, *STUDIES, MARKETED, decided_on=TODAY)
    made = {
        "programme.milestone_missing": decided(at(before, STUDIES[0]), go(after)),
        "programme.no_marketing_authorisation": decided(at(before), go(after)),
        "programme.reason_required": decided(ready, go(after, reason=None)),
        "programme.date_order": decided(
            reduce(
                evolve,
                [
                    ProgrammePhaseChanged(
                        programme_id=PROGRAMME, before=before, after=before, evidence=(), decided_on=TODAY
                    )
                ],
                early,
            ),
            go(after, on=TODAY - timedelta(days=1)),
        ),
        "programme.in_future": decided(ready, go(after, on=TODAY + timedelta(days=2))),
    }
    assert made[rule] == rule


def test_only_steps_that_there_are_have_guards() -> None:
    assert {(a, b) for a, steps in TRANSITIONS.items() for b in steps} == set(GUARDS)
