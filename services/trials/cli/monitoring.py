"""`trialwire monitoring` and `trialwire kri`: how a trial's sites are watched, and what was found."""

from typing import Annotated
from uuid import UUID

import typer

from shared.stack.client import WRONG_USE, Json, Most, emit, fail, get, listed, show, table

monitoring = typer.Typer(no_args_is_help=True, help="Monitoring visits, action items, remote reviews, CAPAs.")
kri = typer.Typer(no_args_is_help=True, help="Risk indicators of a trial's sites, and the runs behind them.")

Name = Annotated[str, typer.Argument(metavar="NCT…|ID", help="Registry number or id of the trial.")]
Site = Annotated[UUID | None, typer.Option(help="Only this site.")]

_PARTS = {
    "monitoring-visits": ("planned_on", "kind", "status", "site_id", "conducted_on", "open_items", "kri"),
    "action-items": ("due_on", "status", "code", "owner", "site_id"),
    "remote-reviews": ("valid_to", "status", "reader", "site_id"),
    "capas": ("due_on", "status", "kind", "category", "owner", "overdue", "site_id"),
}


@monitoring.command("show")
def show_monitoring(name: Name, limit: Most = 50, as_json: Json = False) -> None:
    """Show visits, action items, remote reviews and corrective actions of a trial, each up to the limit."""
    trial_id = _id_of(name)
    found = {part: listed("trials", f"/v1/trials/{trial_id}/{part}", limit) for part in _PARTS}
    if as_json:
        emit(found)
        return
    for part, columns in _PARTS.items():
        typer.echo(part.replace("-", " "))
        table(found[part]["items"], columns)


@monitoring.command("plan")
def show_plan(name: Name, as_json: Json = False) -> None:
    """Show how the trial is watched."""
    found = get("trials", f"/v1/trials/{_id_of(name)}/monitoring-plan")
    if as_json:
        emit(found)
        return
    for label, value in found.items():
        typer.echo(f"{label:<20} {value}")


@kri.command("show")
def show_indicators(name: Name, site: Site = None, limit: Most = 200, as_json: Json = False) -> None:
    """Show each indicator at each site as computed last: counts, limits, verdict."""
    found = listed("trials", f"/v1/trials/{_id_of(name)}/indicators", limit, site=site)
    columns = ("site_id", "kri", "numerator", "denominator", "value", "target", "alert_limit", "action_limit")
    show(found, (*columns, "verdict", "reason", "breached_on"), as_json)


@kri.command("runs")
def show_runs(name: Name, limit: Most = 20, as_json: Json = False) -> None:
    """Show the central-monitoring runs of a trial, the latest first."""
    found = listed("trials", f"/v1/trials/{_id_of(name)}/indicator-runs", limit)
    columns = ("cut_on", "by", "started_by", "data_cut_at", "definitions", "sites", "breaches", "status")
    show(found, columns, as_json)


def _id_of(name: str) -> str:
    if name.upper().startswith("NCT"):
        return str(get("trials", f"/v1/trials/nct/{name.upper()}")["trial_id"])
    try:
        return str(UUID(name))
    except ValueError:
        fail(f"{name} is neither an NCT number nor an id", WRONG_USE)
