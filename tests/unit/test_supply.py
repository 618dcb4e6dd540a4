"""What is delivered beside the code: the bill of materials, and what an audit of the packages comes to."""

import json
from pathlib import Path
from typing import Any

import cyclonedx.schema
import pytest
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from deploy import audit, sbom

SCHEMAS = Path(cyclonedx.schema.__file__).parent / "_res"


def test_the_bill_of_materials_keeps_its_schema_and_names_every_locked_package(tmp_path: Path) -> None:
    sbom.main(tmp_path)
    made = json.loads((tmp_path / "sbom.json").read_text())
    registry: Registry[Any] = Registry()
    for file in ("bom-1.6", "spdx", "jsf-0.82"):
        text = json.loads((SCHEMAS / f"{file}.SNAPSHOT.schema.json").read_text("utf-8"))
        named = f"http://cyclonedx.org/schema/{file}.SNAPSHOT.schema.json"
        registry = registry.with_resource(named, DRAFT7.create_resource(text))
    schema = {"$ref": "http://cyclonedx.org/schema/bom-1.6.SNAPSHOT.schema.json"}
    faults = [
        f"{e.json_path}: {e.message[:200]}"
        for e in Draft7Validator(schema, registry=registry).iter_errors(made)
    ]
    assert not faults
    listed = {c["name"]: c for c in made["components"]}
    assert {"fastapi", "uvicorn", "asyncpg", "cryptography"} <= set(listed)
    assert "pytest" not in listed
    for name, component in listed.items():
        assert component["purl"] == f"pkg:pypi/{name}@{component['version']}"
        assert component["licenses"], name
        assert component["properties"], name


@pytest.mark.parametrize(
    ("output", "words", "serious"),
    [
        ("", "no advisory database is reachable", False),
        ('{"dependencies": [{"name": "a", "skip_reason": "away"}]}', "no advisory database", False),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', "1 packages audited", False),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}'
            ', {"name": "b", "skip_reason": "local"}]}',
            "1 packages audited, not b\na 1: X-1, mended in 2",
            True,
        ),
    ],
)
def test_an_audit_fails_for_a_known_fault_and_not_for_want_of_a_database(
    output: str, words: str, serious: bool
) -> None:
    said, fails = audit.verdict(output)
    assert said.startswith(words)
    assert fails is serious
