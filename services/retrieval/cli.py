"""`trialwire records`: which records are asked for, how far each request has come, what stands still."""

from datetime import date
from typing import Annotated
from uuid import UUID

import typer

from shared.stack.client import Json, Most, day, emit, get, listed, show, table

app = typer.Typer(no_args_is_help=True, help="Record requests and their provider legs.")

Trial = Annotated[UUID | None, typer.Option(help="Only of this trial.")]
_REQUEST = ("request_id", "purpose", "priority", "needed_by", "status", "legs", "delivered", "sealed")
_LEG = ("leg_id", "custodian", "status", "basis", "expires_on", "attempt", "calls", "calls_due")
_CUSTODY = ("at", "act", "document_ref", "pages", "holder", "actor")
_DEADLINE = ("due_on", "status", "code", "citation", "anchor_on", "met_on")
_FUNNEL = ("status", "legs", "urgent", "calls_due", "oldest_days")


@app.command("list")
def list_requests(
    trial: Trial = None,
    case: Annotated[UUID | None, typer.Option(help="Only of this case.")] = None,
    status: Annotated[str | None, typer.Option(help="open, frozen, complete, partial, none …")] = None,
    needed_by: Annotated[
        date | None, typer.Option(parser=day, metavar="DATE", help="Needed by this date (YYYY-MM-DD).")
    ] = None,
    limit: Most = 200,
    as_json: Json = False,
) -> None:
    """List record requests, the most pressing first."""
    asked = {"trial": trial, "case": case, "status": status, "needed_by": needed_by}
    show(listed("retrieval", "/v1/requests", limit, **asked), _REQUEST, as_json)


@app.command("show")
def show_request(request_id: UUID, as_json: Json = False) -> None:
    """Show a request with its legs, its chain of custody and its service levels."""
    found = get("retrieval", f"/v1/requests/{request_id}")
    if as_json:
        emit(found)
        return
    table([found], _REQUEST)
    table(found["provider_legs"], _LEG)
    table(found["custody"], _CUSTODY)
    table(found["deadlines"], _DEADLINE)


@app.command("funnel")
def show_funnel(trial: Trial = None, as_json: Json = False) -> None:
    """Show how many legs stand in each state, and how long the oldest has."""
    show(get("retrieval", "/v1/funnel", trial=trial), _FUNNEL, as_json)
