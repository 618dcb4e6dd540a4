"""What identity and tenancy cost a command: token, role, reach, row policies; beside an owner nobody asks."""

import asyncio
import secrets
import time
from uuid import UUID, uuid4

from uuid_utils.compat import uuid7

from bench import sample
from bench.append_rate import clients
from bench.benchmark import Benchmark, Figures, Goal
from bench.stack import Stack
from shared.contracts.message import Actor
from shared.identity.tokens import Issuer
from shared.rules.grants import EVERYTHING, Grants
from shared.rules.roles import role
from shared.runtime.cause import Cause
from shared.runtime.database import connect, open_pool
from shared.runtime.execute import Executor
from shared.runtime.migrate import migrate
from shared.runtime.settings import EMBEDDED
from shared.stack import databases
from shared.stack.issuer import AUDIENCE, jwks_file
from tests.support import identity, probe

_COMMANDS, _TRIALS = 4_000, 50
Key = tuple[UUID, UUID]


async def _commands(stack: Stack, asked: bool) -> Figures:
    """The service's own role under policies, with a token for each command; or an administrator without."""
    service, sponsor = sample.service(), uuid4()
    name = f"b_{secrets.token_hex(4)}"
    dsn = await asyncio.to_thread(databases.create, stack.postgres, name)
    owner = dsn if asked else f"{stack.postgres.rpartition('/')[0]}/{name}"
    connection = await connect(dsn, "bench")
    await migrate(connection, service.migrations)
    trials = [uuid7() for _ in range(_TRIALS)]
    for trial in trials:
        await connection.execute("INSERT INTO es.trial VALUES ($1, $2)", trial, sponsor)
    await connection.close()
    pool = await open_pool(owner, "bench", 16)
    executor, issuer = Executor(service, pool), Issuer(EMBEDDED, AUDIENCE, str(jwks_file(identity.home())))
    token = identity.issuer().token("b-01", ["developer"], sponsors=[sponsor])
    keys: list[Key] = [(uuid7(), trials[n % _TRIALS]) for n in range(1_000)]

    async def reaching() -> Grants:
        if not asked:
            return EVERYTHING
        access = (await issuer.claims(token)).trialwire
        known = role(access.roles[0], development=True) if access else None
        if access is None or known is None or not known.may_give(f"{service.name}.count_up"):
            raise SystemExit("the token is not taken")
        return access.grants()

    async def send(_: int, key: Key) -> None:
        command = probe.CountUp(tally_id=key[0], trial_id=key[1], n=1, note="b" * 280)
        await executor.execute(command, Cause(Actor("b-01", "developer"), grants=await reaching()))

    try:
        await clients(send, keys, len(keys))  # the streams begin; connections and statements are made
        started = time.perf_counter()
        figures = await clients(send, keys, _COMMANDS)
        spent = (time.perf_counter() - started) * 1_000 / _COMMANDS
        return {"ms_per_command": spent, "p50_ms": figures["p50_ms"], "p99_ms": figures["p99_ms"]}
    finally:
        await pool.close()
        await asyncio.to_thread(databases.drop, stack.postgres, name)


async def ours(stack: Stack) -> Figures:
    return await _commands(stack, asked=True)


async def unasked(stack: Stack) -> Figures:
    return await _commands(stack, asked=False)


BENCHMARK = Benchmark("identity_cost", "ms/command", ours, (Goal("ratio", "<=", 1.25),), limit=unasked)

if __name__ == "__main__":
    from bench.run import main

    main(["identity_cost"])
