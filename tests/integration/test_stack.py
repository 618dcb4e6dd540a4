"""The embedded stack as real processes: started, cut short, killed, side by side, and without a network."""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from shared.stack import access, databases, jars, kafka, postgres, topics
from shared.stack.api import StackAddresses, reset_stack, start_stack, stop_stack
from shared.stack.faults import StackError
from shared.stack.home import Home
from shared.stack.sql import admits, run
from shared.stack.state import load

NOWHERE = "http://127.0.0.1:9"
COMMAND = [sys.executable, "-m", "shared.stack.cli"]
PROJECT = Path(__file__).resolve().parents[2]


def environment(home: Home, **more: str) -> dict[str, str]:
    given = {"TRIALWIRE_KAFKA", "TRIALWIRE_KAFKA_LOGIN_FILE", "TRIALWIRE_POSTGRES", "TRIALWIRE_OTLP"}
    kept = {key: value for key, value in os.environ.items() if key not in given}
    return {**kept, "TRIALWIRE_HOME": str(home.root), **more}


@pytest.fixture(scope="module")
def first(home: Home) -> StackAddresses:
    return start_stack(home)


def test_a_second_up_starts_nothing_and_says_the_same(home: Home, first: StackAddresses) -> None:
    before = load(home)
    assert start_stack(home) == first
    assert load(home) == before


def test_a_service_enters_its_own_database_and_no_other(first: StackAddresses) -> None:
    own = first.dsn["safety"]
    foreign = urlsplit(own)._replace(path="/trials").geturl()
    assert admits(own)
    assert not admits(foreign)
    assert not admits(own.replace("safety:", "safety:not"))


def test_topics_are_made_by_deploy_and_never_by_a_client(home: Home, first: StackAddresses) -> None:
    present = topics.present(access.of_stack(first.kafka, home), 10)
    assert {topic.name: topic.partitions for topic in topics.listed()}.items() <= present.items()
    assert topics.ensure(access.of_stack(first.kafka, home)) == []


def test_stack_json_tells_no_password(home: Home, first: StackAddresses) -> None:
    text = home.state_file.read_text(encoding="utf-8")
    assert str(urlsplit(first.postgres).password) not in text
    assert json.loads(text)["addresses"]["kafka"] == first.kafka
    assert home.secret("trials.dsn").stat().st_mode & 0o077 == 0


