"""`trialwire cro` and `trialwire obligations`: what they show, and what they say where nothing answers."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.trials.cli.engagements import cro, obligations

run = CliRunner().invoke
SOME = "00000000-0000-7000-8000-000000000001"


@pytest.fixture(autouse=True)
def _no_stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRIALWIRE_HOME", str(tmp_path))
    monkeypatch.setenv("TRIALWIRE_TRIALS_URL", "http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("group", "words"),
    [(cro, ["list"]), (cro, ["scorecard", SOME]), (obligations, ["show", SOME, "--on", "2026-03-10"])],
)
def test_a_service_that_does_not_answer_is_not_ready(group: Any, words: list[str]) -> None:
    assert run(group, words).exit_code == 3


@pytest.mark.parametrize(
    ("group", "words"),
    [(cro, ["scorecard", "a CRO"]), (obligations, ["show", SOME, "--on", "yesterday"])],
)
def test_what_is_no_id_or_no_day_is_wrong_use(group: Any, words: list[str]) -> None:
    assert run(group, words).exit_code == 2
