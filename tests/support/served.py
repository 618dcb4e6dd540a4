"""A whole service behind its HTTP port, in this event loop."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import APIRouter, FastAPI

from shared.http.app import create_app
from shared.http.connection import LISTENING
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from tests.support import identity
from tests.support.stack import Servers, new_database, until

NO_QUERIES = APIRouter(prefix="/v1")


class Listener(uvicorn.Server):
    """A server that leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:  # the signals are the test runner's
        yield


@contextlib.asynccontextmanager
async def served(
    servers: Servers,
    service: Service,
    dsn: str | None = None,
    queries: APIRouter = NO_QUERIES,
    **more: Any,
) -> AsyncIterator[tuple[httpx.AsyncClient, FastAPI]]:
    """The service on a free port, with its `queries` and the tests' own issuer; a developer's client."""
    file = Path(tempfile.mkdtemp()) / "dsn"
    file.write_text(dsn or await new_database(servers, service))
    settings = Settings(dsn_file=file, kafka=servers.kafka, session_ms=6_000, **identity.believed() | more)
    app = create_app(service, queries, settings)
    config = uvicorn.Config(app, "127.0.0.1", 0, **LISTENING)
    server = Listener(config)
    running = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started or running.done(), 20)
        port = server.servers[0].sockets[0].getsockname()[1]
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=20, auth=identity.Asking()
        ) as client:
            await until(lambda: not app.state.process.unready(), 20, lambda: app.state.process.unready())
            yield client, app
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, 25)
