"""`trialwire programme`: how far the development of each product has come."""

from typing import Annotated
from uuid import UUID

import typer

from shared.stack.client import Json, Most, emit, get, listed, show, table

programme = typer.Typer(no_args_is_help=True, help="Programmes: a product's development above its trials.")


@programme.command("list")
def list_programmes(
    phase: Annotated[
        str | None, typer.Option(help="Only in this phase: preclinical, I, II, III, IV.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="Part of product, indication or sponsor.")] = None,
    limit: Most = 50,
    as_json: Json = False,
) -> None:
    """List programmes."""
    found = listed("trials", "/v1/programmes", limit, phase=phase, text=text)
    show(found, ("programme_id", "phase", "phase_since", "trials", "product", "indication"), as_json)


@programme.command("show")
def show_programme(programme_id: UUID, as_json: Json = False) -> None:
    """Show a programme: its phase and the decisions behind it, what authorities allow, and its trials."""
    found = get("trials", f"/v1/programmes/{programme_id}")
    if as_json:
        emit(found)
        return
    facts = {
        "programme": found["product"],
        "indication": found["indication"],
        "against": ", ".join(found["comparators"]) or "none",
        "sponsor": found["sponsor_name"],
        "phase": f"{found['phase']} since {found['phase_since'] or 'the beginning'}",
        "preclinical": ", ".join(f"{m['kind']} {m['completed_on']}" for m in found["milestones"]) or "none",
    }
    for label, value in facts.items():
        typer.echo(f"{label:<12} {value}")
    table(found["authorisations"], ("kind", "number", "country", "in_effect_on", "withdrawn_on"))
    table(found["trials"], ("nct", "status", "phases", "target", "title"))
