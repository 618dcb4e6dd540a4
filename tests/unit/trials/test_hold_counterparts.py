"""All eight sources of holds: each is lifted by its own counterpart, and by no other's.

The word of a board, an authority or a gate comes by an event: no person gives it, whatever event they name.
"""

from functools import reduce
from itertools import product
from typing import Any, get_args
from uuid import UUID

import pytest

from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.domain.hold import Hold, decide, evolve
from services.trials.reactions import ids
from services.trials.rules.holds import HOLDS
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.hold import HoldApplied, HoldLifted, HoldSource
from shared.rules.roles import roles
from tests.unit.trials.trials_world import NOW, PERSON, REACTION, TRIAL

SOURCES: tuple[HoldSource, ...] = get_args(HoldSource)
BY_EVENT = [source for source in SOURCES if HOLDS[source].by_event]
BY_SERVICE, BY_PERSON, BY_NOBODY = Facts(actor=REACTION), Facts(actor=PERSON), Facts()
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


def lift(source: HoldSource) -> LiftHold:
    return LiftHold(hold_id=HOLD, trial_id=TRIAL, source=source, evidence="a letter", cause=LETTER)


def annul(source: HoldSource, **scope: Any) -> AnnulHold:
    return AnnulHold(hold_id=HOLD, trial_id=TRIAL, source=source, reason="an error", cause=LETTER, **scope)


def rule(decided: Any) -> str | None:
    return decided.rule if isinstance(decided, Refusal) else None


def test_there_are_eight_sources_and_each_has_its_counterpart() -> None:
    assert len(SOURCES) == 8
    assert set(HOLDS) == set(SOURCES)


def test_an_authority_a_board_and_a_gate_speak_by_events() -> None:
    assert set(BY_EVENT) == {
        "clinical_hold",
        "irb_lapse",
        "irb_suspension",
        "ha_suspension",
        "document_expiry",
    }


@pytest.mark.parametrize("source", SOURCES)
def test_a_hold_is_lifted_by_its_own_counterpart(source: HoldSource) -> None:
    by = BY_SERVICE if source in BY_EVENT else BY_PERSON
    (told,) = decide(held(source), lift(source), by, NOW)  # type: ignore[misc]
    assert isinstance(told, HoldLifted)
    assert evolve(held(source), told).ended == "lifted"


@pytest.mark.parametrize("source", BY_EVENT)
@pytest.mark.parametrize("end", [lift, annul])
@pytest.mark.parametrize("by", [BY_PERSON, BY_NOBODY])
def test_nobody_ends_a_hold_of_an_event_by_naming_one(source: HoldSource, end: Any, by: Facts) -> None:
    assert rule(decide(held(source), end(source), by, NOW)) == "hold.counterpart_missing"


@pytest.mark.parametrize("source", SOURCES)
def test_no_person_ends_a_hold_that_nobody_has_applied(source: HoldSource) -> None:
    scope: dict[str, Any] = {"scope_kind": "trial", "scope_id": TRIAL}
    for end in (annul(source, **scope), lift(source).model_copy(update=scope)):
        assert rule(decide(Hold(), end, BY_PERSON, NOW)) == "hold.unknown"
        assert not isinstance(decide(Hold(), end, BY_SERVICE, NOW), Refusal)


@pytest.mark.parametrize("source", SOURCES)
def test_a_person_applies_no_hold_that_comes_by_an_event(source: HoldSource) -> None:
    apply = ApplyHold(hold_id=HOLD, trial_id=TRIAL, source=source, scope_kind="trial", scope_id=TRIAL)
    refused = "hold.comes_by_event" if source in BY_EVENT else None
    assert rule(decide(Hold(), apply, BY_PERSON, NOW)) == refused
    assert rule(decide(Hold(), apply, BY_SERVICE, NOW)) is None


def test_no_person_takes_the_id_of_a_hold_to_come() -> None:
    id_ = ids.clinical_hold(HOLD, TRIAL)
    apply = ApplyHold(hold_id=id_, trial_id=TRIAL, source="dsmb", scope_kind="trial", scope_id=TRIAL)
    assert rule(decide(Hold(), apply, BY_PERSON, NOW)) == "hold.id_of_event"


def test_no_role_is_that_of_the_service() -> None:
    assert "service" not in roles()


@pytest.mark.parametrize(("source", "other"), [p for p in product(SOURCES, SOURCES) if p[0] != p[1]])
@pytest.mark.parametrize("by", [BY_PERSON, BY_SERVICE])
def test_a_hold_is_ended_by_no_other_counterpart(source: HoldSource, other: HoldSource, by: Facts) -> None:
    for end in (lift(other), annul(other)):
        assert rule(decide(held(source), end, by, NOW)) == "hold.other_source"
