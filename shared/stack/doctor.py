"""`trialwire doctor`: every check of machine and servers, each with what it found and what to do about it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from shared.stack.faults import StackError
from shared.stack.home import Home

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One line of the report; `cure` is empty when nothing needs doing."""

    check: str
    level: Level
    found: str
    cure: str = ""


def examine(home: Home) -> list[Finding]:
    """Run every check; one that breaks is itself a finding, never the end of the report."""
    from shared.stack import doctor_machine, doctor_servers

    checks: list[tuple[str, Callable[[Home], Iterator[Finding]]]] = [
        ("home", doctor_machine.home_folder),
        ("disk", doctor_machine.disk),
        ("clock", doctor_machine.clock),
        ("java", doctor_machine.jvm),
        ("jars", doctor_machine.jar_sums),
        ("programs", doctor_machine.database_programs),
        ("stack.json", doctor_servers.recorded),
        ("ports", doctor_servers.ports_held),
        ("postgres", doctor_servers.database),
        ("kafka", doctor_servers.broker),
        ("traces", doctor_servers.trace_receiver),
        ("services", doctor_servers.services_ready),
    ]
    return [finding for name, check in checks for finding in _run(name, check, home)]


def given(name: str) -> str:
    """An address that replaces an embedded server: TRIALWIRE_KAFKA, TRIALWIRE_POSTGRES or TRIALWIRE_OTLP."""
    return os.environ.get(f"TRIALWIRE_{name.upper()}", "")


def _run(name: str, check: Callable[[Home], Iterator[Finding]], home: Home) -> list[Finding]:
    try:
        return list(check(home))
    except StackError as error:
        return [Finding(name, "fail", error.cause, error.cure)]
    except Exception as error:  # the report goes on, whatever one check meets
        return [Finding(name, "fail", f"{type(error).__name__}: {error}", "This check could not be made.")]
