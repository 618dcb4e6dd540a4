"""The worlds that tests of the trials service begin in."""

import pytest

from tests.unit.trials.test_trials_chain import activate, gates_open
from tests.unit.trials.trials_world import World


@pytest.fixture
def world() -> World:
    """Nothing has happened yet."""
    return World()


@pytest.fixture
def running(world: World) -> World:
    """A site whose gates are open is activated."""
    gates_open(world)
    world.do(activate())
    return world
