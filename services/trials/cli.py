"""`trialwire import` and `trialwire trial`: registry records into the log, and what has become of trials."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NoReturn
from uuid import UUID

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Table

from shared.stack.home import Home
from shared.stack.state import load

imports = typer.Typer(no_args_is_help=True, help="Import records of other systems.")
trial = typer.Typer(no_args_is_help=True, help="Trials, their lifecycle, holds and deadlines.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
NOT_READY = 3
CHUNK = 256 * 1024


@imports.callback()
def _import_from() -> None:
    """Each source of records is a command of its own."""


@imports.command("ctgov")
def import_ctgov(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="JSON, NDJSON or XML; - is stdin.")],
    as_json: Json = False,
) -> None:
    """Import ClinicalTrials.gov records; importing them again changes nothing."""
    missing = [name for name in files if name != "-" and not Path(name).is_file()]
    if missing:
        fail(f"there is no file {', '.join(missing)}", 2)
    total: dict[str, Any] = {"read": 0, "imported": 0, "unchanged": 0, "rejected": []}
    with ExitStack() as stack:
        bar = stack.enter_context(_progress())
        client = stack.enter_context(_client(timeout=None))
        for name in files:
            for key, value in _upload(client, name, bar).items():
                total[key] += value
    if as_json:
        typer.echo(json.dumps(total, ensure_ascii=False))
        return
    typer.echo(
        f"read {total['read']}, imported {total['imported']}, unchanged {total['unchanged']},"
        f" rejected {len(total['rejected'])}"
    )
    for one in total["rejected"]:
        typer.echo(f"{one['id'] or 'a record'}: {one['field'] or 'the record'} {one['reason']}", err=True)


def _upload(client: httpx.Client, name: str, bar: Progress) -> dict[str, Any]:
    """Send one file as a stream; the service takes no more than it has recorded, so the bar is true."""
    size = None if name == "-" else Path(name).stat().st_size
    task = bar.add_task("standard input" if name == "-" else Path(name).name, total=size)
    with ExitStack() as stack:
        source = sys.stdin.buffer if name == "-" else stack.enter_context(Path(name).open("rb"))
        answer = _asked(client, "POST", "/v1/imports/ctgov", content=_chunks(source, bar, task))
    summary: dict[str, Any] = answer
    return summary


def _chunks(source: BinaryIO, bar: Progress, task: TaskID) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk
        bar.advance(task, len(chunk))


@trial.command("list")
def list_trials(
    status: Annotated[str | None, typer.Option(help="Only in this status of the lifecycle.")] = None,
    phase: Annotated[str | None, typer.Option(help="Only of this phase, such as PHASE2.")] = None,
    text: Annotated[str | None, typer.Option(help="Part of title, number or sponsor.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: Json = False,
) -> None:
    """List trials."""
    asked = {"status": status, "phase": phase, "text": text, "limit": limit}
    with _client() as client:
        found = _asked(client, "GET", "/v1/trials", params=_given(asked))
    columns = ("nct", "status", "registry_status", "phases", "enrolled", "open_holds", "title")
    _print(found) if as_json else _table(found["items"], columns)


@trial.command("show")
def show_trial(
    name: Annotated[str, typer.Argument(metavar="NCT…|ID", help="Registry number or id.")],
    as_json: Json = False,
) -> None:
    """Show a trial: its lifecycle with holds, its sites, enrolment and deadlines."""
    with _client() as client:
        found = _asked(client, "GET", f"/v1/trials/{_path_of(name)}")
    if as_json:
        _print(found)
        return
    holds = [f"{hold['source']} since {hold['since']}" for hold in found["lifecycle"]["holds"]]
    facts = {
        "trial": f"{found['nct'] or ''} {found['title']}",
        "id": found["trial_id"],
        "correlation": found["correlation_id"],
        "sponsor": found["sponsor_name"],
        "status": f"{found['status']} (registry: {found['registry_status'] or 'none'})",
        "holds": "; ".join(holds) or "none",
        "sites": ", ".join(f"{count} {status}" for status, count in sorted(found["sites"].items())) or "none",
        "enrolled": f"{found['enrolled']} of {found['target'] or '?'}",
        "deviations": found["deviations"],
    }
    for label, value in facts.items():
        typer.echo(f"{label:<12} {value}")
    _table(found["deadlines"], ("due_on", "status", "code", "citation", "anchor", "anchor_on", "owner"))


def _path_of(name: str) -> str:
    if name.upper().startswith("NCT"):
        return f"nct/{name.upper()}"
    try:
        return str(UUID(name))
    except ValueError:
        fail(f"{name} is neither an NCT number nor an id", 2)


def _client(timeout: float | None = 10.0) -> httpx.Client:
    """A client of the service: TRIALWIRE_TRIALS_URL, else what the running stack recorded."""
    found = os.environ.get("TRIALWIRE_TRIALS_URL") or load(Home.at()).addresses.get("trials")
    if not found:
        fail("trials does not run; start it with `trialwire up`", NOT_READY)
    waiting = httpx.Timeout(timeout, connect=10.0)
    return httpx.Client(base_url=found.rstrip("/"), timeout=waiting, trust_env=False)


def _asked(client: httpx.Client, method: str, path: str, **request: Any) -> Any:
    try:
        answer = client.request(method, path, **request)
    except httpx.TransportError as fault:
        fail(f"trials does not answer: {type(fault).__name__}", NOT_READY)
    if answer.is_error:
        fail(f"trials says {answer.status_code}: {answer.text[:300]}", 1)
    return answer.json()


def _given(asked: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in asked.items() if value is not None}


def _progress() -> Progress:
    console = Console(stderr=True)
    parts = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    return Progress(*parts, console=console, disable=not console.is_terminal)


def _print(document: Any) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False))


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in columns))
    Console().print(table)


def fail(message: str, code: int) -> NoReturn:
    """Say why on stderr and end with this exit code."""
    typer.echo(message, err=True)
    raise typer.Exit(code)
