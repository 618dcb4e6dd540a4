"""Fixtures of all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.stack import Servers, ensure_topics
from tests.support.stack import servers as running

# How long an example takes says how busy the machine is; a test that hangs is ended by its own limit.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """A real broker and database, started when the first test asks."""
    with running() as started:
        ensure_topics(started, "alpha", "beta")
        yield started
