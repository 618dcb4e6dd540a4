"""`trialwire protocol`: the versions of a trial's protocol, and which is in force where."""

from datetime import date
from typing import Annotated
from uuid import UUID

import typer

from services.trials.cli.trial import path_of
from shared.stack.client import Json, Most, day, emit, get, listed, show, table

protocol = typer.Typer(no_args_is_help=True, help="Protocol versions, design and statistics of a trial.")

Trial = Annotated[str, typer.Argument(metavar="NCT…|ID", help="Registry number or id.")]
_VERSIONS = ("version", "status", "dated_on", "amends", "substantial", "in_force_from", "sites", "sections")
_INPUTS = ("endpoint", "hypothesis", "total", "recomputed", "difference_ratio", "superseded_by", "signed_at")
_URGENT = ("version", "country", "implemented_on", "board_by", "board_told_on", "authority_by")


@protocol.command("show")
def show_protocol(name: Trial, as_json: Json = False) -> None:
    """Show a trial's protocol: its versions, urgent changes, arms, sample sizes and analysis plans."""
    at = f"/v1/trials/{_id(name)}"
    found = {
        "versions": listed("trials", f"{at}/protocol", 1000)["items"],
        "urgent_changes": listed("trials", f"{at}/protocol/urgent-changes", 1000)["items"],
        "designs": listed("trials", f"{at}/design", 1000)["items"],
        "statistics": listed("trials", f"{at}/statistics", 1000)["items"],
    }
    if as_json:
        emit(found)
        return
    if not found["versions"]:
        typer.echo("nothing found", err=True)
    table(found["versions"], _VERSIONS)
    table(found["urgent_changes"], (*_URGENT, "authority_told_on"))
    for design in found["designs"]:
        arms = ", ".join(f"{arm['code']} ({arm['kind']})" for arm in design["arms"])
        typer.echo(f"{design['version']}: {design['masking']}, {design['assignment']}, {arms}")
    table(found["statistics"], _INPUTS)


@protocol.command("sites")
def list_sites(
    name: Trial,
    on: Annotated[date, typer.Option(parser=day, metavar="DATE", help="The local day (YYYY-MM-DD).")],
    limit: Most = 200,
    as_json: Json = False,
) -> None:
    """List the version in force at each site on a day."""
    path = f"/v1/trials/{_id(name)}/protocol/sites"
    found = listed("trials", path, limit, on=on)
    show(found, ("site_id", "country", "version", "effective_on", "until", "urgent"), as_json)


def _id(name: str) -> UUID:
    path = path_of(name)
    return UUID(get("trials", f"/v1/trials/{path}")["trial_id"]) if path.startswith("nct/") else UUID(path)
