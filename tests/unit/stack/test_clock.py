"""The embedded stack's business time: forward only, in a file of the stack's own."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from shared.stack import cli, clock
from shared.stack.faults import StackError
from shared.stack.home import Home


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("30d", timedelta(days=30)),
        ("1d12h", timedelta(days=1, hours=12)),
        ("90m30s", timedelta(minutes=90, seconds=30)),
    ],
)
def test_a_span_is_written_in_days_hours_minutes_seconds(text: str, meant: timedelta) -> None:
    assert clock.span(text) == meant


@pytest.mark.parametrize("text", ["", "30", "-1d", "1y", "d", "1d ", "9999999d"])
def test_what_is_no_span_is_a_fault_with_a_cure(text: str) -> None:
    with pytest.raises(StackError, match="no span"):
        clock.span(text)


@given(spans=st.lists(st.integers(1, 10**7), max_size=5))
def test_each_advance_adds_to_those_before(
    spans: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = Home.at(tmp_path_factory.mktemp("home"))
    for seconds in spans:
        clock.put_forward(home, timedelta(seconds=seconds))
    assert clock.ahead(home) == timedelta(seconds=sum(spans))


def test_a_stack_that_was_never_put_forward_has_real_time_and_no_banner(tmp_path: Path) -> None:
    assert clock.ahead(Home.at(tmp_path)) == timedelta()
    assert not clock.banner(Home.at(tmp_path))


def test_advancing_says_that_time_is_simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALWIRE_HOME", str(tmp_path / "home"))
    done = CliRunner().invoke(cli.app, ["clock", "advance", "30d"])
    assert done.exit_code == 0
    assert "SIMULATED TIME: business time is 30 days" in done.stderr
    assert clock.file_of(Home.at()).read_text(encoding="utf-8") == "2592000.0"
