"""`trialwire import`: records of other systems, into the log."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TaskID, TextColumn

from services.trials.cli.baseline import import_baseline
from shared.stack.client import WRONG_USE, Json, emit, fail, send

imports = typer.Typer(no_args_is_help=True, help="Import records of other systems.")

imports.command("baseline")(import_baseline)

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


@imports.command("data-counts")
def import_data_counts(
    file: Annotated[str, typer.Argument(metavar="FILE.csv", help="A row a site and day; - is stdin.")],
    as_json: Json = False,
) -> None:
    """Import what a data capture system counts of each site; importing it again changes nothing."""
    if file != "-" and not Path(file).is_file():
        fail(f"there is no file {file}", WRONG_USE)
    with _progress() as bar:
        found = _upload(file, bar, "/v1/imports/data-counts")
    if as_json:
        emit(found)
        return
    typer.echo(
        f"read {found['read']}, imported {found['imported']}, unchanged {found['unchanged']},"
        f" rejected {len(found['rejected'])}"
    )
    for one in found["rejected"]:
        typer.echo(
            f"line {one['line']}: {one['field'] or 'the row'} {one['reason']} ({one['rule']})", err=True
        )


def _upload(name: str, bar: Progress, path: str = "/v1/imports/ctgov") -> dict[str, Any]:
    """Send one file as a stream; the service takes no more than it has recorded, so the bar is true."""
    size = None if name == "-" else Path(name).stat().st_size
    task = bar.add_task("standard input" if name == "-" else Path(name).name, total=size)
    with ExitStack() as stack:
        source = sys.stdin.buffer if name == "-" else stack.enter_context(Path(name).open("rb"))
        summary: dict[str, Any] = send("trials", path, _chunks(source, bar, task))
    return summary


def _chunks(source: BinaryIO, bar: Progress, task: TaskID) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk
        bar.advance(task, len(chunk))


def _progress() -> Progress:
    console = Console(stderr=True)
    parts = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    return Progress(*parts, console=console, disable=not console.is_terminal)
