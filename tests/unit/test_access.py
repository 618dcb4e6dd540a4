"""The access matrix: every route of every service, asked by every role, against what the role's data say."""

from collections.abc import AsyncIterator, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.http.app import create_app
from shared.rules.roles import roles
from shared.runtime.settings import Settings
from tests.support import identity

SERVICES = ("trials", "regulatory", "safety", "retrieval")
# What the routes of a vault ask for; an original asks for read_document besides (test_vault_api has that).
VAULT = {
    ("PUT", "/v1/documents/{document_ref}"): "store_document",
    ("GET", "/v1/documents/{document_ref}/content"): "read_copy",
    ("PUT", "/v1/particulars/{subject_id}/{kind}"): "record_particulars",
    ("GET", "/v1/particulars/{subject_id}/{kind}"): "read_particulars",
}
ROLES = (*roles(), "nobody")


@cache
def app(name: str, believed: bool = True) -> FastAPI:
    """The application without its process: it keeps nothing of who asked, so all roles ask the same one."""
    service = import_module(f"services.{name}.handlers").SERVICE
    queries = import_module(f"services.{name}.api").router
    known = identity.believed() if believed else {}
    return create_app(service, queries, Settings(dsn_file=Path("none"), kafka="none:9", **known))


def routes(found: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path of everything in the API's document."""
    for path, item in found.openapi()["paths"].items():
        for method in item:
            yield method.upper(), path


def allowed(name: str, role: str, method: str, path: str) -> bool:
    """What the role's data say of this route."""
    known = roles().get(role)
    _, _, page, *rest = path.split("/")
    if known is None:
        return False
    if page == "commands":
        return known.may_give(f"{name}.{rest[0].replace('-', '_')}")
    if act := VAULT.get((method, path)):
        return known.may_give(f"{name}.{act}")
    return known.may_read(f"{name}.{page}") if method == "GET" else known.may_give(f"{name}.{page}")


async def ask(found: FastAPI, role: str) -> AsyncIterator[tuple[str, str, int]]:
    """The status of each route for a request without body or key; whoever passes meets no database."""
    some = "00000000-0000-7000-8000-000000000001"
    filled = {"{nct}": "NCT00000000", "{group}": "a.b", "{table}": "none"}
    transport = httpx.ASGITransport(found, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://door", auth=identity.Asking()
    ) as client:
        for method, path in routes(found):
            parts = [filled.get(part, some if "{" in part else part) for part in path.split("/")]
            answer = await client.request(method, "/".join(parts), headers={"Trialwire-Actor": f"{role}:x"})
            yield method, path, answer.status_code


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", SERVICES)
async def test_every_route_opens_to_the_roles_that_the_data_name_and_to_no_other(
    name: str, role: str
) -> None:
    async for method, path, status in ask(app(name), role):
        assert (status != 403) == allowed(name, role, method, path), (method, path, status)


@pytest.mark.parametrize("name", SERVICES)
async def test_without_an_identity_nothing_opens_whatever_role_is_named(name: str) -> None:
    async for _, path, status in ask(app(name, believed=False), "auditor"):
        assert status == 401, path


@pytest.mark.parametrize("name", SERVICES)
def test_no_route_stands_beside_the_door(name: str) -> None:
    """What is not in the API's document is health, figures and the page of the document itself."""
    found = app(name)
    documented = {path for _, path in routes(found)}
    beside = {path for path in _paths(found.routes) if path not in documented}
    assert beside == {"/livez", "/readyz", "/metrics", "/docs", "/openapi.json"}


def _paths(found: Any) -> Iterator[str]:
    for route in found:
        inner = getattr(route, "original_router", None)
        yield from _paths(inner.routes) if inner else (route.path,)
