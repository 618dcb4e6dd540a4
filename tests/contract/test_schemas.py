"""The published schemas: they stand as the contracts are, are valid, and have no room for patient data."""

import json
import re
from typing import get_args

import pytest
from jsonschema import Draft202012Validator

from docs import build, states
from shared.contracts.message import Event

RELEASED = build.released()
TYPE_NAME = re.compile(r"[a-z]+\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.v[1-9][0-9]*")
# Particulars and narrative belong to the vault of the service that received them (docs/adr/0009).
NEVER_IN_AN_EVENT = {
    "address",
    "allocation",
    "birth_date",
    "date_of_birth",
    "email",
    "first_name",
    "initials",
    "last_name",
    "medical_record_number",
    "mrn",
    "narrative",
    "patient_name",
    "phone",
    "ssn",
    "treatment_arm",
}


def test_the_published_schemas_are_those_of_the_contracts() -> None:
    published = {path.name: path.read_text(encoding="utf-8") for path in build.FOLDER.iterdir()}
    stale = sorted(name for name, text in build.files() if published.pop(name, None) != text)
    assert (stale, sorted(published)) == ([], []), "run make docs and read what it changes"


def test_the_pages_of_roles_and_states_are_those_of_the_rules() -> None:
    written = build.ROLES.read_text(encoding="utf-8"), states.STATES.read_text(encoding="utf-8")
    assert written == (build.access(), states.page()), "run make docs and read what it changes"


def test_every_state_machine_is_on_the_page_with_each_of_its_steps_and_guards() -> None:
    found = list(states.machines())
    assert "lifecycle" in {module.__name__.rpartition(".")[2] for module in found}
    page = states.page()
    for module in found:
        steps = {(before, after) for before, to in module.TRANSITIONS.items() for after in to}
        assert set(getattr(module, "GUARDS", {})) <= steps, f"{module.__name__} guards a step that it has not"
        for (before, after), refusing in getattr(module, "GUARDS", {}).items():
            rules = ", ".join(f"`{rule}`" for rule in refusing) or "-"
            assert f"| {before} | {after} | {rules} |" in page


@pytest.mark.parametrize("name", RELEASED)
def test_an_event_type_is_named_by_service_subject_fact_and_version(name: str) -> None:
    assert TYPE_NAME.fullmatch(name)


@pytest.mark.parametrize(("name", "event"), RELEASED.items(), ids=RELEASED)
def test_an_event_says_what_happened_and_has_a_valid_schema(name: str, event: type[Event]) -> None:
    document = json.loads(build.schema(name, event))
    Draft202012Validator.check_schema(document)
    assert event.__doc__ not in {None, Event.__doc__}


@pytest.mark.parametrize(("name", "event"), RELEASED.items(), ids=RELEASED)
def test_an_event_has_no_field_for_patient_data(name: str, event: type[Event]) -> None:
    assert not _fields(event.model_json_schema()) & NEVER_IN_AN_EVENT


@pytest.mark.parametrize("event", RELEASED.values(), ids=RELEASED)
def test_a_field_that_may_be_none_may_be_left_out(event: type[Event]) -> None:
    """The log leaves None out, so that a field without a default could not be read back."""
    for name, field in event.model_fields.items():
        assert not field.is_required() or type(None) not in get_args(field.annotation), name


def _fields(schema: dict[str, object]) -> set[str]:
    """The field names of an event and of the values in it."""
    names: set[str] = set()
    for key, part in schema.items():
        if key == "properties" and isinstance(part, dict):
            names |= set(part)
        if isinstance(part, dict):
            names |= _fields(part)
    return names
