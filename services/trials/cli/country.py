"""`trialwire country`: where a trial stands in each of its countries."""

from operator import itemgetter
from typing import Any
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
    if not as_json:
        for row in found["items"]:
            row["next"] = ", ".join(f"{step} {day}" for step, day in _to_come(row))
            row["since"] = row["achieved"].get(row["status"])
    show(found, ("country", "status", "since", "next", "due_on", "breaks"), as_json)


def _to_come(row: dict[str, Any]) -> list[tuple[str, str]]:
    """The steps that are planned and not achieved, the earliest first."""
    done = {step.removesuffix("_with_conditions") for step in row["achieved"]}
    left = [(step, day) for step, day in row["planned"].items() if step not in done]
    return sorted(left, key=itemgetter(1))
