"""`trialwire ae`: adverse events and their cases, reported to and asked of the safety service."""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, NoReturn
from uuid import UUID

import httpx
import typer
from rich.console import Console
from rich.table import Table
from uuid_utils.compat import uuid7

from shared.stack.home import Home
from shared.stack.state import load

app = typer.Typer(no_args_is_help=True, help="Adverse events, their cases and clocks.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Trial = Annotated[UUID | None, typer.Option(help="Only of this trial.")]
_CASE = ("case_id", "received_on", "status", "version", "serious", "fatal_or_life_threatening", "next_due")
_CLOCK = ("code", "due_on", "anchor", "anchor_on", "citation", "verified")
_DEADLINE = ("due_on", "status", "code", "anchor_on", "met_on")
FAILED, NOT_READY = 1, 3


@app.command("list")
def list_cases(
    trial: Trial = None,
    status: Annotated[str | None, typer.Option(help="received, reportable, not_reportable …")] = None,
    waiting: Annotated[bool | None, typer.Option(help="With information that nobody has judged.")] = None,
    as_json: Json = False,
) -> None:
    """List cases, the latest receipt first."""
    found = _call("GET", "/v1/cases", {"trial": trial, "status": status, "waiting": waiting})
    _print(found) if as_json else _table(found["items"], _CASE)


@app.command("show")
def show_case(case_id: UUID, as_json: Json = False) -> None:
    """Show a case with its clocks, what it owes by which rule, and its deadlines."""
    found = _call("GET", f"/v1/cases/{case_id}", {})
    if as_json:
        _print(found)
        return
    _table([found], _CASE[:-1])
    _table(found["clocks"], _CLOCK)
    _table([owed[leg] for owed in found["obligations"] for leg in ("legal", "operational")], _CLOCK)
    _table(found["deadlines"], _DEADLINE)


@app.command("report")
def report(
    trial: Annotated[UUID, typer.Option(help="The trial.")],
    site: Annotated[UUID, typer.Option(help="The site where it happened.")],
    subject: Annotated[UUID, typer.Option(help="The subject, by its id.")],
    zone: Annotated[str, typer.Option(help="IANA zone of the place of receipt.")],
    received_on: Annotated[str, typer.Option(help="Local date of receipt there (YYYY-MM-DD): day 0.")],
    seriousness: Annotated[list[str] | None, typer.Option(help="A criterion; give it once for each.")] = None,
    causality_excluded: Annotated[bool, typer.Option(help="The reporter excludes causality.")] = False,
    term_code: Annotated[str | None, typer.Option(help="Coded term; never a narrative.")] = None,
    key: Annotated[str | None, typer.Option(help="Idempotency key: repeat it to repeat safely.")] = None,
    as_json: Json = False,
) -> None:
    """Report an adverse event; what it does not fit is marked, never refused."""
    body = {
        "trial_id": str(trial),
        "site_id": str(site),
        "subject_id": str(subject),
        "zone": zone,
        "received_on": _date(received_on),
        "seriousness": seriousness or [],
        "causality_excluded": causality_excluded,
        "term_code": term_code,
    }
    found = _call("POST", "/v1/commands/report-adverse-event", {}, body, key or str(uuid7()))
    _print(found) if as_json else typer.echo(found["stream_id"])


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise typer.BadParameter("is not a date like 2026-03-02", param_hint="--received-on") from None


def _call(method: str, path: str, asked: Mapping[str, Any], body: Any = None, key: str | None = None) -> Any:
    """The JSON answer of the service; exit 3 where it does not run, 1 where it refuses."""
    query = {name: str(value) for name, value in asked.items() if value is not None}
    headers = {"Idempotency-Key": key} if key else {}
    try:
        answer = httpx.request(
            method,
            f"{_address()}{path}",
            params=query,
            json=body,
            headers=headers,
            timeout=10,
            trust_env=False,
        )
    except httpx.TransportError as fault:
        _fail(f"safety does not answer: {type(fault).__name__}", NOT_READY)
    if answer.is_error:
        _fail(f"safety says {answer.status_code}: {answer.text[:500]}", FAILED)
    return answer.json()


def _address() -> str:
    """Where the service listens: TRIALWIRE_SAFETY_URL, else what the running stack recorded."""
    found = os.environ.get("TRIALWIRE_SAFETY_URL") or load(Home.at()).addresses.get("safety")
    if not found:
        _fail("safety does not run; start it with `trialwire up`", NOT_READY)
    return found.rstrip("/")


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


def _print(found: Any) -> None:
    typer.echo(json.dumps(found))


def _table(rows: Sequence[Mapping[str, Any]], columns: tuple[str, ...]) -> None:
    if not rows:
        return
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*("" if row.get(name) is None else str(row[name]) for name in columns))
    Console().print(table)
