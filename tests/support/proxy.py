"""A TCP proxy that can be told to fail: cut, swallow, slow down, or break off in the middle."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum


class Mode(Enum):
    """What happens to a connection's bytes."""

    OPEN = "open"
    BLACKHOLE = "blackhole"  # connections stay open, nothing arrives in either direction
    ONE_WAY = "one way"  # what the client sends arrives, the answers do not
    RESET = "reset"  # open connections are cut, new ones are cut at once


@dataclass
class Proxy:
    """From a port of our own to `target`; `latency` in seconds a chunk, `rate` in bytes a second."""

    target: tuple[str, int]
    mode: Mode = Mode.OPEN
    latency: float = 0.0
    rate: float = 0.0
    cut_after: int = 0  # bytes of an answer after which its connection is cut, once
    port: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def set(self, mode: Mode) -> None:
        """Change the mode; RESET cuts what is open."""
        self.mode = mode
        if mode is Mode.RESET:
            for writer in list(self._open):
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode is Mode.RESET:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, back}
        ways = [
            asyncio.create_task(self._pump(reader, back, False)),
            asyncio.create_task(self._pump(there, writer, True)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, back):
                self._open.discard(end)
                end.transport.abort()

    def _silent(self, answer: bool) -> bool:
        return self.mode is Mode.BLACKHOLE or (answer and self.mode is Mode.ONE_WAY)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, answer: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                while self._silent(answer):  # noqa: ASYNC110  a mode, not an event
                    await asyncio.sleep(0.05)
                if wait := self.latency + (len(data) / self.rate if self.rate else 0):
                    await asyncio.sleep(wait)
                if answer and 0 < self.cut_after < len(data):
                    sink.write(data[: self.cut_after])
                    self.cut_after = 0
                    return
                sink.write(data)
                await sink.drain()


@contextlib.asynccontextmanager
async def proxy(host: str, port: int, listen: int = 0) -> AsyncIterator[Proxy]:
    """A proxy that runs for the block; `listen` is its port, a free one by default."""
    made = Proxy((host, port))
    server = await asyncio.start_server(made._serve, "127.0.0.1", listen)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.set(Mode.RESET)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 5)
