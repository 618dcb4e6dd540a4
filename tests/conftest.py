"""Fixtures of all tests."""

from collections.abc import Iterator

import pytest

from tests.support.stack import Servers, ensure_topics
from tests.support.stack import servers as running


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """A real broker and database, started when the first test asks."""
    with running() as started:
        ensure_topics(started, "alpha", "beta")
        yield started
