"""Every step between two statuses of a protocol version: allowed and taken, or refused with the rule."""

from collections.abc import Callable
from itertools import product
from typing import get_args
from uuid import UUID

import pytest

from services.trials.commands.protocol import AbandonProtocolVersion, OfProtocol, WithdrawProtocolVersion
from services.trials.commands.site import IdentifySite
from services.trials.rules.protocol import GUARDS, TRANSITIONS
from shared.contracts.message import Refusal
from shared.contracts.trials.protocol import VersionStatus
from tests.unit.trials.protocol_world import (
    DAY,
    FIRST,
    TODAY,
    approve,
    draft,
    registered,
    status,
    submit,
    urgent,
)
from tests.unit.trials.trials_world import SITE, TRIAL, World, selected

STATUSES: tuple[VersionStatus, ...] = get_args(VersionStatus)
WITHDRAW = WithdrawProtocolVersion(trial_id=TRIAL, version="1.0", withdrawn_on=TODAY, reason="redesign")
ABANDON = AbandonProtocolVersion(trial_id=TRIAL, version="1.0", reason="redesign")
OTHER, SECOND = UUID(int=77), UUID(int=78)


def select(world: World, site: UUID = SITE) -> None:
    world.do(IdentifySite(trial_id=TRIAL, site_id=site, name="A site"))
    world.do(selected(site, "America/New_York", "US"))


def supersede(world: World) -> None:
    world.do(draft("2.0", amends="1.0"))
    world.do(submit("2.0", TODAY - 4 * DAY))
    world.do(approve("2.0", TODAY - 3 * DAY, SECOND))


TO: dict[VersionStatus, Callable[[World], object]] = {
    "drafted": lambda world: world.do(draft()),
    "submitted": lambda world: world.do(submit()),
    "effective": lambda world: world.do(urgent("1.0", TODAY - 8 * DAY)),
    "superseded": supersede,
    "withdrawn": lambda world: world.do(WITHDRAW),
    "abandoned": lambda world: world.do(ABANDON),
}
WAY: dict[VersionStatus, tuple[VersionStatus, ...]] = {
    "drafted": ("drafted",),
    "submitted": ("drafted", "submitted"),
    "effective": ("drafted", "submitted", "effective"),
    "superseded": ("drafted", "submitted", "effective", "superseded"),
    "withdrawn": ("drafted", "submitted", "withdrawn"),
    "abandoned": ("drafted", "abandoned"),
}


def at(reached: VersionStatus) -> World:
    world = registered()
    select(world)
    select(world, OTHER)
    for step in WAY[reached]:
        TO[step](world)
    assert status(world) == reached
    return world


def _again(world: World) -> object:
    """A site that has had no version gets this one, by its board's approval."""
    return world.do(approve("1.0", TODAY - 2 * DAY, FIRST, OTHER))


@pytest.mark.parametrize(("before", "after"), [*product(STATUSES, STATUSES)])
def test_a_version_takes_the_steps_that_the_table_allows_and_no_other(
    before: VersionStatus, after: VersionStatus
) -> None:
    world = at(before)
    step = _again if (before, after) == ("superseded", "effective") else TO[after]
    answer = step(world)
    if before == after or after in TRANSITIONS.get(before, ()):
        assert status(world) == after
    elif after in ("withdrawn", "abandoned"):
        assert isinstance(answer, Refusal)
        assert (answer.rule, answer.state) == ("protocol.transition", before)
        assert status(world) == before
    else:
        # A draft is a draft once; what is told of another moves nothing that the table does not allow.
        assert status(world) == before


def test_every_status_of_the_table_is_one_of_the_contract() -> None:
    told = {*TRANSITIONS, *(after for steps in TRANSITIONS.values() for after in steps)}
    assert told == set(STATUSES)
    assert all(after in TRANSITIONS[before] for before, after in GUARDS)


def _amended(world: World) -> None:
    world.do(draft("2.0", amends="1.0"))


REFUSING: dict[str, tuple[Callable[[World], object], OfProtocol]] = {
    "drafted abandoned protocol.amended": (_amended, ABANDON),
    "submitted withdrawn protocol.amended": (_amended, WITHDRAW),
    "submitted withdrawn protocol.before_submission": (
        lambda world: None,
        WITHDRAW.model_copy(update={"withdrawn_on": TODAY - 10 * DAY}),
    ),
}


def test_every_guard_has_a_case_here() -> None:
    named = {f"{before} {after} {rule}" for (before, after), rules in GUARDS.items() for rule in rules}
    assert named == set(REFUSING)


@pytest.mark.parametrize("case", sorted(REFUSING))
def test_a_guard_refuses_the_step_that_it_stands_before(case: str) -> None:
    before, _, rule = case.split()
    prepare, command = REFUSING[case]
    world = at(before)  # type: ignore[arg-type]
    prepare(world)
    refusal = world.do(command)
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.state) == (rule, before)
    assert status(world) == before
