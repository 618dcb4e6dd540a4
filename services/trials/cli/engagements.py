"""`trialwire cro` and `trialwire obligations`: who works for a sponsor, how well, and who owes what."""

from datetime import date
from typing import Annotated
from uuid import UUID

import typer

from shared.stack.client import Json, Most, day, emit, get, listed, show, table

cro = typer.Typer(no_args_is_help=True, help="Organisations that work for a sponsor, and their scorecards.")
obligations = typer.Typer(
    no_args_is_help=True, help="Obligations of a trial's sponsor, and who carries them."
)

Trial = Annotated[UUID | None, typer.Option(help="Of this trial.")]
_ENGAGEMENT = (
    "engagement_id",
    "name",
    "model",
    "status",
    "began_on",
    "ended_on",
    "trial_id",
    "organisation_id",
)
_SCORE = ("criterion", "points", "weight", "value", "unit", "n", "basis", "source", "as_of")
_OBLIGATION = ("obligation", "organisation_id", "by", "citation", "deadlines")


@cro.command("list")
def list_engagements(
    trial: Trial = None,
    organisation: Annotated[UUID | None, typer.Option(help="Of this organisation.")] = None,
    status: Annotated[str | None, typer.Option(help="considered, invited, selected, engaged …")] = None,
    limit: Most = 100,
    as_json: Json = False,
) -> None:
    """List engagements."""
    asked = {"trial_id": trial, "organisation_id": organisation, "status": status}
    show(listed("trials", "/v1/engagements", limit, **asked), _ENGAGEMENT, as_json)


@cro.command("scorecard")
def show_scorecard(
    organisation_id: UUID,
    engagement: Annotated[UUID | None, typer.Option(help="By the weights of this evaluation.")] = None,
    trial: Trial = None,
    as_json: Json = False,
) -> None:
    """Show what an organisation is worth, by your own trials: each score with what it rests on."""
    path = f"/v1/organisations/{organisation_id}/scorecard"
    found = get("trials", path, engagement=engagement, trial=trial)
    if as_json:
        emit(found)
        return
    table(found["scores"], _SCORE)
    missing = ", ".join(found["missing"])
    total = f"no total: {missing} missing" if missing else f"total {found['total']} of 100"
    places = ", ".join(found["countries"]) or "no country"
    shared = f"{found['shared_sites']} of {found['sites']} sites shared with others"
    typer.echo(f"{found['name']}: {total}; active in {places}; {shared}")


@obligations.callback()
def _obligations_of() -> None:
    """Each thing to look at is a command of its own."""


@obligations.command("show")
def show_obligations(
    trial_id: UUID,
    on: Annotated[
        date | None, typer.Option(parser=day, metavar="DATE", help="On this local day (YYYY-MM-DD).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show who carries each obligation of a trial; without an organisation it is the sponsor."""
    show(get("trials", f"/v1/trials/{trial_id}/obligations", on=on), _OBLIGATION, as_json)
