"""`trialwire irb` and `trialwire deadlines`: what boards decided and what is due, as the APIs say."""

from typing import Annotated
from uuid import UUID

import typer

from shared.stack.client import Json, Most, emit, get, listed, show, table

irb = typer.Typer(no_args_is_help=True, help="Ethics reviews and approvals.")
deadlines = typer.Typer(no_args_is_help=True, help="What is due when, by which rule, and who owes it.")

Trial = Annotated[UUID | None, typer.Option(help="Only of this trial.")]
# trials shows the deadlines of these three, and owns none
OWNERS = ("regulatory", "safety", "retrieval")
_REVIEW = ("review_id", "kind", "status", "protocol_version", "submitted_on", "board")
_APPROVAL = ("approval_id", "status", "effective_on", "expires_on", "zone", "days_left")
_DEADLINE = ("due_on", "status", "code", "citation", "anchor", "anchor_on", "owner", "service")


@irb.command("list")
def list_reviews(trial: Trial = None, limit: Most = 200, as_json: Json = False) -> None:
    """List ethics reviews, the latest change first."""
    show(listed("regulatory", "/v1/reviews", limit, trial=trial), _REVIEW, as_json)


@irb.command("show")
def show_review(review_id: UUID, as_json: Json = False) -> None:
    """Show a review and the approvals of its sites."""
    review = get("regulatory", f"/v1/reviews/{review_id}")
    found = listed("regulatory", "/v1/approvals", 100_000, trial=review["trial_id"])["items"]
    approvals = [one for one in found if set(one["site_ids"]) & set(review["site_ids"])]
    if as_json:
        emit({**review, "approvals": approvals})
        return
    table([review], _REVIEW)
    table(approvals, _APPROVAL)


@deadlines.callback()
def board() -> None:
    """What is due when, by which rule, and who owes it."""
    # typer would make a group of one command that command itself


@deadlines.command("list")
def list_deadlines(
    trial: Trial = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    limit: Most = 1000,
    as_json: Json = False,
) -> None:
    """List the deadlines of every service that owns one, the next to fall due first."""
    status = None if everything else ["armed", "at_risk", "missed"]
    found = {owner: listed(owner, "/v1/deadlines", limit, trial=trial, status=status) for owner in OWNERS}
    own = [row for owner in OWNERS for row in found[owner]["items"] if row["service"] == owner]
    own.sort(key=lambda row: (row["due_on"], row["deadline_id"]))
    more = len(own) > limit or any(part["next"] for part in found.values())
    if as_json:
        emit({"items": own[:limit], "more": more})
        return
    table(own[:limit], _DEADLINE)
    if more:
        typer.echo("there are more: --limit", err=True)
