"""`trialwire country`: where a trial stands in each of its countries."""

from uuid import UUID

import typer

from shared.stack.client import Json, Most, listed, show

country = typer.Typer(no_args_is_help=True, help="A trial in its countries.")


@country.callback()
def countries() -> None:
    """A trial in its countries."""
    # typer would make a group of one command that command itself


@country.command("list")
def list_countries(trial_id: UUID, limit: Most = 200, as_json: Json = False) -> None:
    """List the countries of a trial: status, what was planned and achieved, questions to answer."""
    found = listed("trials", f"/v1/trials/{trial_id}/countries", limit)
    show(found, ("country", "status", "planned", "achieved", "due_on", "breaks"), as_json)
