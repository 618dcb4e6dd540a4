"""`trialwire irb` and `trialwire deadlines`: what boards decided and what is due, as the APIs say."""

import json
import os
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NoReturn
from uuid import UUID

import httpx
import typer
from rich.console import Console
from rich.table import Table

from shared.stack.home import Home
from shared.stack.state import load

irb = typer.Typer(no_args_is_help=True, help="Ethics reviews and approvals.")
deadlines = typer.Typer(no_args_is_help=True, help="What is due when, by which rule, and who owes it.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Trial = Annotated[UUID | None, typer.Option(help="Only of this trial.")]
OWNERS = ("regulatory", "safety", "retrieval")
NOT_READY = 3


@irb.command("list")
def list_reviews(trial: Trial = None, as_json: Json = False) -> None:
    """List ethics reviews, the latest change first."""
    found = get("regulatory", "/v1/reviews", {"trial": trial})["items"]
    show(found, ("review_id", "kind", "status", "protocol_version", "submitted_on", "board"), as_json)


@irb.command("show")
def show_review(review_id: UUID, as_json: Json = False) -> None:
    """Show a review and the approvals of its sites."""
    review = get("regulatory", f"/v1/reviews/{review_id}")
    found = get("regulatory", "/v1/approvals", {"trial": review["trial_id"], "limit": 1000})["items"]
    approvals = [one for one in found if set(one["site_ids"]) & set(review["site_ids"])]
    if as_json:
        typer.echo(json.dumps({**review, "approvals": approvals}))
        return
    show([review], ("review_id", "kind", "status", "protocol_version", "submitted_on", "board"), False)
    show(approvals, ("approval_id", "status", "effective_on", "expires_on", "zone", "days_left"), False)


@deadlines.callback()
def board() -> None:
    """What is due when, by which rule, and who owes it."""
    # typer would make a group of one command that command itself


@deadlines.command("list")
def list_deadlines(
    trial: Trial = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    as_json: Json = False,
) -> None:
    """List the deadlines of every service that owns one, the next to fall due first."""
    wanted = {"trial": trial, "limit": 1000, "status": None if everything else ["armed", "at_risk", "missed"]}
    found = [row for owner in OWNERS for row in get(owner, "/v1/deadlines", wanted)["items"]]
    found.sort(key=lambda row: (row["due_on"], row["deadline_id"]))
    show(found, ("due_on", "status", "code", "citation", "anchor", "anchor_on", "owner", "service"), as_json)


def get(service: str, path: str, params: Mapping[str, Any] | None = None) -> Any:
    """The JSON answer of a service; exit 3 where it does not run, 1 where it refuses."""
    given = {name: value for name, value in (params or {}).items() if value is not None}
    query = {name: value if isinstance(value, list) else str(value) for name, value in given.items()}
    try:
        answer = httpx.get(f"{address(service)}{path}", params=query, timeout=10, trust_env=False)
    except httpx.TransportError as fault:
        fail(f"{service} does not answer: {type(fault).__name__}", NOT_READY)
    if answer.is_error:
        fail(f"{service} says {answer.status_code}: {answer.text[:300]}", 1)
    return answer.json()


def address(service: str) -> str:
    """Where the service listens: TRIALWIRE_<SERVICE>_URL, else what the running stack recorded."""
    named = os.environ.get(f"TRIALWIRE_{service.upper()}_URL")
    found = named or load(Home.at()).addresses.get(service)
    if not found:
        fail(f"{service} does not run; start it with `trialwire up`", NOT_READY)
    return found.rstrip("/")


def fail(message: str, code: int) -> NoReturn:
    """Say why on stderr and end with this exit code."""
    typer.echo(message, err=True)
    raise typer.Exit(code)


def show(rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    """The rows as one JSON document, or as a table of these columns."""
    if as_json:
        typer.echo(json.dumps({"items": list(rows)}))
        return
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in columns))
    Console().print(table)
