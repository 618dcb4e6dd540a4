"""What deploy declares: the topics, and a compose file that keeps to its specification and to them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.runtime.settings import EMBEDDED
from shared.stack import topics
from shared.stack.databases import SERVICES

ROOT = Path(__file__).resolve().parents[3]
DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return {key: value for key, value in document.items() if not key.startswith("x-")}


def test_every_service_has_events_for_ever_and_commands_for_seven_days() -> None:
    kept = {topic.name: topic.retention_ms for topic in topics.listed()}
    assert {kept[f"{name}.events"] for name in SERVICES} == {-1}
    assert {kept[f"{name}.commands"] for name in SERVICES} == {7 * DAY_MS}
    assert kept["safety.restricted"] == kept["regulatory.restricted"] == -1


def test_every_topic_has_the_twelve_partitions_that_an_outbox_bucket_means() -> None:
    assert {topic.partitions for topic in topics.listed()} == {12}


def test_the_compose_file_keeps_to_the_compose_specification(compose: dict[str, Any]) -> None:
    checker = pytest.importorskip("compose_spec", reason="the package compose-spec is not installed")
    found = checker.PyCompose.from_json(json.dumps(compose))
    assert set(found.service_names()) == {"kafka", "postgres", "jaeger", "deploy", *SERVICES}


def test_every_service_runs_its_own_app_with_its_own_secret_alone(compose: dict[str, Any]) -> None:
    for name in SERVICES:
        block = compose["services"][name]
        assert block["command"] == ["python", "-m", f"services.{name}.app"]
        assert block["volumes"] == [f"{name}:/state:ro"]
        assert block["depends_on"] == {"deploy": {"condition": "service_completed_successfully"}}


def test_every_port_is_published_on_loopback_and_only_once(compose: dict[str, Any]) -> None:
    ports = [port for block in compose["services"].values() for port in block.get("ports", [])]
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)
    assert len({port.split(":")[1] for port in ports}) == len(ports)


def test_every_volume_used_is_declared_and_every_image_has_a_version(compose: dict[str, Any]) -> None:
    blocks = compose["services"].values()
    used = {volume.split(":")[0] for block in blocks for volume in block.get("volumes", [])}
    assert used == set(compose["volumes"])
    assert all(re.search(r":[\d.]+$", block["image"]) for block in blocks)


def test_no_password_stands_in_the_compose_file(compose: dict[str, Any]) -> None:
    for block in compose["services"].values():
        for key, value in block.get("environment", {}).items():
            if "PASSWORD" in key or "@" in str(value).partition("//")[2]:
                assert "${POSTGRES_PASSWORD:?" in value


def test_no_container_believes_whoever_reaches_it(compose: dict[str, Any]) -> None:
    for block in compose["services"].values():
        assert EMBEDDED not in str(block)
