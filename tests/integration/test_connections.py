"""Connections of the real HTTP server: no client holds one by sending slowly, none breaks it with much."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http import bodies, connection
from shared.http.door import Door
from shared.http.problems import ProblemError
from tests.support.served import Listener
from tests.support.stack import until


async def plain(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body of /read, and of nothing else."""
    text = b"unread"
    if scope["path"] == "/read":
        try:
            text = await bodies.body_of(Request(scope, receive))
        except ProblemError as fault:
            await fault.response()(scope, receive, send)
            return
    await PlainTextResponse(text)(scope, receive, send)


@contextlib.asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[int]:
    config = uvicorn.Config(app, "127.0.0.1", 0, lifespan="off", **connection.LISTENING)
    server = Listener(config)
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started, 10)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, 10)


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(connection, "_PATIENCE", 0.4)
    monkeypatch.setattr(bodies, "_WHOLE", 0.4)
    async with listening(Door(plain)) as number:
        yield number


async def said(port: int, *sent: bytes, pause: float = 0.0) -> bytes:
    """All that the server says to these bytes until it closes, in at most three seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = bytearray()

    async def listen() -> None:
        with contextlib.suppress(ConnectionError):
            while part := await reader.read(65_536):
                heard.extend(part)

    ear = asyncio.create_task(listen())
    for part in sent:
        if ear.done():
            break
        with contextlib.suppress(ConnectionError):
            writer.write(part)
            await writer.drain()
        await asyncio.sleep(pause)
    await asyncio.wait_for(ear, 3)
    writer.close()
    return bytes(heard)


def well(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 1_000_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Many: y\r\n" * 100_000 + b"\r\n",
        b"rubbish\r\n\r\n",
    ],
)
async def test_a_head_that_is_too_long_or_none_is_a_problem_and_nothing_breaks(
    port: int, head: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head[:20_000])  # no more than the server reads: else its answer is lost with the reset
    answer = await asyncio.wait_for(reader.read(), 3)
    writer.close()
    top, _, text = answer.partition(b"\r\n\r\n")
    assert top.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in top
    assert b"nosniff" in top
    assert json.loads(text)["type"] == "urn:trialwire:problem:malformed-request"
    assert b" 200 " not in (await said(port, head)).split(b"\r\n")[0]
    assert (await said(port, well("/"))).startswith(b"HTTP/1.1 200 ")


async def test_headers_that_never_end_are_cut_off_however_they_drip(port: int) -> None:
    assert await said(port, b"GET / HTTP/1.1\r\n", *([b"X-Drip: 1\r\n"] * 100), pause=0.05) == b""
    assert await said(port) == b""


async def test_a_body_that_drips_is_answered_408_and_cut_off(port: int) -> None:
    head = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    answer = await said(port, head, *([b"x"] * 40), pause=0.02)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer.lower()


async def test_the_rest_of_a_body_that_nobody_reads_does_not_hold_the_connection(port: int) -> None:
    head = b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    answer = await said(port, head, *([b"x"] * 100), pause=0.03)
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_slow_answer_and_a_second_request_are_none_of_its_business(port: int) -> None:
    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(1)
        await plain(scope, receive, send)

    async with listening(waits) as other:
        two = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + well("/")
        assert (await said(other, two)).count(b"200 OK") == 2
