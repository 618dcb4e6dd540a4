"""A field that may identify a person is marked, stands in particulars, and in no message and no row."""

import dataclasses
import types
from collections.abc import Iterator
from importlib import import_module
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from pydantic import BaseModel

from services.retrieval.particulars import PatientIdentity
from shared.contracts.message import Command, Event, Value
from shared.runtime.service import Service
from shared.vault.particulars import Particulars, PatientData, Private

SERVICES: list[Service] = [
    import_module(f"services.{name}.handlers").SERVICE
    for name in ("trials", "regulatory", "safety", "retrieval")
]
EVENTS = {name: event for service in SERVICES for name, event in service.types.items()}
COMMANDS = {name: command for service in SERVICES for name, (command, _) in service.commands.items()}
ROWS = {f"{s.name} {p.table}": p.row for s in SERVICES for p in s.projections}
PARTICULARS = {f"{s.name} {kind}": model for s in SERVICES for kind, model in s.particulars.items()}


def leaves(annotation: Any, path: str, marks: tuple[Any, ...] = ()) -> Iterator[tuple[str, bool]]:
    """Each field below an annotation that is no model itself, and whether it is marked."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from leaves(inner, path, (*marks, *more))
    elif isinstance(annotation, type) and issubclass(annotation, Particulars) and path:
        yield path, True  # wherever it stands, it brings all of them
    elif isinstance(annotation, type) and (
        issubclass(annotation, BaseModel) or dataclasses.is_dataclass(annotation)
    ):
        for name, hint in get_type_hints(annotation, include_extras=True).items():
            if get_origin(hint) is not ClassVar and not name.startswith(("model_", "_")):
                yield from leaves(hint, f"{path}/{name}", marks)
    elif get_origin(annotation) in (Union, types.UnionType, tuple, list, dict, frozenset, set) or get_args(
        annotation
    ):
        for one in get_args(annotation):
            yield from leaves(one, path, marks)
    elif annotation not in (None, type(None), Ellipsis):
        yield path, any(isinstance(mark, PatientData) for mark in marks)


def marked(annotation: Any) -> set[str]:
    """Where an annotation has patient data."""
    return {path for path, is_marked in leaves(annotation, "") if is_marked}


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_no_event_has_patient_data(name: str) -> None:
    assert marked(EVENTS[name]) == set()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_no_command_has_patient_data(name: str) -> None:
    assert marked(COMMANDS[name]) == set()


@pytest.mark.parametrize("name", sorted(ROWS))
def test_no_row_has_patient_data(name: str) -> None:
    assert marked(ROWS[name]) == set()


@pytest.mark.parametrize("name", sorted(PARTICULARS))
def test_every_field_of_particulars_is_marked(name: str) -> None:
    model = PARTICULARS[name]
    assert issubclass(model, Particulars)
    for field, hint in get_type_hints(model, include_extras=True).items():
        if get_origin(hint) is not ClassVar and field != "model_config":
            found = list(leaves(hint, field))
            assert found, field
            assert all(is_marked for _, is_marked in found), field


class Named(Value):
    """A part of a message with a patient's name in it."""

    name: Private | None = None


class Told(Event):
    """An event that tells too much, in each of the ways there are."""

    type: ClassVar[str] = "retrieval.subject.told.v1"
    subject_id: UUID
    plain: Annotated[str, PatientData()]
    listed: tuple[Private, ...] = ()
    mapped: dict[str, Private] | None = None
    part: Named | None = None
    parts: tuple[Named, ...] = ()
    whole: PatientIdentity | None = None


class Tell(Command):
    """A command that does."""

    type: ClassVar[str] = "retrieval.tell.v1"
    who: tuple[PatientIdentity, ...]


@dataclasses.dataclass(frozen=True)
class ToldRow:
    """A row that does."""

    subject_id: UUID
    name: Private | None = None


def test_a_message_that_had_it_would_be_found() -> None:
    assert marked(Told) == {"/plain", "/listed", "/mapped", "/part/name", "/parts/name", "/whole"}
    assert marked(Tell) == {"/who"}
    assert marked(ToldRow) == {"/name"}
