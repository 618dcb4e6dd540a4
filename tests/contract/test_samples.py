"""Recorded samples: whatever a released version once wrote, today's contracts still read in full."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from docs import build

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.json"))
RELEASED = build.released()
# Types that no command of today can bring about. Every service that has deadlines has all of their types:
# - an end is awaited where it is read before what it ends; today each deadline is armed and ended by events
#   of one stream, or armed in the transaction that opens what ends it, and those keep their order;
# - safety's clock for judging information has no other anchor and is never withdrawn: it is met, or met late;
# - safety takes no particulars and seals no document yet: its vault has the types that every vault has;
# - retrieval's service level keeps its first date, whatever is asked again.
NOT_RECORDED_YET: frozenset[str] = frozenset(
    {
        "regulatory.deadline.awaited.v1",
        "retrieval.deadline.awaited.v1",
        "retrieval.deadline.superseded.v1",
        "safety.deadline.awaited.v1",
        "safety.deadline.cancelled.v1",
        "safety.deadline.superseded.v1",
        "safety.document.sealed.v1",
        "safety.particulars.read.v1",
        "safety.particulars.recorded.v1",
        "safety.vault.handed.v1",
    }
)


def sample(path: Path) -> dict[str, Any]:
    """A sample as it was recorded: the record's CloudEvents headers and its value."""
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def test_every_released_event_type_has_a_sample_and_every_sample_its_type() -> None:
    assert {path.stem for path in SAMPLES} | NOT_RECORDED_YET == set(RELEASED)
    assert not {path.stem for path in SAMPLES} & NOT_RECORDED_YET


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_recorded_sample_still_means_the_same(path: Path) -> None:
    recorded = sample(path)["data"]
    read = RELEASED[path.stem].model_validate_json(json.dumps(recorded))
    assert _lost(recorded, read.model_dump(mode="json")) == []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_recorded_sample_agrees_with_its_published_schema(path: Path) -> None:
    schema = json.loads((build.FOLDER / f"{path.stem}.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(sample(path)["data"])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_recorded_sample_has_the_whole_envelope(path: Path) -> None:
    headers = sample(path)["headers"]
    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_type"] == path.stem
    assert headers["ce_source"] == f"/trialwire/{path.stem.split('.')[0]}"
    assert {"ce_id", "ce_subject", "ce_sequence", "ce_time", "ce_sponsorid", "ce_actor"} <= set(headers)
    assert {"ce_correlationid", "content-type"} <= set(headers)


def _lost(recorded: Any, read: Any, where: str = "") -> list[str]:
    """Where the reading differs from what was recorded; fields added since then do not count."""
    if isinstance(recorded, dict) and isinstance(read, dict):
        return [
            fault
            for key, value in recorded.items()
            for fault in (_lost(value, read[key], f"{where}/{key}") if key in read else [f"{where}/{key}"])
        ]
    if isinstance(recorded, list) and isinstance(read, list) and len(recorded) == len(read):
        pairs = enumerate(zip(recorded, read, strict=True))
        return [fault for i, (old, new) in pairs for fault in _lost(old, new, f"{where}/{i}")]
    return [] if recorded == read else [where]
