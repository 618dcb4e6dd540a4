"""A service as an ASGI application: commands, queries, health and metrics around its process."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from shared.audit.anchoring import anchoring
from shared.audit.keys import signer_in
from shared.http import deadlines, documents, identity, operations, particulars, readings
from shared.http.api import Api
from shared.http.connection import LISTENING
from shared.http.door import CSP
from shared.http.errors import add_problem_handlers
from shared.http.page import POLICY, page
from shared.http.problems import described
from shared.http.routes import command_routes, definitions
from shared.runtime import logs, metrics, telemetry
from shared.runtime.process import Process
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.vault.keeper import has_vault, keeping, opened
from shared.vault.vault import Vault

health = APIRouter(include_in_schema=False)


@health.get("/livez")
async def livez(request: Request) -> Response:
    """200 while the process is worth keeping, else 503 with the reasons."""
    faults = request.app.state.process.alive()
    return JSONResponse({"ok": not faults, "faults": faults}, 503 if faults else 200)


@health.get("/readyz")
async def readyz(request: Request) -> Response:
    """200 while the process does its work, else 503 with what it waits for."""
    faults = request.app.state.process.unready()
    return JSONResponse({"ok": not faults, "faults": faults}, 503 if faults else 200)


@health.get("/metrics")
async def metrics_text() -> Response:
    """Prometheus' text format."""
    return PlainTextResponse(metrics.text(), media_type="text/plain; version=0.0.4")


@health.get("/docs")
async def docs(request: Request) -> Response:
    """The API page."""
    return HTMLResponse(page(request.app.openapi()), headers={CSP: POLICY})


def create_app(service: Service, queries: APIRouter, settings: Settings) -> FastAPI:
    """The application of a service; its lifespan runs the process."""
    known = identity.Identity(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        logs.configure(service.name)
        if known.embedded:
            logs.log.warning(identity.BANNER)
        provider = telemetry.configure(service.name, settings.otlp)
        process = Process(service, settings)
        app.state.process = process
        async with opened(service, settings) as vault, process.running(), _anchored(process):
            app.state.executor, app.state.pool, app.state.vault = process.executor, process.pool, vault
            async with _kept(process, vault):
                yield
        provider.shutdown()

    app = Api(
        title=f"Trialwire {service.name}", version="1", lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.definitions = definitions(service)
    app.state.service, app.state.identity = service.name, known
    add_problem_handlers(app)
    app.include_router(health)
    app.include_router(command_routes(service))
    asked = described(400, 401, 403, 404, 422, 503)
    for router in (queries, deadlines.router, readings.router):
        app.include_router(router, dependencies=[Depends(identity.permitted)], responses=asked)
    app.include_router(operations.router, responses=asked)
    if has_vault(service):
        app.include_router(documents.pages, dependencies=[Depends(identity.permitted)], responses=asked)
        app.include_router(documents.acts)
        app.include_router(particulars.acts)
    return app


@contextlib.asynccontextmanager
async def _anchored(process: Process) -> AsyncIterator[None]:
    """Anchors of the log and a look at its chains, beside the process, where a key and a folder are given."""
    folder = process.settings.anchor_folder
    if process.settings.anchor_key_file is None or folder is None:
        yield
        return
    signer = process.settings.secret("anchor_key_file", signer_in)
    async with _beside(anchoring(process.pool, process.service.name, signer, folder)):
        yield


@contextlib.asynccontextmanager
async def _kept(process: Process, vault: Vault | None) -> AsyncIterator[None]:
    """The keeping of the service's vault, where it has one."""
    if vault is None or process.settings.master_keys_file is None:
        yield
        return
    async with _beside(keeping(process.executor, vault, process.settings.master_keys_file)):
        yield


@contextlib.asynccontextmanager
async def _beside(loop: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(loop)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def serve(service: Service, queries: APIRouter, settings: Settings) -> None:
    """Run the service until it is told to stop; exits within 20 s of SIGTERM."""
    app = create_app(service, queries, settings)
    # What is loaded by now lives as long as the process: without this the collector walks all of it again and
    # again while a batch makes its many short-lived objects, which cost a third of a consumer's time.
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    uvicorn.run(app, host=settings.host, port=settings.port, **LISTENING)
