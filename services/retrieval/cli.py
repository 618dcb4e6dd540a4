"""`trialwire records`: which records are asked for, how far each request has come, what stands still."""

import json
import os
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn
from uuid import UUID

import httpx
import typer
from rich.console import Console
from rich.table import Table

from shared.stack.home import Home
from shared.stack.state import load

app = typer.Typer(no_args_is_help=True, help="Record requests and their provider legs.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Trial = Annotated[UUID | None, typer.Option(help="Only of this trial.")]
_REQUEST = ("request_id", "purpose", "priority", "needed_by", "status", "legs", "delivered", "sealed")
_LEG = ("leg_id", "custodian", "status", "basis", "expires_on", "attempt", "calls", "calls_due")
_CUSTODY = ("at", "act", "document_ref", "pages", "holder", "actor")
_DEADLINE = ("due_on", "status", "code", "citation", "anchor_on", "met_on")
_FUNNEL = ("status", "legs", "urgent", "calls_due", "oldest_days")


@app.command("list")
def list_requests(
    trial: Trial = None,
    case: Annotated[UUID | None, typer.Option(help="Only of this case.")] = None,
    status: Annotated[str | None, typer.Option(help="open, frozen, complete, partial, none …")] = None,
    needed_by: Annotated[str | None, typer.Option(help="Needed by this date (YYYY-MM-DD).")] = None,
    as_json: Json = False,
) -> None:
    """List record requests."""
    asked = {"trial": trial, "case": case, "status": status, "needed_by": needed_by}
    found = _get("/v1/requests", asked)
    _print(found) if as_json else _table(found["items"], _REQUEST)


@app.command("show")
def show_request(request_id: UUID, as_json: Json = False) -> None:
    """Show a request with its legs, its chain of custody and its service levels."""
    found = _get(f"/v1/requests/{request_id}", {})
    if as_json:
        _print(found)
        return
    _table([found], _REQUEST)
    _table(found["provider_legs"], _LEG)
    _table(found["custody"], _CUSTODY)
    _table(found["deadlines"], _DEADLINE)


@app.command("funnel")
def show_funnel(trial: Trial = None, as_json: Json = False) -> None:
    """Show how many legs stand in each state, and how long the oldest has."""
    found = _get("/v1/funnel", {"trial": trial})
    _print(found) if as_json else _table(found["items"], _FUNNEL)


def _get(path: str, asked: Mapping[str, Any]) -> Any:
    query = {name: str(value) for name, value in asked.items() if value is not None}
    try:
        answer = httpx.get(f"{_address()}{path}", params=query, timeout=10, trust_env=False)
    except httpx.TransportError as fault:
        _fail(f"retrieval does not answer: {type(fault).__name__}", 3)
    if answer.is_error:
        _fail(f"retrieval says {answer.status_code}: {answer.text[:300]}", 1)
    return answer.json()


def _address() -> str:
    """TRIALWIRE_RETRIEVAL_URL, else what the running stack recorded."""
    found = os.environ.get("TRIALWIRE_RETRIEVAL_URL") or load(Home.at()).addresses.get("retrieval")
    if not found:
        _fail("retrieval does not run; start it with `trialwire up`", 3)
    return found.rstrip("/")


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


def _print(document: Any) -> None:
    typer.echo(json.dumps(document))


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in columns))
    Console().print(table)
