"""stack.json: what runs, and never anybody else's process."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from shared.stack import process
from shared.stack.faults import NotReady
from shared.stack.home import Home
from shared.stack.state import Running, changing, load


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home.at(tmp_path)
    found.prepare()
    return found


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with the stack."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        yield other
        other.kill()


def test_a_recycled_pid_is_not_ours_and_is_never_killed(
    home: Home, bystander: subprocess.Popen[bytes]
) -> None:
    born = psutil.Process(bystander.pid).create_time()
    with changing(home) as state:
        state.processes["kafka"] = Running("kafka", bystander.pid, born - 3600, 1, "")
    assert load(home).alive("kafka") is None
    assert process.stop(home, "kafka", [(signal.SIGKILL, 5.0)]) is False
    assert bystander.poll() is None


def test_a_process_that_we_started_is_recorded_found_and_ended(home: Home) -> None:
    record = process.spawn(home, "kafka", [sys.executable, "-c", "import time; time.sleep(60)"])
    assert load(home).alive("kafka") == record
    assert process.stop(home, "kafka", [(signal.SIGTERM, 5.0)]) is True
    assert record.process() is None
    assert load(home).processes == {}


def test_a_process_stopped_by_a_signal_still_ends(home: Home) -> None:
    record = process.spawn(home, "kafka", [sys.executable, "-c", "import time; time.sleep(60)"])
    psutil.Process(record.pid).suspend()
    assert process.stop(home, "kafka", [(signal.SIGTERM, 5.0)])
    assert record.process() is None


def test_a_process_missing_from_stack_json_is_found_by_its_mark(home: Home) -> None:
    record = process.spawn(home, "kafka", [sys.executable, "-c", "import time; time.sleep(60)"])
    home.state_file.unlink()
    strays: list[tuple[str, int]] = []
    while not strays:  # its environment shows once it has replaced the copy of ours
        strays = [(name, found.pid) for name, found in process.strays(home)]
    assert strays == [("kafka", record.pid)]
    process.end(psutil.Process(record.pid), [(signal.SIGKILL, 5.0)])


def test_a_process_that_ends_while_it_is_waited_for_gives_its_last_words(home: Home) -> None:
    record = process.spawn(home, "kafka", [sys.executable, "-c", "raise SystemExit('no such luck')"])
    began = time.monotonic()
    with pytest.raises(NotReady, match="no such luck"):
        process.wait_until(lambda: False, record, 30)
    assert time.monotonic() - began < 10


def test_a_damaged_stack_json_is_an_empty_state(home: Home) -> None:
    home.state_file.write_text('{"processes": {"kafka"', encoding="utf-8")
    assert load(home).processes == {}
