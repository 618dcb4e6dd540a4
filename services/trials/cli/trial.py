"""`trialwire trial`: what has become of trials."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from services.trials.cli.trial_page import tell
from shared.stack.client import WRONG_USE, Json, Most, emit, fail, get, listed, show
from shared.stack.sheets import export

trial = typer.Typer(no_args_is_help=True, help="Trials, their lifecycle, holds and deadlines.")


class Sheet(StrEnum):
    sites = "sites"
    subjects = "subjects"
    deviations = "deviations"
    cycle_times = "cycle-times"


Status = Annotated[str | None, typer.Option(help="Only in this status of the lifecycle.")]
Phase = Annotated[str | None, typer.Option(help="Only of this phase, such as PHASE2.")]
Part = Annotated[str | None, typer.Option("--text", help="Part of title, number or sponsor.")]
Sponsor = Annotated[str | None, typer.Option(help="Part of the sponsor's name.")]
Country = Annotated[str | None, typer.Option(help="With a site there, as its sites name it.")]
Condition = Annotated[str | None, typer.Option(help="Part of a condition that is studied.")]
SiteStatus = Annotated[str | None, typer.Option(help="With a site of this status (in --country).")]
Held = Annotated[bool | None, typer.Option("--held/--not-held", help="With an open hold, or without.")]
Late = Annotated[str | None, typer.Option("--deadlines", help="With a deadline that is missed or at_risk.")]
Behind = Annotated[bool | None, typer.Option("--behind/--not-behind", help="Behind its enrolment target.")]
Sort = Annotated[str, typer.Option(help="id, name, changed or enrolled.")]
_COLUMNS = ("nct", "status", "registry_status", "phases", "enrolled", "target", "open_holds", "title")


@trial.command("list")
def list_trials(
    status: Status = None,
    phase: Phase = None,
    text: Part = None,
    sponsor: Sponsor = None,
    country: Country = None,
    condition: Condition = None,
    site_status: SiteStatus = None,
    held: Held = None,
    deadlines: Late = None,
    behind: Behind = None,
    sort: Sort = "id",
    limit: Most = 50,
    as_json: Json = False,
) -> None:
    """List trials."""
    asked = {
        "status": status,
        "phase": phase,
        "text": text,
        "sponsor": sponsor,
        "country": country,
        "condition": condition,
        "site_status": site_status,
        "holds": held,
        "deadlines": deadlines,
        "behind": behind,
        "sort": sort,
    }
    show(listed("trials", "/v1/trials", limit, **asked), _COLUMNS, as_json)


@trial.command("export")
def export_trials(
    name: Annotated[
        str | None, typer.Argument(metavar="NCT…|ID", help="One trial; without it the portfolio.")
    ] = None,
    of: Annotated[Sheet, typer.Option("--of", help="Which list of the trial.")] = Sheet.sites,
    as_of: Annotated[str | None, typer.Option(help="As it was then, such as 2026-03-02T09:00:00Z.")] = None,
    file: Annotated[Path | None, typer.Option(help="Into this file; else to stdout.")] = None,
) -> None:
    """Write a list as CSV, the whole of it: the portfolio, or one of a trial's lists."""
    if name is None:
        if as_of:
            fail("the portfolio is shown as it is: --as-of goes with one trial", WRONG_USE)
        size = export("trials", "/v1/trials", file)
    else:
        path = path_of(name)
        id_ = get("trials", f"/v1/trials/{path}")["trial_id"] if path.startswith("nct/") else path
        size = export("trials", f"/v1/trials/{id_}/{of}", file, as_of=as_of)
    if file:
        typer.echo(f"{size} bytes in {file}", err=True)


@trial.command("cycle-times")
def show_cycle_times(
    trial_id: Annotated[UUID, typer.Argument(help="The trial's id.")], as_json: Json = False
) -> None:
    """Show how many days each step of start-up took: median and quartiles, by country and in all."""
    found = get("trials", f"/v1/trials/{trial_id}/cycle-times/quartiles")
    columns = ("country", "measure", "sites", "first_quartile", "median", "third_quartile")
    show(found, columns, as_json)


@trial.command("show")
def show_trial(
    name: Annotated[str, typer.Argument(metavar="NCT…|ID", help="Registry number or id.")],
    as_of: Annotated[str | None, typer.Option(help="As it was then, such as 2026-03-02T09:00:00Z.")] = None,
    as_json: Json = False,
) -> None:
    """Show a trial: lifecycle with holds, enrolment, deadlines, its plan by the registry, its sites."""
    found = get("trials", f"/v1/trials/{path_of(name)}")
    if as_of:
        found = get("trials", f"/v1/trials/{found['trial_id']}", as_of=as_of)
    if as_json:
        emit(found)
        return
    tell(found)


def path_of(name: str) -> str:
    """The part of a path that names the trial, by its registry number or its id."""
    if name.upper().startswith("NCT"):
        return f"nct/{name.upper()}"
    try:
        return str(UUID(name))
    except ValueError:
        fail(f"{name} is neither an NCT number nor an id", WRONG_USE)
