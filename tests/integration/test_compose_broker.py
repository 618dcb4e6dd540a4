"""The broker of docker-compose.yml without Docker: its script and settings on Kafka, and deploy there."""

import asyncio
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import ClusterAuthorizationFailedError, TopicAuthorizationFailedError

from shared.identity.kafka import Kafka
from shared.stack import jars, topics
from shared.stack.databases import SERVICES
from shared.stack.faults import NotReady
from shared.stack.java import java, options
from shared.stack.ports import answers, is_free
from shared.stack.sql import admits
from tests.support.stack import Servers

ROOT = Path(__file__).resolve().parents[2]
LOGIN = "administrator:not-so-secret_1"
# What Kafka's own scripts of these names start.
_PROGRAMS = {"kafka-storage.sh": "kafka.tools.StorageTool", "kafka-server-start.sh": "kafka.Kafka"}


@dataclass
class Broker:
    """Where it lies, and the ports of its listeners: between containers, and from outside."""

    folder: Path
    inside: int
    outside: int
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.running = subprocess.Popen(  # noqa: S603  our own script
                ["sh", str(self.folder / "kafka.sh")],  # noqa: S607
                env=self.environment(), stdout=log, stderr=log,
            )  # fmt: skip
        for _ in range(600):
            if answers(self.inside) and answers(self.outside):
                return
            assert self.running.poll() is None, self.log()
            time.sleep(0.1)
        raise AssertionError(self.log())

    def stop(self) -> None:
        if self.running:
            self.running.terminate()
            self.running.wait(20)
        self.running = None

    def environment(self, login: str = LOGIN) -> dict[str, str]:
        (self.folder / "login").write_text(f"{login}\n")
        given = {"KAFKA_LOGIN_FILE": self.folder / "login", "KAFKA_BIN": self.folder / "bin"}
        given["KAFKA_OWN"] = self.folder / "own"
        return os.environ | {name: str(path) for name, path in given.items()}

    def log(self) -> str:
        return (self.folder / "log").read_text()[-2_000:]

    def at(self, login: str) -> Kafka:
        return Kafka(f"127.0.0.1:{self.outside}", login)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("compose")
    free = (port for port in range(31_000, 32_000) if is_free(port))
    made, controller = Broker(folder, next(free), next(free)), next(free)
    text = (ROOT / "deploy" / "kafka.properties").read_text()
    for there, here in (
        ("://:", "://127.0.0.1:"), ("kafka:", "127.0.0.1:"), ("/var/lib/kafka/data", str(folder / "data")),
        (":19092", f":{made.outside}"), (":9092", f":{made.inside}"), (":9093", f":{controller}"),
    ):  # fmt: skip
        assert there in text
        text = text.replace(there, here)
    (folder / "kafka.properties").write_text(text)
    (folder / "kafka.sh").write_bytes((ROOT / "deploy" / "kafka.sh").read_bytes())
    (folder / "bin").mkdir()
    command = [str(java()), *options(512), "-cp", jars.class_path(jars.ready("kafka"))]
    for name, program in _PROGRAMS.items():
        (folder / "bin" / name).write_text(f'#!/bin/sh\nexec {shlex.join([*command, program])} "$@"\n')
        (folder / "bin" / name).chmod(0o755)
    made.start()
    yield made
    made.stop()


def deployed(broker: Broker, servers: Servers, folder: Path) -> subprocess.CompletedProcess[str]:
    """As the container `deploy` does: with both passwords from files."""
    account, _, place = servers.postgres.partition("//")[2].rpartition("@")
    user, _, password = account.partition(":")
    (folder / "postgres_password").write_text(password)
    given = {
        "KAFKA": broker.at("").servers, "KAFKA_LOGIN_FILE": str(broker.folder / "login"),
        "POSTGRES": f"postgresql://{user}@{place}",
        "POSTGRES_PASSWORD_FILE": str(folder / "postgres_password"),
    }  # fmt: skip
    return subprocess.run(  # noqa: S603  our own command line
        [sys.executable, "-m", "shared.stack.deploy", str(folder / "state")], cwd=ROOT, check=False,
        env=os.environ | {f"TRIALWIRE_{name}": value for name, value in given.items()},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


async def write(at: Kafka, topic: str) -> None:
    producer = AIOKafkaProducer(**at.arguments, enable_idempotence=True)
    try:
        await producer.start()
        await producer.send_and_wait(topic, b"{}", partition=0)
    finally:
        await producer.stop()


def test_deploy_gives_each_service_its_login_and_its_database(
    broker: Broker, servers: Servers, tmp_path: Path
) -> None:
    made = deployed(broker, servers, tmp_path)
    assert made.returncode == 0, made.stderr
    logins = {name: (tmp_path / "state" / name / "kafka").read_text() for name in (*SERVICES, "observer")}
    for name in SERVICES:
        assert admits((tmp_path / "state" / name / "dsn").read_text())
        asyncio.run(write(broker.at(logins[name]), f"{name}.events"))
    assert "trials.events" in topics.present(broker.at(logins["observer"]), 10)
    for name, topic in (("trials", "safety.events"), ("observer", "trials.events")):
        with pytest.raises((TopicAuthorizationFailedError, ClusterAuthorizationFailedError)):
            asyncio.run(write(broker.at(logins[name]), topic))
    broker.stop()
    broker.start()  # its data are there already, and so are the logins
    asyncio.run(write(broker.at(logins["safety"]), "safety.events"))
    again = deployed(broker, servers, tmp_path)
    assert (again.returncode, "none, all were there" in again.stderr) == (0, True), again.stderr


@pytest.mark.parametrize("login", ["", "administrator:wrong", "trials:x"])
def test_nobody_gets_in_without_a_login_that_it_knows(broker: Broker, login: str) -> None:
    for port in (broker.inside, broker.outside):
        with pytest.raises(NotReady):
            topics.present(Kafka(f"127.0.0.1:{port}", login), 2)


def test_its_passwords_are_in_no_command_line_and_in_files_of_their_owner_alone(broker: Broker) -> None:
    assert broker.running
    password = LOGIN.partition(":")[2]
    assert password not in " ".join(psutil.Process(broker.running.pid).cmdline())
    assert password not in broker.log()
    own = {path.name: path.stat().st_mode & 0o077 for path in (broker.folder / "own").iterdir()}
    assert own == {"server.properties": 0, "administrator.properties": 0}
    ours = re.search(
        r'user_administrator="([0-9a-f]{48})"', (broker.folder / "own/server.properties").read_text()
    )
    assert ours


@pytest.mark.parametrize(
    "login", ["", "administrator", "administrator:", ":x", "a:b:c", 'a:b"c', "a:b c", "a:b\nc:d", "a:$b"]
)
def test_a_login_of_another_form_is_refused_and_not_repeated(
    broker: Broker, tmp_path: Path, login: str
) -> None:
    elsewhere = Broker(tmp_path, 0, 0)
    for name in ("kafka.sh", "kafka.properties"):
        (tmp_path / name).write_bytes((broker.folder / name).read_bytes())
    ended = subprocess.run(  # noqa: S603
        ["sh", str(tmp_path / "kafka.sh")],  # noqa: S607
        env=elsewhere.environment(login), capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "The administrator's login has to be user:password, of letters, digits, - and _.\n"
