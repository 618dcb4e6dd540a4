"""`trialwire trial`: what has become of trials."""

from typing import Annotated
from uuid import UUID

import typer

from shared.stack.client import WRONG_USE, Json, Most, emit, fail, get, listed, show, table

trial = typer.Typer(no_args_is_help=True, help="Trials, their lifecycle, holds and deadlines.")


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
    found = get("trials", f"/v1/trials/{path_of(name)}")
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


def path_of(name: str) -> str:
    """The part of a trial's route that a registry number or an id stands for."""
    if name.upper().startswith("NCT"):
        return f"nct/{name.upper()}"
    try:
        return str(UUID(name))
    except ValueError:
        fail(f"{name} is neither an NCT number nor an id", WRONG_USE)
