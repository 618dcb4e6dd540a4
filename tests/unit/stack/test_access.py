"""Who may do what at Kafka: deploy/access.toml says what the services need, and nothing else."""

import importlib
from pathlib import Path

import pytest

from shared.identity.kafka import SYSTEM, Kafka
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.stack import access, topics
from shared.stack.databases import SERVICES
from shared.stack.faults import StackError

PRINCIPALS = {principal.name: principal for principal in access.listed()}
TOPICS = {topic.name for topic in topics.listed()}


def service(name: str) -> Service:
    found: Service = importlib.import_module(f"services.{name}.handlers").SERVICE
    return found


def test_the_file_knows_the_services_who_only_reads_who_only_writes_and_nobody_else() -> None:
    assert set(PRINCIPALS) == {*SERVICES, access.OBSERVER, access.UNBLINDED, access.SOURCE}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_reads_its_commands_and_what_it_consumes(name: str) -> None:
    consumed = {topic for source in service(name).sources for topic in service(name).topics_of(source)}
    assert PRINCIPALS[name].read == {f"{name}.commands"} | consumed


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_writes_its_own_topics_and_asks_its_sources_to_send_again(name: str) -> None:
    own = {f"{name}.events", f"{name}.restricted"} & TOPICS
    asked = {f"{source}.commands" for source in service(name).sources}
    assert PRINCIPALS[name].write == own | asked
    decided = {aggregate.topic for aggregate in service(name).aggregates if aggregate.topic}
    assert decided <= own


@pytest.mark.parametrize("name", [*SERVICES, access.OBSERVER, access.UNBLINDED])
def test_whose_groups_are_whose_shows_in_their_names(name: str) -> None:
    assert PRINCIPALS[name].groups == {f"{name}."}


def test_the_observer_reads_all_events_and_writes_nothing() -> None:
    observer = PRINCIPALS[access.OBSERVER]
    assert observer.read == {topic for topic in TOPICS if topic.endswith(".events")}
    assert not observer.write


def test_what_would_reveal_an_allocation_is_read_by_a_principal_of_its_own_and_nobody_else() -> None:
    restricted = {topic for topic in TOPICS if topic.endswith(".restricted")}
    assert restricted
    unblinded = PRINCIPALS[access.UNBLINDED]
    assert unblinded.read == restricted
    assert not unblinded.write
    assert [name for name, one in PRINCIPALS.items() if one.read & restricted] == [access.UNBLINDED]


def test_another_system_writes_commands_and_reads_nothing() -> None:
    source = PRINCIPALS[access.SOURCE]
    assert source.write == {"trials.commands", "safety.commands"}
    assert not source.read
    assert not source.groups


def test_no_rule_names_a_topic_that_is_not_there() -> None:
    assert {topic for one in PRINCIPALS.values() for topic in one.read | one.write} <= TOPICS


@pytest.mark.parametrize("block", ["[administrator]", "[trials]\nwrites = []", '["a b"]'])
def test_a_block_that_says_what_nobody_would_act_on_is_refused(block: str, tmp_path: Path) -> None:
    (tmp_path / "access.toml").write_text(block, encoding="utf-8")
    with pytest.raises(StackError):
        access.listed(tmp_path / "access.toml")


def test_a_login_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    login = access.login_in(tmp_path / "trials.kafka", "trials")
    assert login.startswith("trials:")
    assert access.login_in(tmp_path / "trials.kafka", "trials") == login
    assert (tmp_path / "trials.kafka").stat().st_mode & 0o077 == 0


def test_without_a_login_nobody_logs_in() -> None:
    assert Kafka("a:1").arguments == {
        "bootstrap_servers": "a:1", "security_protocol": "PLAINTEXT", "ssl_context": None
    }  # fmt: skip


def test_a_login_goes_over_tls_where_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "login").write_text("trials:secret:s\n", encoding="utf-8")
    settings = Settings(
        dsn_file=tmp_path, kafka="a:1", kafka_login_file=tmp_path / "login", kafka_tls=SYSTEM
    )  # fmt: skip
    given = settings.cluster().arguments
    assert given["security_protocol"] == "SASL_SSL"
    assert given["ssl_context"].check_hostname
    assert given["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (given["sasl_plain_username"], given["sasl_plain_password"]) == ("trials", "secret:s")
    assert "secret" not in repr(settings.cluster())


def test_an_empty_variable_is_no_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRIALWIRE_KAFKA_LOGIN_FILE", "")
    assert Settings(dsn_file=tmp_path, kafka="a:1").cluster() == Kafka("a:1")
