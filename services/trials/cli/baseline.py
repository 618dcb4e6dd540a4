"""`trialwire import baseline`: running trials from CSV files, with their true dates."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from services.trials.imports.baseline.counts import Count, counts, now
from services.trials.imports.baseline.files import Rejected, templates
from services.trials.imports.baseline.load import Tally, load
from services.trials.imports.baseline.sheets import SHEETS
from shared.stack.client import (
    FAILED,
    LOCAL,
    WRONG_USE,
    Attempt,
    Json,
    attempt,
    emit,
    fail,
    listed,
    table,
)

_ALL = 1_000_000


def import_baseline(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the CSV files.")],
    write: Annotated[bool, typer.Option("--templates", help="Write the files' templates to DIR.")] = False,
    record: Annotated[
        str | None, typer.Option(help="Reference of the cut-over record that vouches for the data.")
    ] = None,
    actor: Annotated[str, typer.Option("--as", metavar="ROLE:ID", help="Who loads, on this stack.")] = LOCAL,
    as_json: Json = False,
) -> None:
    """Load running trials from CSV files with their true dates; loading them again changes nothing.

    Exit code 1 where a line was rejected, or where the services show other figures than the files.
    """
    if write:
        _write(folder)
        return
    if record is None:
        fail("name the record that vouches for the data: --record REF", WRONG_USE)
    if not any((folder / f"{sheet.name}.csv").is_file() for sheet in SHEETS):
        fail(f"{folder} holds none of {', '.join(f'{sheet.name}.csv' for sheet in SHEETS)}", WRONG_USE)

    def give(service: str, command: str, body: Mapping[str, Any], key: str) -> Attempt:
        return attempt(service, f"/v1/commands/{command}", body, key, actor)

    known, tallies = load(folder, record, give)
    found = counts(tallies, known, _listed, now())
    rejected = [one for tally in tallies for one in tally.rejected]
    _tell(tallies, found, rejected, as_json)
    if rejected or any(one.differs for one in found):
        raise typer.Exit(FAILED)


def _write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    there = [name for name, _ in templates() if (folder / name).exists()]
    if there:
        fail(f"{folder} holds {', '.join(there)} already: nothing was written", WRONG_USE)
    for name, text in templates():
        (folder / name).write_text(text, encoding="utf-8")
        typer.echo(str(folder / name))


def _listed(service: str, path: str, **asked: Any) -> Iterable[dict[str, Any]]:
    items: list[dict[str, Any]] = listed(service, path, _ALL, **asked)["items"]
    return items


def _tell(tallies: list[Tally], found: list[Count], rejected: list[Rejected], as_json: bool) -> None:
    files = [
        {
            "file": f"{one.sheet.name}.csv",
            "read": one.read,
            "loaded": one.loaded,
            "unchanged": one.unchanged,
            "rejected": len(one.rejected),
        }
        for one in tallies
    ]
    figures = [
        {"count": one.what, "files": one.files, "services": one.services, "differs": one.differs}
        for one in found
    ]
    if as_json:
        emit({"files": files, "rejected": [vars(one) for one in rejected], "counts": figures})
        return
    table(files, ("file", "read", "loaded", "unchanged", "rejected"))
    for one in rejected:
        at = f"{one.file} line {one.line}, {one.column or 'the line'}"
        typer.echo(f"{at}: {one.detail} ({one.rule})", err=True)
    for figure in figures:
        figure["differs"] = "differs" if figure["differs"] else ""
    table(figures, ("count", "files", "services", "differs"))
