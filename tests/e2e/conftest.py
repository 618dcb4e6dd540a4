"""One stack for all end-to-end tests: the demonstration starts it, plays its story, and leaves it running."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.stack.api import StackAddresses, reset_stack, start_stack
from shared.stack.home import Home
from shared.stack.issuer import EmbeddedIssuer

ROOT = Path(__file__).parents[2]
Trialwire = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """The folder of the tests' own stack, removed with all that runs in it."""
    place = Path(tempfile.mkdtemp(prefix="trialwire-e2e-"))
    yield place
    reset_stack(place)


@pytest.fixture(scope="session")
def trialwire(home: Path) -> Trialwire:
    """The command line on the tests' stack, in a process of its own."""

    def run(*arguments: str, within: float = 60.0) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "shared.stack.cli", *arguments]
        env = {**os.environ, "TRIALWIRE_HOME": str(home), "COLUMNS": "200"}
        return subprocess.run(  # noqa: S603 - our own command
            command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=within, check=False
        )

    return run


@pytest.fixture(scope="session")
def demo(trialwire: Trialwire) -> dict[str, Any]:
    """What the demonstration told as JSON; it left all of it running."""
    done = trialwire("demo", "--keep", "--json", within=170)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.fixture(scope="session")
def stack(home: Path, demo: dict[str, Any]) -> StackAddresses:
    """Where everything is; it runs already."""
    return start_stack(home, only_stack=False)


@pytest.fixture(scope="session")
def auditor(home: Path, stack: StackAddresses) -> dict[str, str]:
    """The headers of an auditor, who reads everything."""
    return EmbeddedIssuer.at(Home.at(home)).headers("auditor:a-01", seconds=600)
