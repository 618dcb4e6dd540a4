"""What integration tests share beside the session's servers."""

from collections.abc import Iterator

import pytest

from shared.stack.api import reset_stack
from shared.stack.home import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The folder of a stack of a test module's own, removed with all that runs in it."""
    place = Home.at(tmp_path_factory.mktemp("stack"))
    yield place
    reset_stack(place)
