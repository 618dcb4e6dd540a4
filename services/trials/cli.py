"""`trialwire import` and `trialwire trial`: registry records into the log, and what has become of trials."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TaskID, TextColumn

from shared.stack.client import WRONG_USE, Json, Most, emit, fail, get, listed, send, show, table

imports = typer.Typer(no_args_is_help=True, help="Import records of other systems.")
trial = typer.Typer(no_args_is_help=True, help="Trials, their lifecycle, holds and deadlines.")

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
        fail(f"there is no file {', '.join(missing)}", WRONG_USE)
    total: dict[str, Any] = {"read": 0, "imported": 0, "unchanged": 0, "rejected": []}
    with ExitStack() as stack:
        bar = stack.enter_context(_progress())
        for name in files:
            for key, value in _upload(name, bar).items():
                total[key] += value
    if as_json:
        emit(total)
        return
    typer.echo(
        f"read {total['read']}, imported {total['imported']}, unchanged {total['unchanged']},"
        f" rejected {len(total['rejected'])}"
    )
    for one in total["rejected"]:
        typer.echo(f"{one['id'] or 'a record'}: {one['field'] or 'the record'} {one['reason']}", err=True)


def _upload(name: str, bar: Progress) -> dict[str, Any]:
    """Send one file as a stream; the service takes no more than it has recorded, so the bar is true."""
    size = None if name == "-" else Path(name).stat().st_size
    task = bar.add_task("standard input" if name == "-" else Path(name).name, total=size)
    with ExitStack() as stack:
        source = sys.stdin.buffer if name == "-" else stack.enter_context(Path(name).open("rb"))
        summary: dict[str, Any] = send("trials", "/v1/imports/ctgov", _chunks(source, bar, task))
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
    limit: Most = 50,
    as_json: Json = False,
) -> None:
    """List trials."""
    found = listed("trials", "/v1/trials", limit, status=status, phase=phase, text=text)
    show(found, ("nct", "status", "registry_status", "phases", "enrolled", "open_holds", "title"), as_json)


@trial.command("show")
def show_trial(
    name: Annotated[str, typer.Argument(metavar="NCT…|ID", help="Registry number or id.")],
    as_json: Json = False,
) -> None:
    """Show a trial: its lifecycle with holds, its sites, enrolment and deadlines."""
    found = get("trials", f"/v1/trials/{_path_of(name)}")
    if as_json:
        emit(found)
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
    table(found["deadlines"], ("due_on", "status", "code", "citation", "anchor", "anchor_on", "owner"))


def _path_of(name: str) -> str:
    if name.upper().startswith("NCT"):
        return f"nct/{name.upper()}"
    try:
        return str(UUID(name))
    except ValueError:
        fail(f"{name} is neither an NCT number nor an id", WRONG_USE)


def _progress() -> Progress:
    console = Console(stderr=True)
    parts = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    return Progress(*parts, console=console, disable=not console.is_terminal)
