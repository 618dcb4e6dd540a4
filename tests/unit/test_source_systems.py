"""docs/howto/source-systems.md names what a system may report, and its sample sends each telling once."""

import json
import re
import runpy
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.trials.commands.feed import RecordDailySummary
from shared.rules.roles import role

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
PAGE = (HOWTO / "source-systems.md").read_text("utf-8")
TABLE = [line for line in PAGE.splitlines() if line.startswith("| ")]
NAMED = re.findall(r"`((?:trials|safety)\.[a-z_]+)\.v1`", "\n".join(TABLE))
REQUESTS = {"trials.start_feed", "trials.end_feed"}


@pytest.mark.parametrize("name", NAMED)
def test_what_the_table_names_is_a_report_that_a_system_may_give(name: str) -> None:
    service = import_module(f"services.{name.partition('.')[0]}.handlers").SERVICE
    command, _ = service.commands[f"{name}.v1"]
    assert command.report == (name not in REQUESTS)
    system = role("system")
    assert system is not None
    assert system.may_give(name)


def test_the_table_names_the_requests_that_the_page_speaks_of() -> None:
    assert "Only `start_feed` and `end_feed` are requests" in PAGE
    assert set(NAMED) > REQUESTS


def test_a_summary_that_takes_a_correction_back_is_a_record_of_its_own() -> None:
    record, key = runpy.run_path(str(HOWTO / "send_readings.py"))["record"], Ed25519PrivateKey.generate()
    ids = {name: "018f0000-0000-7000-8000-000000000001" for name in ("trial_id", "site_id", "subject_id")}
    said = {
        "source_system": "w",
        "day": "2026-03-02",
        "measure": "steps",
        "raw_data_ref": "r",
        "sha256": "a" * 64,
    }

    def sent(received: int, revision: int) -> dict[str, Any]:
        row = {**ids, **said, "received": str(received), "revision": str(revision)}
        found: dict[str, Any] = record(row, "wrist", key)
        RecordDailySummary.model_validate(json.loads(found["value"]))
        return found

    tellings = [sent(22, 1), sent(3, 2), sent(22, 3), sent(22, 1)]
    ids_sent = [dict(telling["headers"])["ce_id"] for telling in tellings]
    assert len(set(ids_sent)) == 3
    assert ids_sent[3] == ids_sent[0]
