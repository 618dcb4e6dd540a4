"""`trialwire token` and `trialwire machine`: what they say of what their bearer reaches."""

import base64
import json
import tomllib
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from shared.identity.access import Access
from shared.identity.machines import Machines
from shared.rules.grants import EVERYTHING, Grants
from shared.stack.cli import app

VENDOR, OTHER, TRIAL = UUID(int=71), UUID(int=72), UUID(int=73)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALWIRE_HOME", str(tmp_path))


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def access(*arguments: object) -> Access:
    """What a token made with these arguments says."""
    made = run("token", *arguments)
    assert made.exit_code == 0, made.output
    claims = made.stdout.strip().split(".")[1]
    return Access.model_validate(json.loads(base64.urlsafe_b64decode(claims + "=="))["trialwire"])


def test_a_token_reaches_what_is_named_and_everything_where_nothing_is() -> None:
    assert access().grants() == EVERYTHING
    handed = access("--role", "retrieval_vendor", "--organisation", VENDOR, "--organisation", OTHER)
    assert handed.grants() == Grants(organisations=frozenset({VENDOR, OTHER}))
    both = access("--sponsor", OTHER, "--organisation", VENDOR).grants()
    assert both == Grants(sponsors=frozenset({OTHER}), organisations=frozenset({VENDOR}))


def test_an_organisation_is_named_by_its_id() -> None:
    assert run("token", "--organisation", "Acme Records").exit_code == 2


def test_a_machine_of_one_trial_reaches_that_trial_alone(tmp_path: Path) -> None:
    made = run("machine", "irt-prod", "--role", "randomisation_system", "--trial", TRIAL)
    assert made.exit_code == 0, made.output
    (tmp_path / "machines.toml").write_text(made.stdout, encoding="utf-8")
    _, machine = Machines(tmp_path / "machines.toml").by_secret(made.stderr.strip())
    assert machine.grants() == Grants(trials=frozenset({TRIAL}))


def test_a_machine_s_entry_names_its_organisations(tmp_path: Path) -> None:
    made = run("machine", "vendor-1", "--role", "retrieval_vendor", "--organisation", VENDOR)
    assert made.exit_code == 0, made.output
    (tmp_path / "machines.toml").write_text(made.stdout, encoding="utf-8")
    assert tomllib.loads(made.stdout)["vendor-1"]["organisations"] == [str(VENDOR)]
    name, machine = Machines(tmp_path / "machines.toml").by_secret(made.stderr.strip())
    assert (name, machine.grants()) == ("vendor-1", Grants(organisations=frozenset({VENDOR})))
