"""Wrong use of `trialwire monitoring` and `trialwire kri`: a sentence, and the exit code of its kind."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.trials.cli.monitoring import kri, monitoring

run = CliRunner().invoke
COMMANDS = pytest.mark.parametrize(
    ("app", "command"), [(monitoring, "show"), (monitoring, "plan"), (kri, "show"), (kri, "runs")]
)


@pytest.fixture(autouse=True)
def _no_stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRIALWIRE_HOME", str(tmp_path))
    monkeypatch.setenv("TRIALWIRE_TRIALS_URL", "http://127.0.0.1:1")


@COMMANDS
def test_a_name_that_is_no_trial_is_wrong_use(app: Any, command: str) -> None:
    result = run(app, [command, "some trial"])
    assert (result.exit_code, "neither an NCT number nor an id" in result.output) == (2, True)


@COMMANDS
@pytest.mark.parametrize("name", ["NCT00000001", "00000000-0000-7000-8000-000000000001"])
def test_a_service_that_does_not_answer_is_not_ready(app: Any, command: str, name: str) -> None:
    assert run(app, [command, name]).exit_code == 3
