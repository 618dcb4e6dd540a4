"""Registry records for tests: small ones made here, real ones where they are on this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[4] / "shared" / "data" / "ctgov"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the registry's records are not on this machine")


def chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(50_000):
            yield chunk


def study(nct: str = "NCT00000001", **status: Any) -> dict[str, Any]:
    return {
        "protocolSection": {
            "identificationModule": {"nctId": nct, "briefTitle": "A title"},
            "statusModule": {"overallStatus": "RECRUITING", **status},
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "A sponsor"}},
            "designModule": {"studyType": "INTERVENTIONAL", "phases": ["PHASE1", "PHASE2"]},
        }
    }


def placed(*locations: dict[str, Any]) -> dict[str, Any]:
    record = study()
    record["protocolSection"]["contactsLocationsModule"] = {"locations": list(locations)}
    return record
