"""A projection and a reaction are asked of the events that they are annotated with, and match no other."""

import ast
import contextlib
import inspect
import json
import sys
import textwrap
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest

from shared.contracts.message import Event, Facts, Recorded
from shared.contracts.trials.subject import SubjectDied, SubjectEnrolled
from shared.runtime.record import envelope_of, recorded
from shared.runtime.service import Service
from shared.runtime.takers import events_of

SAMPLES = Path(__file__).parents[2] / "contract" / "samples"
SERVICES: list[Service] = [
    import_module(f"services.{name}.handlers").SERVICE
    for name in ("trials", "regulatory", "safety", "retrieval")
]


def _each() -> Iterator[Any]:
    for service in SERVICES:
        for projection in service.projections:
            said = f"{service.name}-{projection.table}"
            yield pytest.param(projection.events, (projection.keys,), id=said)
        for n, reaction in enumerate(service.reactions):
            said = f"{service.name}-{reaction.source}-{n}"
            yield pytest.param(reaction.events, (reaction.needs, reaction.react), id=said)


def _classes(value: Any) -> Iterator[type[Event]]:
    for one in get_args(value) or (value if isinstance(value, tuple) else (value,)):
        if isinstance(one, type) and issubclass(one, Event):
            yield one


def _matched(function: Callable[..., Any]) -> Iterator[type[Event]]:
    """The classes that a function matches its message with."""
    known = vars(sys.modules[function.__module__])
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.MatchClass):
            yield from _classes(eval(ast.unparse(node.cls), known))  # noqa: S307  our own source
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
            yield from _classes(eval(ast.unparse(node.args[1]), known))  # noqa: S307


def _samples(source: str, service: Service) -> list[Recorded[Any]]:
    """Every event of a source that the service can read, as it was once recorded."""
    found = [json.loads(path.read_text()) for path in sorted(SAMPLES.glob(f"{source}.*.json"))]
    read = [(envelope_of([(k, v.encode()) for k, v in s["headers"].items()]), s["data"]) for s in found]
    return [
        recorded(envelope, service.types[envelope.type].model_validate(data))
        for envelope, data in read
        if envelope.type in service.types
    ]


@pytest.mark.parametrize(("events", "asked"), [*_each()])
def test_what_its_own_code_matches_it_takes(events: tuple[type[Event], ...], asked: tuple[Any, ...]) -> None:
    matched = {event for function in asked for event in _matched(function)}
    assert [event.__name__ for event in matched if not issubclass(event, events)] == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_what_it_takes_it_can_be_asked_of(service: Service) -> None:
    asked = 0
    for source in service.contracts:
        for message in _samples(source, service):
            assert all(isinstance(key, tuple) for _, key in service.projections_of(source).touched(message))
            reactions = service.reactions_to(source)
            assert all(need.key for need in reactions.needs(message))
            reactions.react(message, Facts())
            asked += 1
    assert asked > 50


def test_events_are_those_of_the_annotation() -> None:
    def both(message: Recorded[SubjectEnrolled | SubjectDied]) -> None: ...

    def one(message: Recorded[SubjectDied]) -> None: ...

    def every(message: Recorded[Any]) -> None: ...

    assert events_of(both) == (SubjectEnrolled, SubjectDied)
    assert events_of(one) == (SubjectDied,)
    assert events_of(every) == events_of(lambda message: ()) == (Event,)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_what_it_does_not_take_leads_to_nothing(service: Service) -> None:
    """Also where the reaction hands its message on; asked are those that tell classes apart."""
    passed = 0
    for reaction in service.reactions:
        for message in _samples(reaction.source, service):
            if "match message.data" in inspect.getsource(reaction.react) and not isinstance(
                message.data, reaction.events
            ):
                with contextlib.suppress(AttributeError):  # its last case is the class that is left
                    assert not reaction.react(message, Facts())
                    passed += 1
    assert passed > 50
