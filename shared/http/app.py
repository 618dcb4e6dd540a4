"""A service as an ASGI application: commands, queries, health and metrics around its process."""

import asyncio
import contextlib
import gc
import threading
from collections.abc import AsyncIterator

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
from shared.http.pace import Pace
from shared.http.page import POLICY, page
from shared.http.problems import described
from shared.http.routes import command_routes, definitions
from shared.http.stopping import Server
from shared.runtime import logs, metrics, telemetry
from shared.runtime.process import Process
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.upkeep.prune import pruning
from shared.vault.keeper import has_vault, keeping, opened
from shared.vault.vault import Vault

# Of the stop's 20 s: what works beside the process, and the last spans on their way.
BESIDE, SPANS = 1.0, 1.0
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
        async with opened(service, settings) as vault, process.running(), _beside(process, vault):
            app.state.executor, app.state.pool, app.state.vault = process.executor, process.pool, vault
            yield
        # A thread that no exit waits for: an endpoint of traces that is away keeps its last spans waiting.
        last = threading.Thread(target=provider.shutdown, daemon=True)
        last.start()
        await asyncio.to_thread(last.join, SPANS)

    app = Api(
        title=f"Trialwire {service.name}", version="1", lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.definitions = definitions(service)
    app.state.service, app.state.identity, app.state.pace = service.name, known, Pace(settings.rate)
    add_problem_handlers(app)
    app.include_router(health)
    app.include_router(command_routes(service))
    asked = described(400, 401, 403, 404, 422, 429, 503)
    for router in (queries, deadlines.router, readings.router):
        app.include_router(router, dependencies=[Depends(identity.permitted)], responses=asked)
    app.include_router(operations.router, responses=asked)
    if has_vault(service):
        app.state.kinds, app.state.document_bytes = service.documents, settings.document_bytes
        app.include_router(documents.pages, dependencies=[Depends(identity.permitted)], responses=asked)
        app.include_router(documents.acts)
        app.include_router(particulars.acts)
    return app


@contextlib.asynccontextmanager
async def _beside(process: Process, vault: Vault | None) -> AsyncIterator[None]:
    """What is done beside the process: what is old is pruned; where a key and a folder are given, the log is
    anchored and its chains are looked at; where there is a vault, it is kept in order.
    """
    settings, works = process.settings, [pruning(process.pool)]
    if settings.anchor_key_file and settings.anchor_folder:
        signer = settings.secret("anchor_key_file", signer_in)
        works.append(anchoring(process.pool, process.service.name, signer, settings.anchor_folder))
    if vault and settings.master_keys_file:
        works.append(keeping(process.executor, vault, settings.master_keys_file))
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=BESIDE)


def serve(service: Service, queries: APIRouter, settings: Settings) -> None:
    """Run the service until it is told to stop; exits within 20 s of SIGTERM."""
    app = create_app(service, queries, settings)
    # What is loaded by now lives as long as the process: without this the collector walks all of it again and
    # again while a batch makes its many short-lived objects, which cost a third of a consumer's time.
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    server = Server(uvicorn.Config(app, host=settings.host, port=settings.port, **LISTENING))
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise SystemExit(3)  # as uvicorn's own command does
