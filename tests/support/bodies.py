"""The smallest body that a command's schema takes, made from the schema itself."""

from typing import Any
from uuid import UUID, uuid4

from shared.contracts.message import Command

# What a pattern or a rule behind the schema wants to see.
_KNOWN = {
    "nct": "NCT00000001",
    "effective_on": "2026-03-02",
    "expires_on": "2027-03-01",
    "zone": "America/New_York",
    "sha256": "0" * 64,
    "country": "US",
    "currency": "USD",
    "received_on": "2026-03-02",
    "custodian_state": "TX",
    "weight": 1,
    "language": "en",
    "countries": ["US"],
    "system": "npi",
    "value": "1234567893",
}


EFFECT = {"kind": "other", "description": "simulated"}
# What no schema says: fields that go together.
_TOGETHER: dict[str, dict[str, Any]] = {
    "trials.record_criteria.v1": {
        "criteria": [{"code": "I1", "kind": "inclusion", "attribute": "age", "low": 18}]
    },
    "trials.set_enrolment_target.v1": {"level": "site"},
    "trials.record_design.v1": {"assignment": "not_applicable"},
    "trials.sign_design_input.v1": {"alpha": 0.05, "power": 0.8, "effect": EFFECT},
}


def body_of(contract: type[Command], **given: object) -> dict[str, Any]:
    """A body with every required field, and those of `given` that the command has."""
    schema = contract.model_json_schema()
    fields = schema["properties"]
    wanted = {*schema.get("required", ()), *(given.keys() & fields.keys())}
    made = {name: _sample(name, fields[name], schema.get("$defs", {})) for name in sorted(wanted)}
    made |= _TOGETHER.get(contract.type, {})
    return made | {name: _plain(value) for name, value in given.items() if name in fields}


def _sample(name: str, schema: dict[str, Any], defs: dict[str, Any]) -> Any:
    if "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if several := schema.get("anyOf", schema.get("oneOf")):
        return _sample(name, several[0], defs)
    if name in _KNOWN:
        return _KNOWN[name]
    match schema.get("type"):
        case "string":
            by_format = {"uuid": str(uuid4()), "date": "2026-03-02", "date-time": "2026-03-02T09:00:00Z"}
            return by_format.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return True
        case "array":
            items = schema.get("items", {})
            return [_sample(name, items, defs) for _ in range(schema.get("minItems", 0))]
        case "object":
            fields = schema.get("properties", {})
            return {field: _sample(field, fields[field], defs) for field in schema.get("required", ())}
    raise AssertionError((name, schema))


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, UUID) else value
