"""The doctor names the fault, and a cure with it."""

import os
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from shared.stack import doctor_machine, doctor_servers, process
from shared.stack.doctor import Finding, examine
from shared.stack.home import LOOPBACK, Home
from shared.stack.jars import listed
from shared.stack.state import Running, changing


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("KAFKA", "POSTGRES", "OTLP", "JAVA"):
        monkeypatch.delenv(f"TRIALWIRE_{name}", raising=False)
    monkeypatch.setenv("TRIALWIRE_CACHE", str(tmp_path / "cache"))
    found = Home.at(tmp_path / "home")
    found.prepare()
    return found


def bad(findings: list[Finding], check: str, level: str = "fail") -> list[Finding]:
    found = [finding for finding in findings if finding.check == check and finding.level == level]
    assert all(finding.cure for finding in found)
    return found


def test_a_stack_that_never_ran_has_no_faults(home: Home) -> None:
    assert [finding for finding in examine(home) if finding.level == "fail"] == []


def test_a_process_that_died_is_named_with_its_log(home: Home) -> None:
    with changing(home) as state:
        state.processes["postgres"] = Running("postgres", os.getpid(), 1.0, 1, "postgres.log")
    (finding,) = bad(examine(home), "stack.json")
    assert "postgres" in finding.found
    assert "postgres.log" in finding.cure


def test_a_start_that_was_cut_short_is_seen(home: Home) -> None:
    record = process.spawn(home, "kafka", [sys.executable, "-c", "import time; time.sleep(60)"])
    home.state_file.unlink()
    found: list[Finding] = []
    while not found:
        found = bad(list(doctor_servers.recorded(home)), "stack.json")
    assert str(record.pid) in found[0].found
    process.end(psutil.Process(record.pid), [(signal.SIGKILL, 5.0)])


def test_a_damaged_stack_json_is_a_fault(home: Home) -> None:
    home.state_file.write_text("{", encoding="utf-8")
    assert bad(examine(home), "stack.json")


def test_the_holder_of_a_port_is_named(home: Home) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        with changing(home) as state:
            state.ports["kafka"] = other.getsockname()[1]
        (finding,) = bad(list(doctor_servers.ports_held(home)), "ports", "warn")
    assert f"(pid {os.getpid()})" in finding.found


def test_a_changed_jar_is_a_fault_and_missing_ones_are_a_warning(home: Home, tmp_path: Path) -> None:
    (tmp_path / "cache" / "jars").mkdir(parents=True)
    (tmp_path / "cache" / "jars" / listed("kafka")[0].file_name).write_bytes(b"not this")
    findings = list(doctor_machine.jar_sums(home))
    assert listed("kafka")[0].file_name in bad(findings, "jars")[0].found
    assert f"{len(listed()) - 1} of {len(listed())}" in bad(findings, "jars", "warn")[0].found


def test_a_home_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert bad(examine(Home.at(tmp_path / "file" / "home")), "home")


def test_a_jvm_that_is_none_is_a_fault(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALWIRE_JAVA", str(home.root / "no-java"))
    assert "no-java" in bad(examine(home), "java")[0].found


def test_a_clock_that_went_back_is_a_fault(home: Home) -> None:
    with changing(home) as state:
        state.processes["kafka"] = Running("kafka", os.getpid(), 4e9, 1, "kafka.log")
    assert bad(list(doctor_machine.clock(home)), "clock")


def test_servers_given_by_variables_that_do_not_answer_are_faults(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIALWIRE_KAFKA", f"{LOOPBACK}:9")
    monkeypatch.setenv("TRIALWIRE_POSTGRES", f"postgresql://x:y@{LOOPBACK}:9/postgres")
    monkeypatch.setenv("TRIALWIRE_OTLP", f"http://{LOOPBACK}:9")
    findings = examine(home)
    assert bad(findings, "kafka")
    assert bad(findings, "postgres")
    assert bad(findings, "traces")
