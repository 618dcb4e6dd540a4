"""A service's whole API over an executor on a database of its own: no port, no relay, no consumers."""

import contextlib
import importlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter

from shared.http.app import create_app
from shared.runtime.execute import Executor
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.vault.keeper import has_vault
from shared.vault.vault import open_vault
from tests.support import identity
from tests.support.stack import Servers, executor


@contextlib.asynccontextmanager
async def answering(
    servers: Servers, name: str, *, believed: bool = True, **access: Any
) -> AsyncIterator[tuple[Executor, httpx.AsyncClient]]:
    """The executor of the service of this name, and a client of its API, who reaches what `access` says."""
    service = importlib.import_module(f"services.{name}.handlers").SERVICE
    queries = importlib.import_module(f"services.{name}.api").router
    async with answering_for(servers, service, queries, believed=believed, **access) as answer:
        yield answer


@contextlib.asynccontextmanager
async def answering_for(
    servers: Servers, service: Service, queries: APIRouter, *, believed: bool = True, **access: Any
) -> AsyncIterator[tuple[Executor, httpx.AsyncClient]]:
    """The same for a service that is handed over."""
    async with executor(servers, service) as run:
        settings = Settings(
            dsn_file=Path("unread"), kafka=servers.kafka, **identity.believed() if believed else {}
        )
        app = create_app(service, queries, settings)
        app.state.executor, app.state.pool = run, run.pool
        if has_vault(service):
            known = identity.believed()
            app.state.vault = await open_vault(
                run.pool, service.name, known["vault_url"], known["master_keys_file"]
            )
        auth = identity.Asking(**access)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url=f"http://{service.name}", timeout=60, auth=auth
        ) as client:
            yield run, client
