"""Secrets that are replaced while a process runs: what counts from when, and what is not believed."""

import asyncio
import os
from pathlib import Path

import pytest
from aiokafka.conn import ScramAuthenticator
from structlog.testing import capture_logs

from shared.identity.kafka import Kafka
from shared.identity.secret import Secret, UnfitSecretError, address_in, dsn_in, login_in, user_in
from shared.runtime import metrics
from shared.runtime.settings import Settings

ONE = "one"
DSN = f"postgresql://trials:{ONE}@db:5432/trials?sslmode=require"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "dsn").write_text(DSN + "\n", "utf-8")
    (tmp_path / "login").write_text("trials:one\n", "utf-8")
    return Settings(dsn_file=tmp_path / "dsn", kafka="a:1", kafka_login_file=tmp_path / "login")


def kept(name: str) -> float:
    return float(metrics.SECRET_KEPT.labels(name)._value.get())


def test_what_a_file_holds_counts_from_the_next_use_on(settings: Settings) -> None:
    dsn, login = settings.dsn(), settings.cluster()
    assert (dsn(), login.password) == (DSN, "one")
    settings.dsn_file.write_text(DSN.replace("one", "tw%40o"))
    assert settings.kafka_login_file
    settings.kafka_login_file.write_text("trials:two:2")
    assert (dsn(), login.user, login.password) == (DSN.replace("one", "tw%40o"), "trials", "two:2")


@pytest.mark.parametrize(
    "content",
    [
        None, "", "postgres", "trials:one", b"\xff\xfe",
        DSN.replace("trials:", "safety:"), DSN.replace("@db", "@other"), DSN.replace("/trials", "/safety"),
        DSN.replace("require", "disable"),
    ],
)  # fmt: skip
def test_a_dsn_that_is_no_other_password_leaves_the_former_one(
    settings: Settings, content: str | bytes | None
) -> None:
    dsn, before = settings.dsn(), kept("dsn_file")
    settings.dsn_file.unlink()
    if content is not None:
        settings.dsn_file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with capture_logs() as logged:
        assert dsn() == DSN
    assert kept("dsn_file") == before + 1
    assert [(line["event"], line["name"]) for line in logged] == [("secret.kept", "dsn_file")]
    assert "one" not in str(logged)
    settings.dsn_file.write_text(DSN.replace("one", "two"))
    assert dsn() == DSN.replace("one", "two")


@pytest.mark.parametrize("content", ["", "trials", "trials:", ":one", "safety:one", "trials:one\nsafety:two"])
def test_a_login_that_is_no_other_password_leaves_the_former_one(settings: Settings, content: str) -> None:
    assert settings.kafka_login_file
    kafka, before = settings.cluster(), kept("kafka_login_file")
    settings.kafka_login_file.write_text(content)
    with capture_logs() as logged:
        assert kafka.password == ONE
    assert kept("kafka_login_file") == before + 1
    assert "one" not in str(logged)
    assert "one" not in repr(kafka)


@pytest.mark.parametrize("content", ["", "trials", "trials:one\nsafety:two"])
def test_a_service_does_not_start_with_what_is_no_login(settings: Settings, content: str) -> None:
    assert settings.kafka_login_file
    settings.kafka_login_file.write_text(content)
    with pytest.raises(UnfitSecretError, match="one line, user:password"):
        settings.cluster()


def test_a_file_is_unreadable_for_its_reader_only_while_it_is_replaced(tmp_path: Path) -> None:
    told: list[Exception] = []
    file = tmp_path / "login"
    file.write_text("trials:one")
    secret = Secret(file, login_in, told.append, user_in)
    file.rename(tmp_path / "away")
    file.mkdir()
    assert secret() == "trials:one"
    file.rmdir()
    (tmp_path / "next").write_text("trials:two")
    os.replace(tmp_path / "next", file)
    assert secret() == "trials:two"
    assert [type(fault) for fault in told] == [IsADirectoryError]


def test_two_addresses_that_differ_in_the_password_alone_are_the_same_place() -> None:
    assert address_in(DSN) == address_in(DSN.replace("one", "two"))
    assert address_in("postgresql:///d?user=u&password=a") == address_in("postgresql:///d?user=u&password=b")
    assert address_in("postgresql://a@h/d") != address_in("postgresql://b@h/d")


def test_a_file_without_an_address_is_named_and_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("hunter2")
    with pytest.raises(UnfitSecretError, match="dsn: must hold one address") as raised:
        dsn_in(tmp_path / "dsn")
    assert "hunter2" not in str(raised.value)


async def test_aiokafka_gets_the_password_in_force_at_each_login(settings: Settings) -> None:
    assert settings.kafka_login_file
    given = settings.cluster().arguments["sasl_plain_password"]

    def proven() -> bytes:
        login = ScramAuthenticator(
            loop=asyncio.get_running_loop(), sasl_plain_password=given, sasl_plain_username="trials",
            sasl_mechanism="SCRAM-SHA-512",
        )  # fmt: skip
        return bytes(login._sasl_plain_password)

    assert (proven(), given) == (b"one", "one")
    settings.kafka_login_file.write_text("trials:zwö")
    assert proven() == "zwö".encode()


def test_a_login_that_is_said_and_not_in_a_file_stays() -> None:
    assert Kafka("a:1", "trials:one").arguments["sasl_plain_password"].encode() == b"one"
