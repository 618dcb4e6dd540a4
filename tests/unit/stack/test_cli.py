"""The command line: exit codes, what goes where, and commands that services bring."""

import json
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.stack import cli, plugins


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALWIRE_HOME", str(tmp_path / "home"))


def greet(name: str) -> None:
    """A command as a service would register it."""
    print(f"hello {name}")


def test_status_of_a_stack_that_never_ran_is_not_ready() -> None:
    result = CliRunner().invoke(cli.app, ["status", "--json"])
    assert result.exit_code == 3
    assert json.loads(result.stdout)["processes"] == []


def test_wrong_use_ends_with_two() -> None:
    assert CliRunner().invoke(cli.app, ["no-such-command"]).exit_code == 2
    assert CliRunner().invoke(cli.app, ["up", "--only", "half"]).exit_code == 2


def test_a_fault_is_two_lines_on_stderr_and_one_as_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("TRIALWIRE_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setattr("sys.argv", ["trialwire", "up"])
    with pytest.raises(SystemExit, match="1"):
        cli.main()
    assert "TRIALWIRE_HOME" in capsys.readouterr().err


def test_down_without_a_stack_is_done() -> None:
    assert CliRunner().invoke(cli.app, ["down"]).exit_code == 0


def test_reset_asks_first(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    assert CliRunner().invoke(cli.app, ["reset"], input="n\n").exit_code == 1
    assert (tmp_path / "home").exists()


def test_reset_leaves_a_folder_that_is_no_stack(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("years of work", encoding="utf-8")
    result = CliRunner().invoke(cli.app, ["reset", "--yes"])
    assert "not the folder of a stack" in str(result.exception)
    assert (tmp_path / "home" / "thesis.txt").exists()


def test_a_registered_function_is_a_command_and_a_registered_app_a_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {
        "greet": EntryPoint("greet", f"{__name__}:greet", plugins.GROUP),
        "stack": EntryPoint("stack", "shared.stack.cli:app", plugins.GROUP),
    }
    monkeypatch.setattr(plugins, "registered", lambda: found)
    assert "hello you" in CliRunner().invoke(cli.app, ["greet", "you"]).stdout
    assert CliRunner().invoke(cli.app, ["stack", "status"]).exit_code == 3
    assert "greet" in CliRunner().invoke(cli.app, ["--help"]).stdout


def test_a_registered_command_that_cannot_be_loaded_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"gone": EntryPoint("gone", "services.no_such.cli:app", plugins.GROUP)}
    monkeypatch.setattr(plugins, "registered", lambda: found)
    assert "cannot be loaded" in str(CliRunner().invoke(cli.app, ["gone"]).exception)


def test_a_postgres_that_does_not_answer_is_not_ready(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, address in {"KAFKA": "127.0.0.1:9", "POSTGRES": "postgresql://x:pw@127.0.0.1:9/x"}.items():
        monkeypatch.setenv(f"TRIALWIRE_{name}", address)
    monkeypatch.setattr("sys.argv", ["trialwire", "up", "--only", "stack", "--no-traces"])
    with pytest.raises(SystemExit, match="3"):
        cli.main()
    said = capsys.readouterr().err
    assert "127.0.0.1:9" in said
    assert "pw" not in said
