"""Wrong use of the commands: said in a sentence, with the exit code of its kind."""

from pathlib import Path
from uuid import UUID

import pytest
import typer
from typer.testing import CliRunner

from services.trials.cli.budget import budget
from services.trials.cli.data import data
from services.trials.cli.enrolment import enrolment
from services.trials.cli.imports import imports
from services.trials.cli.site import site
from services.trials.cli.trial import trial

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def _no_stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRIALWIRE_HOME", str(tmp_path))
    monkeypatch.delenv("TRIALWIRE_TRIALS_URL", raising=False)


def test_a_file_that_is_not_there_is_wrong_use() -> None:
    result = run(imports, ["ctgov", "nowhere.ndjson"])
    assert (result.exit_code, "there is no file nowhere.ndjson" in result.output) == (2, True)


def test_a_file_of_counts_that_is_not_there_is_wrong_use() -> None:
    result = run(imports, ["data-counts", "nowhere.csv"])
    assert (result.exit_code, "there is no file nowhere.csv" in result.output) == (2, True)


@pytest.mark.parametrize(
    ("group", "asked"), [(budget, "list"), (budget, "invoices"), (data, f"show {UUID(int=1)}")], ids=str
)
def test_pages_of_money_and_data_need_a_running_service(group: typer.Typer, asked: str) -> None:
    assert run(group, asked.split()).exit_code == 3


def test_without_a_running_service_nothing_is_ready() -> None:
    result = run(imports, ["ctgov", "-"], input=b"[]")
    assert (result.exit_code, "trialwire up" in result.output) == (3, True)


def test_a_service_that_does_not_answer_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALWIRE_TRIALS_URL", "http://127.0.0.1:1")
    assert run(trial, ["show", "NCT00000001"]).exit_code == 3


def test_a_name_that_is_no_trial_is_wrong_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALWIRE_TRIALS_URL", "http://127.0.0.1:1")
    assert run(trial, ["show", "some trial"]).exit_code == 2


def test_a_name_that_is_no_site_is_wrong_use() -> None:
    result = run(site, ["show", "NCT00000001", "a hospital"])
    assert (result.exit_code, "a hospital is no id of a site" in result.output) == (2, True)


def test_the_sites_of_what_is_no_trial_are_wrong_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALWIRE_TRIALS_URL", "http://127.0.0.1:1")
    assert run(site, ["list", "some trial"]).exit_code == 2
    assert run(site, ["list", "NCT00000001"]).exit_code == 3


@pytest.mark.parametrize("command", ["show", "diversity"])
def test_enrolment_of_what_is_no_id_is_wrong_use(command: str) -> None:
    assert run(enrolment, [command, "NCT00000001"]).exit_code == 2


@pytest.mark.parametrize("command", ["show", "diversity"])
def test_enrolment_without_a_running_service_is_not_ready(command: str) -> None:
    assert run(enrolment, [command, "00000000-0000-7000-8000-000000000001"]).exit_code == 3