def test_a_span_sent_by_otlp_is_a_trace_in_zipkin(first: StackAddresses) -> None:
    provider = TracerProvider(resource=Resource({"service.name": "safety"}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{first.otlp}/v1/traces")))
    with provider.get_tracer("test").start_as_current_span("assess case") as span:
        trace = format(span.get_span_context().trace_id, "032x")
    provider.shutdown()
    deadline = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(f"{first.zipkin}/api/v2/trace/{trace}") as answer:  # noqa: S310
                assert json.load(answer)[0]["localEndpoint"]["serviceName"] == "safety"
            return
        except urllib.error.HTTPError:
            assert time.monotonic() < deadline, "the span never arrived"
            time.sleep(0.2)


def test_a_test_gets_a_database_of_its_own_even_inside_a_running_loop(first: StackAddresses) -> None:
    async def inside() -> str:
        return databases.create(first.postgres, "one_test")

    dsn = asyncio.run(inside())
    assert admits(dsn)
    databases.drop(first.postgres, "one_test")
    assert not admits(dsn)


def test_postgres_killed_comes_back_on_its_port_with_its_data(home: Home, first: StackAddresses) -> None:
    async def write(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    run(first.dsn["trials"], write)
    victim = psutil.Process(load(home).processes["postgres"].pid)
    victim.kill()
    victim.wait(5)
    postgres.start(home)
    assert run(first.dsn["trials"], lambda connection: connection.fetchval("SELECT answer FROM kept")) == 42


def test_a_start_killed_halfway_is_completed_by_the_next_beside_another_stack(
    home: Home, first: StackAddresses, tmp_path: Path
) -> None:
    second = Home.at(tmp_path / "second")
    cut = subprocess.Popen(  # noqa: S603
        [*COMMAND, "up", "--only", "stack", "--no-traces"], env=environment(second), cwd=PROJECT,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while "kafka" not in load(second).processes:
        assert cut.poll() is None
        time.sleep(0.01)
    cut.kill()
    cut.wait()
    orphan = load(second).processes["kafka"].pid
    second.state_file.unlink()  # the worst moment: started, and not yet written down
    try:
        found = start_stack(second, traces=False)
        assert not psutil.pid_exists(orphan) or psutil.Process(orphan).status() == psutil.STATUS_ZOMBIE
        assert admits(found.postgres)
        assert len(topics.present(access.of_stack(found.kafka, second), 10)) >= len(topics.listed())
        assert set(load(second).ports.values()).isdisjoint(load(home).ports.values())
        assert admits(first.postgres)
    finally:
        reset_stack(second)
    assert not second.root.exists()
    assert not second.postgres.exists()


def test_a_cluster_id_that_begins_with_a_dash_is_an_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=b"\xf8" + b"\0" * 15))
    place = Home.at(tmp_path / "dash")
    place.prepare()
    try:
        kafka.start(place)
        assert "cluster.id=-" in (place.kafka / "data" / "meta.properties").read_text()
    finally:
        reset_stack(place)


def test_servers_named_by_variables_replace_our_own(
    home: Home, first: StackAddresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = databases.create(first.postgres, "outside")
    monkeypatch.setenv("TRIALWIRE_KAFKA", first.kafka)
    monkeypatch.setenv("TRIALWIRE_KAFKA_LOGIN_FILE", str(access.login_file(home)))
    monkeypatch.setenv("TRIALWIRE_POSTGRES", first.postgres)
    monkeypatch.setenv("TRIALWIRE_OTLP", first.otlp)
    elsewhere = Home.at(tmp_path / "elsewhere")
    found = start_stack(elsewhere)
    assert (found.kafka, found.otlp, found.zipkin) == (first.kafka, first.otlp, "")
    assert all(admits(dsn) for dsn in found.dsn.values())
    assert "safety.events" in topics.present(found.broker("safety"), 10)
    assert load(elsewhere).processes == {}
    assert admits(admin)
    reset_stack(elsewhere)


def test_a_changed_jar_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: StackAddresses
) -> None:
    cache = jars.folder()
    monkeypatch.setenv("TRIALWIRE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TRIALWIRE_MAVEN", NOWHERE)
    jars.folder().mkdir(parents=True)
    for jar in jars.listed("kafka"):
        (jars.folder() / jar.file_name).symlink_to(cache / jar.file_name)
    changed = jars.folder() / jars.listed("kafka")[0].file_name
    content = bytearray(changed.read_bytes())
    content[-1] ^= 1
    changed.unlink()
    changed.write_bytes(content)
    other = Home.at(tmp_path / "other")
    other.prepare()
    with pytest.raises(StackError, match="could not be fetched"):
        kafka.start(other)
    assert load(other).processes == {}


def test_a_broker_killed_comes_back_without_a_network_on_its_port_with_its_topics(
    home: Home, first: StackAddresses
) -> None:
    assert kafka.kill(home)
    closed = {name: NOWHERE for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "TRIALWIRE_MAVEN")}
    up = subprocess.run(  # noqa: S603
        [*COMMAND, "up", "--only", "stack", "--json"],
        env=environment(home, **closed), cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert up.returncode == 0, up.stderr
    assert json.loads(up.stdout)["addresses"]["kafka"] == first.kafka
    assert f"Kafka      {first.kafka}" in up.stderr
    assert "trials.events" in topics.present(access.of_stack(first.kafka, home), 20)


def test_after_down_nothing_runs(home: Home, first: StackAddresses) -> None:
    processes = [record.process() for record in load(home).processes.values()]
    assert stop_stack(home)
    assert not any(found and found.is_running() for found in processes)
    assert not stop_stack(home)
    assert not admits(first.postgres)
