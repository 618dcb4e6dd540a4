"""Each area of reactions names the events that it is asked of: those that its code matches, no other."""

import ast
import inspect
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from services.trials.handlers import SERVICE
from services.trials.reactions.own import AREAS, react_to_own
from shared.contracts.message import Event, Facts, Recorded
from shared.runtime.record import envelope_of, recorded

SAMPLES = Path(__file__).parents[2] / "contract" / "samples"


def _name(area: ModuleType) -> str:
    return area.__name__.rpartition(".")[2]


def _recorded() -> list[Recorded[Any]]:
    """Every event of the service as it was once recorded."""
    samples = [json.loads(path.read_text()) for path in sorted(SAMPLES.glob("trials.*.json"))]
    envelopes = [envelope_of([(k, v.encode()) for k, v in s["headers"].items()]) for s in samples]
    return [
        recorded(envelope, SERVICE.types[envelope.type].model_validate(sample["data"]))
        for envelope, sample in zip(envelopes, samples, strict=True)
    ]


@pytest.mark.parametrize("area", AREAS, ids=_name)
def test_an_area_is_asked_of_the_events_that_it_matches(area: ModuleType) -> None:
    trees = [ast.parse(inspect.getsource(asked)) for asked in (area.needs, area.react)]
    matched = {
        getattr(area, node.cls.id)
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name)
    }
    assert {found for found in matched if issubclass(found, Event)} == set(area.EVENTS)


@pytest.mark.parametrize("area", AREAS, ids=_name)
def test_no_other_event_concerns_it(area: ModuleType) -> None:
    others = [message for message in _recorded() if type(message.data) not in area.EVENTS]
    assert len(others) > len(SERVICE.types) // 10
    assert [m.type for m in others if area.needs(m) or area.react(m, Facts())] == []


def test_an_event_that_no_area_names_leads_to_nothing() -> None:
    quiet = [m for m in _recorded() if not any(type(m.data) in area.EVENTS for area in AREAS)]
    assert quiet
    assert not any(react_to_own(message, Facts()) for message in quiet)
