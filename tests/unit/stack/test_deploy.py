"""What deploy declares: the topics, and a compose file that keeps to its specification and to them."""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.identity.machines import Machines
from shared.runtime.settings import EMBEDDED, Settings
from shared.stack import access, kafka_settings, topics
from shared.stack.databases import SERVICES
from shared.stack.deploy import with_password
from shared.stack.home import Home
from shared.vault.keeper import has_vault

ROOT = Path(__file__).resolve().parents[3]
DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    nothing_set = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    document: dict[str, Any] = yaml.safe_load(nothing_set)
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
        service = import_module(f"services.{name}.handlers").SERVICE
        vault = [f"{name}-vault:/vault"] if has_vault(service) else []
        assert block["volumes"] == [f"{name}:/state:ro", *vault, "./deploy/machines:/machines:ro"]
        assert block["depends_on"] == {"deploy": {"condition": "service_completed_successfully"}}


def test_every_port_is_published_on_loopback_and_only_once(compose: dict[str, Any]) -> None:
    ports = [port for block in compose["services"].values() for port in block.get("ports", [])]
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)
    assert len({port.split(":")[1] for port in ports}) == len(ports)


def test_every_volume_used_is_declared_and_every_image_has_a_version(compose: dict[str, Any]) -> None:
    blocks = compose["services"].values()
    mounted = {volume for block in blocks for volume in block.get("volumes", [])}
    assert {volume.split(":")[0] for volume in mounted if volume[0] != "."} == set(compose["volumes"])
    assert all(re.search(r":[\d.]+$", block["image"]) for block in blocks)


def test_no_password_stands_in_the_compose_file_or_in_a_container_s_environment(
    compose: dict[str, Any],
) -> None:
    for block in compose["services"].values():
        for key, value in block.get("environment", {}).items():
            if re.search("PASSWORD|LOGIN|DSN", key):
                assert key.endswith("_FILE")
                assert re.match("/run/secrets/|/state/", value)
            assert ":" not in str(value).partition("//")[2].rpartition("@")[0]
    assert "${" not in str(compose)
    assert compose["secrets"]["kafka_login"] == {"environment": "KAFKA_LOGIN"}


def test_a_secret_is_mounted_only_where_it_is_read(compose: dict[str, Any]) -> None:
    given = {name: set(block.get("secrets", [])) for name, block in compose["services"].items()}
    assert {name: those for name, those in given.items() if those} == {
        "kafka": {"kafka_login"},
        "postgres": {"postgres_password"},
        "deploy": {"kafka_login", "postgres_password"},
    }
    for name, block in compose["services"].items():
        values = map(str, block.get("environment", {}).values())
        read = {value.removeprefix("/run/secrets/") for value in values if value.startswith("/run/secrets/")}
        assert read == given[name]


def test_each_service_gets_the_settings_that_the_services_know(compose: dict[str, Any]) -> None:
    known = {f"TRIALWIRE_{name.upper()}" for name in Settings.model_fields}
    for name in SERVICES:
        assert compose["services"][name]["environment"].keys() <= known


def test_deploy_has_a_place_for_every_principal(compose: dict[str, Any]) -> None:
    places = {volume.split(":")[1] for volume in compose["services"]["deploy"]["volumes"]}
    assert places == {f"/state/{principal.name}" for principal in access.listed()}
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert all(f" {place}" in dockerfile for place in places)


def test_what_the_image_is_made_of_is_not_ignored() -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [word for line in lines if re.match("COPY (?!--from)", line) for word in line.split()[1:-1]]
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{path}" for path in copied} <= set(let_in)


def test_the_files_that_compose_mounts_are_there(compose: dict[str, Any]) -> None:
    assert all((ROOT / config["file"]).is_file() for config in compose["configs"].values())
    Machines(ROOT / "deploy" / "machines" / "machines.toml")


def properties(text: str) -> dict[str, str]:
    """As Java reads them: a backslash at the end goes on in the next line."""
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {key: value for key, _, value in pairs}


def test_the_broker_of_the_compose_file_is_as_strict_as_the_embedded_one(compose: dict[str, Any]) -> None:
    ours = properties(kafka_settings.text(Home(Path("none")), 1, 2, "administrator:a", "b"))
    theirs = properties((ROOT / "deploy" / "kafka.properties").read_text(encoding="utf-8"))
    strict = {key for key in ours if re.search(r"sasl|authorizer|allow|auto\.create", key)}
    with_secrets = {key for key in strict if key.endswith("jaas.config")}
    assert len(strict - with_secrets) == 7
    assert {key: theirs.get(key) for key in strict - with_secrets} == {
        key: ours[key] for key in strict - with_secrets
    }
    protocols = {entry.split(":")[1] for entry in theirs["listener.security.protocol.map"].split(",")}
    assert protocols == {"SASL_PLAINTEXT"}
    script = (ROOT / "deploy" / "kafka.sh").read_text(encoding="utf-8")
    assert "/run/trialwire" in script
    assert compose["services"]["kafka"]["tmpfs"] == ["/run/trialwire"]  # no password of it reaches a disk
    assert all(f'"{key}=' in script for key in {*with_secrets, "super.users"})


def test_a_password_in_a_file_takes_its_place_in_the_address(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a/b@c:d\n", encoding="utf-8")
    expected = "postgresql://owner:a%2Fb%40c%3Ad@host:5432/postgres?sslmode=require"
    for given in ("postgresql://owner@host", "postgresql://owner:old@host"):
        assert with_password(f"{given}:5432/postgres?sslmode=require", tmp_path / "password") == expected


def test_no_container_believes_whoever_reaches_it(compose: dict[str, Any]) -> None:
    for block in compose["services"].values():
        assert EMBEDDED not in str(block)
