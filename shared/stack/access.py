"""Who may do what at Kafka: the principals of deploy/access.toml, their passwords and rules."""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from shared.identity.kafka import Kafka
from shared.stack.faults import StackError
from shared.stack.home import Home, write_private
from shared.stack.topics import administrator, present

FILE = Path(__file__).resolve().parents[2] / "deploy" / "access.toml"
ADMINISTRATOR, OBSERVER, UNBLINDED, SOURCE = "administrator", "observer", "unblinded", "source"
# Passwords are 24 random bytes: more rounds would make each connection slower, and none harder to guess.
_SCRAM = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
_SECONDS = 30.0


@dataclass(frozen=True)
class Principal:
    """A login with the topics that it may write and read, and how its groups' names begin."""

    name: str
    write: frozenset[str]
    read: frozenset[str]
    groups: frozenset[str]

    def rules(self) -> set[AclBinding]:
        """What it may, as the broker keeps it; to write or read includes to describe."""
        topic, exact = ResourceType.TOPIC, ResourcePatternType.LITERAL
        return (
            {self._may(topic, name, exact, AclOperation.WRITE) for name in self.write}
            | {self._may(topic, name, exact, AclOperation.READ) for name in self.read}
            | {
                self._may(ResourceType.GROUP, name, ResourcePatternType.PREFIXED, AclOperation.READ)
                for name in self.groups
            }
        )

    def _may(
        self, kind: ResourceType, name: str, pattern: ResourcePatternType, to: AclOperation
    ) -> AclBinding:
        return AclBinding(kind, name, pattern, f"User:{self.name}", "*", to, AclPermissionType.ALLOW)


def listed(file: Path = FILE) -> list[Principal]:
    """The principals that the file declares, in its order."""
    return [
        Principal(name, *(frozenset(block.pop(key, ())) for key in ("write", "read", "groups")))
        for name, block in tomllib.loads(file.read_text(encoding="utf-8")).items()
        if _sound(name, block)
    ]


def _sound(name: str, block: Mapping[str, Any]) -> bool:
    if name == ADMINISTRATOR or not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise StackError(f"{name!r} is no name for a principal in {FILE.name}.", "Use a-z, 0-9 and _.")
    if unknown := block.keys() - {"write", "read", "groups"}:
        raise StackError(f"{FILE.name} says {', '.join(sorted(unknown))} of {name}.", "Correct the word.")
    return True


def given(servers: str) -> Kafka:
    """A user's own broker, with the administrator's login that the environment names, or without one."""
    file = os.environ.get("TRIALWIRE_KAFKA_LOGIN_FILE")
    login = Path(file).read_text(encoding="utf-8").strip() if file else ""
    return Kafka(servers, login, os.environ.get("TRIALWIRE_KAFKA_TLS", ""))


def login_file(home: Home) -> Path:
    """The administrator's login at a stack's own broker; there is none where everybody is let in."""
    return home.secret(f"{ADMINISTRATOR}.kafka")


def of_stack(servers: str, home: Home) -> Kafka:
    """A stack's own broker, as its administrator."""
    file = login_file(home)
    return Kafka(servers, file.read_text(encoding="utf-8").strip() if file.exists() else "")


def login_in(file: Path, name: str) -> str:
    """The `user:password` that a file holds; one with a new password is written when there is none."""
    if not file.exists():
        write_private(file, f"{name}:{secrets.token_urlsafe(24)}")
    return file.read_text(encoding="utf-8").strip()


def ensure(
    kafka: Kafka, place: Callable[[str], Path], wanted: list[Principal] | None = None
) -> dict[str, Path]:
    """Give each principal its password and exactly its rules; answer with the files of the logins.

    `kafka` has an administrator's login; `place` names the file of a principal.
    """
    principals = listed() if wanted is None else wanted
    files = {principal.name: place(principal.name) for principal in principals}
    client = administrator(kafka)
    try:
        for principal in principals:
            _rules(client, principal)
        logins = {name: login_in(file, name) for name, file in files.items()}
        _passwords(client, logins)
    except KafkaException as error:
        raise StackError(
            f"Kafka at {kafka.servers} does not take the access rules: {error.args[0].str()}.",
            "It needs an authorizer, and TRIALWIRE_KAFKA_LOGIN_FILE an administrator's login.",
        ) from error
    # The broker hears of it in order, a moment after it is decided: when the last one gets in, all is there.
    present(replace(kafka, login=list(logins.values())[-1]), _SECONDS)
    return files


def _passwords(client: AdminClient, logins: Mapping[str, str]) -> None:
    """Set them all, also those that are set: a broker with other data knows none of them."""
    wanted: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(name, _SCRAM, login.partition(":")[2].encode())
        for name, login in logins.items()
    ]
    _all_done(client.alter_user_scram_credentials(wanted))


def _rules(client: AdminClient, principal: Principal) -> None:
    kept = set(client.describe_acls(_of(principal)).result(_SECONDS))
    if missing := principal.rules() - kept:
        _all_done(client.create_acls(list(missing)))
    if gone := kept - principal.rules():
        _all_done(client.delete_acls([_exactly(rule) for rule in gone]))


def _of(principal: Principal) -> AclBindingFilter:
    # None is any name and any host, which the client's types do not say.
    name: Any = None
    user = f"User:{principal.name}"
    return AclBindingFilter(
        ResourceType.ANY, name, ResourcePatternType.ANY, user, name, AclOperation.ANY, AclPermissionType.ANY
    )


def _exactly(rule: AclBinding) -> AclBindingFilter:
    resource = (rule.restype, rule.name, rule.resource_pattern_type)
    return AclBindingFilter(*resource, rule.principal, rule.host, rule.operation, rule.permission_type)


def _all_done(asked: Mapping[Any, Future[Any]]) -> None:
    for answer in asked.values():
        answer.result(_SECONDS)
