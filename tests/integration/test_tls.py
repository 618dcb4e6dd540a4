"""Kafka over TLS: an authority made here, a broker with its certificate, and who gets through to it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import trustme
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from shared.identity.kafka import Kafka
from shared.stack import access, kafka, postgres, topics
from shared.stack.databases import SERVICES
from shared.stack.faults import NotReady
from shared.stack.home import LOOPBACK, Home, write_private
from tests.support.arena import ROOT, Arena, arena
from tests.support.secured import logins
from tests.support.stack import Servers

_TLS = """
listener.security.protocol.map=CLIENTS:SASL_SSL,CONTROLLER:SASL_PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location={store}
ssl.truststore.type=PEM
ssl.truststore.location={authority}
"""


@dataclass
class Place:
    """A broker whose clients' listener is SASL_SSL, and an authority other than the one behind it."""

    servers: Servers
    other: Path


@pytest.fixture(scope="module")
def place(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("authorities")
    ours, other = folder / "ours.pem", folder / "other.pem"
    authority = trustme.CA()
    authority.cert_pem.write_to_path(ours)
    trustme.CA().cert_pem.write_to_path(other)
    store = folder / "broker.pem"
    write_private(store, _key_and_chain(authority.issue_cert(LOOPBACK)))
    home.prepare()
    postgres.start(home)
    running = kafka.start(home, more=_TLS.format(store=store, authority=ours))
    at = replace(access.of_stack(f"{LOOPBACK}:{running.port}", home), tls=str(ours))
    return Place(Servers(at.servers, postgres.admin_dsn(home), home.root, str(at.login), at.tls), other)


def _key_and_chain(certificate: trustme.LeafCert) -> str:
    """As Kafka wants it: the key in PKCS 8, and behind it the certificate."""
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (pem + b"".join(blob.bytes() for blob in certificate.cert_chain_pems)).decode()


@pytest.fixture
async def tried(place: Place) -> AsyncIterator[Arena]:
    async with arena(place.servers) as made:
        yield made


async def test_events_flow_over_tls(tried: Arena) -> None:
    for kind, file in (await logins(tried.servers, tried.pair, tried.folder)).items():
        tried.start(kind, KAFKA_LOGIN_FILE=str(file), KAFKA_TLS=tried.servers.tls)
    await tried.ready()
    async with tried.load.running():
        await tried.progress(30)
    await tried.check()


async def test_a_service_that_believes_another_authority_is_not_ready_and_says_why(
    tried: Arena, place: Place
) -> None:
    files = await logins(tried.servers, tried.pair, tried.folder)
    believer = tried.start("alpha", KAFKA_LOGIN_FILE=str(files["alpha"]), KAFKA_TLS=tried.servers.tls)
    doubter = tried.start("alpha", KAFKA_LOGIN_FILE=str(files["alpha"]), KAFKA_TLS=str(place.other))
    plain = tried.start("alpha", KAFKA_LOGIN_FILE=str(files["alpha"]))
    await tried.ready(believer)
    for worker in (doubter, plain):
        await _serving(worker.url)
        await tried.lasting(3)
        answer = await asyncio.to_thread(httpx.get, worker.url + "/readyz", timeout=5)
        assert answer.status_code == 503
        assert answer.json()["faults"]["kafka"].startswith("KafkaConnectionError")
        assert (await asyncio.to_thread(httpx.get, worker.url + "/livez", timeout=5)).status_code == 200
        assert worker.metric("trialwire_relayed_total") == 0


async def _serving(url: str) -> None:
    for _ in range(100):
        try:
            await asyncio.to_thread(httpx.get, url + "/livez", timeout=5)
        except httpx.TransportError:
            await asyncio.sleep(0.2)
        else:
            return
    raise AssertionError(f"{url} does not answer")


@pytest.mark.parametrize("login", [True, False])
async def test_a_client_without_tls_gets_nothing(place: Place, login: bool) -> None:
    at = Kafka(place.servers.kafka, place.servers.login if login else "")
    consumer = AIOKafkaConsumer(**at.arguments, request_timeout_ms=3_000)
    with pytest.raises(KafkaConnectionError):
        await consumer.start()
    await consumer.stop()
    with pytest.raises(NotReady):
        topics.present(at, 3)


def test_deploy_goes_over_tls_and_believes_one_authority(place: Place, tmp_path: Path) -> None:
    def deployed(authority: Path | str) -> subprocess.CompletedProcess[str]:
        login = tmp_path / "login"
        write_private(login, place.servers.login)
        given = {
            "KAFKA": place.servers.kafka,
            "POSTGRES": place.servers.postgres,
            "KAFKA_TLS": str(authority),
        }
        given |= {"KAFKA_LOGIN_FILE": str(login)}
        return subprocess.run(  # noqa: S603  our own command line
            [sys.executable, "-m", "shared.stack.deploy", str(tmp_path / "state")], cwd=ROOT, check=False,
            env=os.environ | {f"TRIALWIRE_{name}": value for name, value in given.items()},
            capture_output=True, text=True, timeout=150,
        )  # fmt: skip

    made = deployed(place.servers.tls)
    assert (made.returncode, "trials.events" in made.stderr) == (0, True), made.stderr
    for name in SERVICES:
        login = (tmp_path / "state" / name / "kafka").read_text()
        found = topics.present(Kafka(place.servers.kafka, login, place.servers.tls), 10)
        assert found[f"{name}.events"] == 12
    refused = deployed(place.other)
    assert refused.returncode == 1
    assert "does not answer administrator" in refused.stderr
    assert place.servers.login.partition(":")[2] not in refused.stderr
