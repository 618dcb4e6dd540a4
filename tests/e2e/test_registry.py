"""Real records of ClinicalTrials.gov through the command line, on a running stack."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from shared.stack.api import StackAddresses
from tests.e2e.conftest import ROOT, Trialwire

DATA = ROOT.parent / "shared" / "data" / "ctgov"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the registry's records are not beside the project: ../shared/data/ctgov"
)


def _import(trialwire: Trialwire, *files: Path) -> dict[str, Any]:
    done = trialwire("import", "ctgov", *map(str, files), "--json", within=120)
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_every_record_is_imported_or_rejected_with_a_reason_and_a_second_run_changes_nothing(
    trialwire: Trialwire, stack: StackAddresses
) -> None:
    records = DATA / "v2" / "studies.ndjson"
    first = _import(trialwire, records)
    assert first["read"] == 302
    assert first["imported"] + first["unchanged"] + len(first["rejected"]) == 302
    assert all(one["reason"] for one in first["rejected"])
    second = _import(trialwire, records)
    assert (second["read"], second["imported"]) == (302, 0)
    assert second["rejected"] == first["rejected"]


def test_the_older_format_is_read_as_well(trialwire: Trialwire, stack: StackAddresses) -> None:
    files = sorted((DATA / "legacy_xml").glob("*.xml"))
    told = _import(trialwire, *files)
    assert told["read"] == len(files) == 41
    assert not told["rejected"]


def test_a_trial_of_the_registry_is_shown_by_its_number(trialwire: Trialwire, stack: StackAddresses) -> None:
    page: dict[str, Any] = {"lifecycle": {"holds": []}}
    until = time.monotonic() + 20
    while not page["lifecycle"]["holds"]:  # the hold is a reaction's: it comes a moment after the import
        assert time.monotonic() < until
        done = trialwire("trial", "show", "NCT05378763", "--json")
        assert done.returncode == 0, done.stderr
        page = json.loads(done.stdout)
    assert page["registry_status"] == "SUSPENDED"
    assert page["lifecycle"]["status"] == "active"
    assert [hold["source"] for hold in page["lifecycle"]["holds"]] == ["sponsor_pause"]
    assert page["why_stopped"]
    assert page["correlation_id"]
