"""Sealing and opening a document, and what a long one adds to the memory of the process that streams it."""

import asyncio
import base64
import hashlib
import json
import secrets
import tempfile
import time
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from uuid import uuid4

import psutil
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.benchmark import Benchmark, Figures, Goal
from bench.sample import service
from bench.stack import Stack
from shared.runtime.database import Pool, open_pool
from shared.vault import seal
from shared.vault.vault import open_vault

SHORT, LONG = 256, 2_048  # MiB
_BLOCK = secrets.token_bytes(2**18)


async def document(mib: int) -> AsyncIterator[bytes]:
    """A document as it comes from a socket, in pieces of 256 KiB."""
    for _ in range(mib * 4):
        yield _BLOCK


async def passed(chunks: AsyncIterable[bytes]) -> None:
    async for _ in chunks:
        pass


class Watched:
    """Processor seconds, seconds, and the most memory that the process gained within the block."""

    async def __aenter__(self) -> "Watched":
        self._process = psutil.Process()
        self._before = self._most = self._process.memory_info().rss
        self._sampling = asyncio.create_task(self._sample())
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cpu, self.wall = time.process_time() - self._cpu, time.perf_counter() - self._wall
        self._sampling.cancel()
        self.added_mb = (self._most - self._before) / 2**20

    async def _sample(self) -> None:
        while True:
            self._most = max(self._most, self._process.memory_info().rss)
            await asyncio.sleep(0.01)


async def ours(stack: Stack) -> Figures:
    dsn = await stack.database(service())
    pool = await open_pool(dsn, "bench", 2)
    try:
        storing = await _storing(pool, stack.folder)  # first: what sealing holds would be there to use again
        return {**await _sealing(), **storing}
    finally:
        await pool.close()
        await stack.drop(dsn)


async def _sealing() -> Figures:
    """MB that one core seals and opens a second, in processor time; and the memory of a long document."""
    key = secrets.token_bytes(seal.KEY)
    async with Watched() as long:
        await passed(seal.seal(key, "bench", document(LONG), seal.Tally()))
    async with Watched() as sealing:
        await passed(seal.seal(key, "bench", document(SHORT), seal.Tally()))
    held = [chunk async for chunk in seal.seal(key, "bench", document(SHORT), seal.Tally())]

    async def again() -> AsyncIterator[bytes]:
        for chunk in held:
            yield chunk

    async with Watched() as opening:
        await passed(seal.unseal(key, "bench", again(), seal.Tally()))
    return {
        "seal_mb_s": SHORT / sealing.cpu,
        "open_mb_s": SHORT / opening.cpu,
        "seal_added_mb": long.added_mb,
    }


async def _storing(pool: Pool, folder: Path) -> Figures:
    """The same through a vault with a folder: the disk and its flush are in it, in seconds of the clock."""
    masters = folder / "masters.json"
    masters.touch(0o600)
    masters.write_text(
        json.dumps({"current": "1", "keys": {"1": base64.b64encode(secrets.token_bytes(32)).decode()}})
    )
    with tempfile.TemporaryDirectory(dir=folder) as store:
        vault = await open_vault(pool, "bench", Path(store).as_uri(), masters)
        async with Watched() as putting:
            kind = "application/octet-stream"
            stored = await vault.write(uuid4(), uuid4(), uuid4(), document(LONG), kind)
            async with pool.acquire() as tx, tx.transaction():
                await vault.record(tx, stored)
        async with Watched() as reading:
            await passed(vault.read(stored.ref))
    return {
        "put_mb_s": LONG / putting.wall,
        "read_mb_s": LONG / reading.wall,
        "put_added_mb": putting.added_mb,
        "read_added_mb": reading.added_mb,
    }


async def limit(_: Stack) -> Figures:
    """SHA-256 and AES-GCM over the same bytes in a bare loop."""
    key, chunk = AESGCM(secrets.token_bytes(32)), _BLOCK * 4
    digest, before = hashlib.sha256(), time.process_time()
    for number in range(SHORT):
        digest.update(chunk)
        key.encrypt(number.to_bytes(12, "big"), chunk, None)
    return {"raw_mb_s": SHORT / (time.process_time() - before)}


BENCHMARK = Benchmark(
    "vault",
    "MB/s",
    ours,
    (
        Goal("seal_mb_s", ">=", 150),
        Goal("open_mb_s", ">=", 150),
        Goal("seal_added_mb", "<=", 64),
        Goal("put_added_mb", "<=", 64),
        Goal("read_added_mb", "<=", 64),
    ),
    limit=limit,
)

if __name__ == "__main__":
    from bench.run import main

    main(["vault"])
