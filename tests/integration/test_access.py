"""The embedded broker with real clients: who gets in, and what each may do there."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from shared.identity.kafka import Kafka
from shared.stack import access, doctor_servers, kafka, topics
from shared.stack.api import StackAddresses, reset_stack, start_stack
from shared.stack.databases import SERVICES
from shared.stack.deploy import deploy
from shared.stack.faults import NotReady, StackError
from shared.stack.home import Home
from shared.stack.state import load
from tests.support.stack import Servers

# The last: whoever may write nowhere is not even given a producer's number.
_DENIED = (TopicAuthorizationFailedError, GroupAuthorizationFailedError, ClusterAuthorizationFailedError)


@pytest.fixture(scope="module")
def stack(home: Home) -> StackAddresses:
    return start_stack(home, traces=False)


async def write(at: Kafka, topic: str) -> None:
    """As the relay does: idempotent, acknowledged."""
    producer = AIOKafkaProducer(**at.arguments, enable_idempotence=True, request_timeout_ms=5_000)
    try:
        await asyncio.wait_for(producer.start(), 10)
        await asyncio.wait_for(producer.send_and_wait(topic, b"{}", partition=0), 10)
    finally:
        await asyncio.wait_for(producer.stop(), 5)


async def read(at: Kafka, topic: str) -> list[bytes | None]:
    """What the topic holds, read without a group."""
    consumer = AIOKafkaConsumer(topic, **at.arguments, auto_offset_reset="earliest")
    try:
        await asyncio.wait_for(consumer.start(), 10)
        got = await asyncio.wait_for(consumer.getmany(timeout_ms=1_000), 10)
        return [record.value for records in got.values() for record in records]
    finally:
        await consumer.stop()


async def join(at: Kafka, topic: str, group: str) -> None:
    """As a subscription does: until partitions are assigned."""
    consumer = AIOKafkaConsumer(topic, **at.arguments, group_id=group)
    try:
        await asyncio.wait_for(consumer.start(), 10)
        await asyncio.wait_for(consumer.getmany(timeout_ms=1_000), 10)
        assert consumer.assignment()
    finally:
        await consumer.stop()


async def denied(doing: Awaitable[object]) -> None:
    """That it is refused for want of a right, and by nothing else."""
    with pytest.raises(_DENIED):
        await doing


@pytest.mark.parametrize("login", ["", "trials:wrong", "administrator:wrong", "nobody:x"])
async def test_nobody_gets_in_without_a_password_or_with_a_wrong_one(
    stack: StackAddresses, login: str
) -> None:
    admin = AIOKafkaAdminClient(**Kafka(stack.kafka, login).arguments, request_timeout_ms=3_000)
    with pytest.raises((KafkaError, TimeoutError)):
        await asyncio.wait_for(admin.start(), 10)
    await admin.close()
    with pytest.raises(NotReady):
        topics.present(Kafka(stack.kafka, login), 2)


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_does_what_the_file_says(stack: StackAddresses, name: str) -> None:
    principal = next(one for one in access.listed() if one.name == name)
    for topic in sorted(principal.write):
        await write(stack.broker(name), topic)
    for topic in sorted(principal.read):
        await read(stack.broker(name), topic)
    await join(stack.broker(name), f"{name}.commands", f"{name}.commands")


async def test_a_service_may_not_write_or_read_what_is_another_s(stack: StackAddresses) -> None:
    await denied(write(stack.broker("trials"), "safety.events"))
    await denied(write(stack.broker("trials"), "safety.restricted"))
    await denied(write(stack.broker("regulatory"), "retrieval.commands"))
    await denied(read(stack.broker("trials"), "safety.commands"))
    await denied(read(stack.broker("regulatory"), "retrieval.events"))


@pytest.mark.parametrize("name", [*SERVICES, access.OBSERVER])
async def test_what_would_reveal_an_allocation_is_read_by_no_service_and_no_observer(
    stack: StackAddresses, name: str
) -> None:
    await denied(read(stack.broker(name), "safety.restricted"))
    await denied(read(stack.broker(name), "regulatory.restricted"))


async def test_who_may_know_an_allocation_reads_what_would_reveal_it_and_nothing_else(
    stack: StackAddresses,
) -> None:
    unblinded = stack.broker(access.UNBLINDED)
    for service in ("safety", "regulatory"):
        await write(stack.broker(service), f"{service}.restricted")
        assert b"{}" in await read(unblinded, f"{service}.restricted")
        await denied(write(unblinded, f"{service}.restricted"))
        await denied(read(unblinded, f"{service}.events"))
    await join(unblinded, "safety.restricted", "unblinded.test")


async def test_a_service_may_not_join_the_groups_of_another(stack: StackAddresses) -> None:
    await denied(join(stack.broker("trials"), "safety.events", "safety.trials"))


@pytest.mark.parametrize("name", [*SERVICES, access.OBSERVER, access.UNBLINDED])
async def test_nobody_but_the_administrator_makes_topics(stack: StackAddresses, name: str) -> None:
    admin = AIOKafkaAdminClient(**stack.broker(name).arguments)
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic(f"{name}.more", 1, 1)])
        assert [error for _, error, *_ in answer.topic_errors] == [TopicAuthorizationFailedError.errno]
    finally:
        await admin.close()
    assert f"{name}.more" not in topics.present(stack.broker(name), 10)


async def test_the_observer_reads_all_events_and_writes_none(stack: StackAddresses) -> None:
    observer = stack.broker(access.OBSERVER)
    await write(stack.broker("safety"), "safety.events")
    assert b"{}" in await read(observer, "safety.events")
    await join(observer, "safety.events", "observer.test")
    await denied(write(observer, "safety.events"))
    await denied(write(observer, "safety.commands"))
    await denied(read(observer, "safety.commands"))


def test_what_the_file_no_longer_says_is_taken_away(home: Home, stack: StackAddresses) -> None:
    at = access.of_stack(stack.kafka, home)
    one = access.Principal("passing", frozenset(), frozenset({"safety.events"}), frozenset())
    files = access.ensure(at, lambda name: home.secret(f"{name}.kafka"), [one])
    login = Kafka(stack.kafka, files["passing"].read_text())
    asyncio.run(read(login, "safety.events"))
    none = access.Principal("passing", frozenset(), frozenset(), frozenset())
    access.ensure(at, lambda name: home.secret(f"{name}.kafka"), [none])
    asyncio.run(denied(read(login, "safety.events")))


def test_passwords_stand_in_files_of_their_owner_and_nowhere_else(home: Home, stack: StackAddresses) -> None:
    files = [access.login_file(home), *stack.logins.values(), home.secret("controller.password")]
    secrets = [file.read_text().rpartition(":")[2] for file in files]
    assert all(file.stat().st_mode & 0o077 == 0 for file in [*files, home.kafka / "server.properties"])
    broker = load(home).alive("kafka")
    assert broker
    process = psutil.Process(broker.pid)
    public = [home.state_file.read_text(), home.log("kafka").read_text(), *process.cmdline()]
    assert not [secret for secret in secrets for text in public if secret in text]
    assert not (home.kafka / "format").exists()


def test_the_doctor_finds_a_login_that_does_not_get_in(home: Home, stack: StackAddresses) -> None:
    assert {finding.level for finding in doctor_servers.broker(home)} == {"ok"}
    file = stack.logins["retrieval"]
    kept = file.read_text()
    file.write_text("retrieval:wrong")
    (fault,) = [finding for finding in doctor_servers.broker(home) if finding.level == "fail"]
    file.write_text(kept)
    assert "retrieval" in fault.found
    assert "wrong" not in fault.found


def test_killed_it_comes_back_with_its_logins_and_rules(home: Home, stack: StackAddresses) -> None:
    assert kafka.kill(home)
    kafka.start(home)
    asyncio.run(write(stack.broker("safety"), "safety.events"))
    asyncio.run(denied(write(stack.broker("trials"), "safety.events")))


def test_deploy_gives_logins_and_the_next_up_gives_its_own_again(
    home: Home, stack: StackAddresses, tmp_path: Path
) -> None:
    deploy(access.of_stack(stack.kafka, home), stack.postgres, tmp_path)
    for name in SERVICES:
        login = (tmp_path / name / "kafka").read_text()
        assert f"{name}.events" in topics.present(Kafka(stack.kafka, login), 10)
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    found = start_stack(home, traces=False)
    asyncio.run(write(found.broker("safety"), "safety.events"))


def test_a_broker_that_asks_for_no_login_is_used_without_one(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIALWIRE_KAFKA", servers.kafka)
    monkeypatch.setenv("TRIALWIRE_POSTGRES", servers.postgres)
    elsewhere = Home.at(tmp_path / "elsewhere")
    found = start_stack(elsewhere, traces=False)
    assert found.logins == {}
    assert "trials.events" in topics.present(found.broker("trials"), 10)
    assert "fail" not in {finding.level for finding in doctor_servers.broker(elsewhere)}
    reset_stack(elsewhere)


def test_the_doctor_says_that_an_open_broker_is_open(servers: Servers) -> None:
    (said,) = [one for one in doctor_servers.broker(Home.at(servers.home)) if one.level == "warn"]
    assert "without access rules" in said.found
    assert "trialwire reset" in said.cure


def test_a_broker_stays_as_it_was_made(home: Home, stack: StackAddresses) -> None:
    with pytest.raises(StackError, match="has access rules"):
        start_stack(home, traces=False, secured=False)
    login = access.login_file(home).read_text()
    access.login_file(home).unlink()  # so it looks when an earlier version made it
    with pytest.raises(StackError, match="trialwire reset"):
        start_stack(home, traces=False)
    access.login_file(home).write_text(login)
