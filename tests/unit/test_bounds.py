"""No list of a public command is without an end."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

SERVICES = ("trials", "regulatory", "safety", "retrieval")
# As long as the registry's record is; the body ends at 1 MiB and the event at 256 KiB.
RECORDED_WHOLE = {"trials.record_registry_entry.v1"}


def endless(schema: Any, at: str = "") -> Iterator[str]:
    """Where a schema has a list without a largest number of items, or an object of any names."""
    if isinstance(schema, dict):
        if schema.get("type") == "array" and "maxItems" not in schema:
            yield at
        named = schema.get("additionalProperties", False) is False or "maxProperties" in schema
        if schema.get("type") == "object" and not named:
            yield at
        for name, inner in schema.items():
            yield from endless(inner, f"{at}/{name}")
    elif isinstance(schema, list):
        for n, inner in enumerate(schema):
            yield from endless(inner, f"{at}/{n}")


@pytest.mark.parametrize("name", SERVICES)
def test_every_list_of_a_command_has_a_largest_number_of_items(name: str) -> None:
    service = import_module(f"services.{name}.handlers").SERVICE
    found = {
        (type_, at)
        for type_, (contract, _) in service.commands.items()
        if not contract.internal and type_ not in RECORDED_WHOLE
        for at in endless(contract.model_json_schema())
    }
    assert not found


def test_a_list_without_an_end_is_found() -> None:
    assert list(endless({"properties": {"ids": {"type": "array", "items": {}}}})) == ["/properties/ids"]
