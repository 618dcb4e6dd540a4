"""`trialwire import`: records of other systems, into the log."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from urllib.parse import urlencode
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TaskID, TextColumn

from services.trials.cli.baseline import import_baseline
from shared.stack.client import WRONG_USE, Json, emit, fail, send

imports = typer.Typer(no_args_is_help=True, help="Import records of other systems.")

imports.command("baseline")(import_baseline)

CHUNK = 256 * 1024
TABLES = ("dm.csv", "ds.csv", "ex.csv", "sv.csv")


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


@imports.command("sdtm")
def import_sdtm(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="With dm.csv, ds.csv, ex.csv and sv.csv.")],
    trial: Annotated[UUID, typer.Option(help="The trial that the subjects are in, by its id.")],
    zone: Annotated[str | None, typer.Option(help="Time zone of sites that are new, as UTC.")] = None,
    as_json: Json = False,
) -> None:
    """Import the subjects of a trial with their whole history; importing them again changes nothing."""
    there = {path.name.lower(): path for path in folder.iterdir()} if folder.is_dir() else {}
    tables = [there[name] for name in TABLES if name in there]
    if not tables or tables[0].name.lower() != TABLES[0]:
        fail(f"there is no {folder / TABLES[0]}", WRONG_USE)
    asked = urlencode({"trial_id": trial} | ({"zone": zone} if zone else {}))
    with _progress() as bar:
        task = bar.add_task(folder.name, total=sum(path.stat().st_size for path in tables))
        found = send("trials", f"/v1/imports/sdtm?{asked}", _one_after_other(tables, bar, task))
    _tell(found, as_json, f"read {found['read']}, new sites {found['sites']}, ", "file")


@imports.command("usdm")
def import_usdm(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A study as USDM v4 JSON.")],
    trial: Annotated[UUID | None, typer.Option(help="A trial known here; else it is registered.")] = None,
    route: Annotated[str, typer.Option(help="us_ind, us_ide or other.")] = "other",
    assignment: Annotated[
        str | None, typer.Option(help="Where the file does not say: randomised, non_randomised.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Import a study: trial, protocol versions, designs; importing it again changes nothing."""
    if not file.is_file():
        fail(f"there is no file {file}", WRONG_USE)
    given = {"trial_id": trial, "route": route, "assignment": assignment}
    asked = urlencode({name: value for name, value in given.items() if value})
    with _progress() as bar:
        found = _upload(str(file), bar, f"/v1/imports/usdm?{asked}")
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(found["criteria"].items())) or "none"
    _tell(found, as_json, f"trial {found['trial_id'] or 'not known'}, criteria {counts}, ", "part")


def _one_after_other(tables: list[Path], bar: Progress, task: TaskID) -> Iterator[bytes]:
    for path in tables:
        with path.open("rb") as source:
            yield from _chunks(source, bar, task)
        yield b"\n"  # whatever a table ends with, the next one begins on a line of its own


def _tell(found: dict[str, Any], as_json: bool, read: str, place: str) -> None:
    """Print the summary of an import, each rejection, and what was not taken."""
    if as_json:
        emit(found)
        return
    typer.echo(
        f"{read}imported {found['imported']}, unchanged {found['unchanged']},"
        f" rejected {len(found['rejected'])}"
    )
    for kind, count in found["not_taken"].items():
        typer.echo(f"not taken: {kind} ({count})")
    for one in found["rejected"]:
        at = f"{one[place] or 'the upload'}" + (f" line {one['line']}" if "line" in one else "")
        typer.echo(f"{at}: {one['field'] or 'the record'} {one['reason']} ({one['rule']})", err=True)


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
