"""A broker that asks for logins, and those of a pair of services whose names it has never heard."""

import asyncio
from pathlib import Path

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from shared.identity.kafka import Kafka
from shared.stack import access
from shared.stack.topics import administrator
from tests.support.pair import Pair
from tests.support.stack import Servers


async def logins(servers: Servers, pair: Pair, folder: Path) -> dict[str, Path]:
    """Files with the logins of both, `alpha` and `beta`, which may do what such services need."""
    alpha, beta = pair.alpha.name, pair.beta.name
    wanted = [
        _principal(alpha, {f"{alpha}.events"}, {f"{alpha}.commands", f"{alpha}.events"}),
        _principal(beta, {f"{beta}.events", f"{alpha}.commands"}, {f"{beta}.commands", f"{beta}.events",
                                                                  f"{alpha}.events"}),
    ]  # fmt: skip
    files = await asyncio.to_thread(
        access.ensure, servers.cluster, lambda name: folder / f"{name}.kafka", wanted
    )
    return {"alpha": files[alpha], "beta": files[beta]}


def _principal(name: str, write: set[str], read: set[str]) -> access.Principal:
    return access.Principal(name, frozenset(write), frozenset(read), frozenset({f"{name}."}))


async def change_password(kafka: Kafka, user: str, password: str) -> None:
    """As an administrator does it: from now on the broker knows no other."""
    kind = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    client = administrator(kafka)
    change = UserScramCredentialUpsertion(user, kind, password.encode())
    for done in client.alter_user_scram_credentials([change]).values():
        await asyncio.to_thread(done.result, 10)
