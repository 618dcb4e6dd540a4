"""What clients asked and were told, as NDJSON: a line an invocation, an answer, or a look at the offsets."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from uuid_utils.compat import uuid7

from shared.runtime.record import bucket_of
from tests.support import identity


class History:
    """A file that is written line by line, so that it stands whatever dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("w", encoding="utf-8", buffering=1)

    def note(self, what: str, **fields: Any) -> None:
        self._file.write(json.dumps({"at": round(time.monotonic(), 4), "what": what, **fields}) + "\n")

    def close(self) -> None:
        self._file.close()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]


def _trial_in(partition: int) -> UUID:
    """A trial whose events lie in this partition: every replica is to have some, however they are shared."""
    return next(trial for trial in iter(uuid7, None) if bucket_of(str(trial)) == partition)


class Load:
    """Writers that count up over HTTP and never give up an operation: each has one idempotency key.

    `url` is asked anew for each attempt, as a client behind a load balancer is sent to another replica.
    """

    def __init__(self, history: History, url: Callable[[], str], seed: int, writers: int = 6) -> None:
        self.history = history
        self.done = 0
        self._url = url
        self._random = random.Random(seed)  # noqa: S311  a seed to repeat a run by
        trials = [_trial_in(partition) for partition in (0, 3, 4, 7, 8, 11)]
        self._tallies = [(uuid7(), trials[n % 6]) for n in range(24)]
        self._writers = writers
        self._stopping = False

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Load"]:
        """Write until the block ends; then let what is under way come to an end."""
        async with httpx.AsyncClient(timeout=5, auth=identity.Asking()) as client:
            writers = [asyncio.create_task(self._write(client)) for _ in range(self._writers)]
            try:
                yield self
            finally:
                self._stopping = True
                await asyncio.wait_for(asyncio.gather(*writers), 60)

    async def _write(self, client: httpx.AsyncClient) -> None:
        while not self._stopping:
            tally, trial = self._random.choice(self._tallies)
            op, n = str(uuid7()), self._random.randrange(1, 13)
            body = {
                "tally_id": str(tally),
                "trial_id": str(trial),
                "n": n,
                "note": op,
                "sponsor": "Sponsor of the tests",
            }
            self.history.note("invoke", op=op, stream=str(tally), n=n)
            while not await self._attempt(client, op, body):  # noqa: ASYNC110  a retry, not a poll
                await asyncio.sleep(0.2)
            await asyncio.sleep(self._random.random() * 0.08)

    async def _attempt(self, client: httpx.AsyncClient, op: str, body: dict[str, Any]) -> bool:
        try:
            answer = await client.post(
                self._url() + "/v1/commands/count-up", json=body, headers={"Idempotency-Key": op}
            )
        except (httpx.TransportError, OSError) as fault:
            self.history.note("unknown", op=op, why=type(fault).__name__)
            return False
        if answer.status_code in (200, 201):
            self.history.note("ok", op=op, version=answer.json()["version"])
            self.done += 1
            return True
        if answer.status_code == 503:
            self.history.note("unknown", op=op, why="503")
            return False
        self.history.note("fail", op=op, why=f"{answer.status_code} {answer.text[:200]}")
        return True


async def sample_offsets(history: History, dsn: str, every: float = 0.2) -> None:
    """Note the stored offsets for ever, as far as the database answers."""
    while True:
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection = await asyncpg.connect(dsn, timeout=2)
            try:
                while True:
                    for row in await connection.fetch(
                        "SELECT grp, topic, part, next_offset FROM es.kafka_offset", timeout=2
                    ):
                        history.note("offset", group=row[0], topic=row[1], part=row[2], next=row[3])
                    await asyncio.sleep(every)
            finally:
                connection.terminate()
        await asyncio.sleep(every)
