"""`trialwire data`: how far the data of a trial are on their way to the lock."""

from uuid import UUID

import typer

from shared.stack.client import Json, Most, emit, get, listed, show, table

data = typer.Typer(no_args_is_help=True, help="Data management: counts, forms, locks.")

_COUNTS = (
    "site_id",
    "name",
    "source",
    "as_of",
    "forms_missing",
    "sdv_backlog",
    "queries_open",
    "oldest_open_days",
)


@data.command("show")
def show_data(trial: UUID, as_json: Json = False) -> None:
    """Show status, last visit and master file, and each precondition of a lock with what is missing."""
    found = get("trials", f"/v1/trials/{trial}/data")
    if as_json:
        emit(found)
        return
    for name in (
        "status",
        "since",
        "locks",
        "locked_on",
        "interim",
        "unlock_reason",
        "last_visit_on",
        "tmf_ref",
    ):
        typer.echo(f"{name:<14} {found[name] if found[name] is not None else '-'}")
    asked = found["latest_lock"] if found["status"] == "locked" else found["preconditions"]
    table(asked, ("name", "met", "missing", "document_ref"))


@data.command("sites")
def list_counts(trial: UUID, limit: Most = 200, as_json: Json = False) -> None:
    """List the latest counts of each site."""
    show(listed("trials", f"/v1/trials/{trial}/data/sites", limit), _COUNTS, as_json)


@data.command("forms")
def list_forms(trial: UUID, as_json: Json = False) -> None:
    """List the case report forms, each version."""
    found = get("trials", f"/v1/trials/{trial}/crf")
    if as_json:
        emit(found)
        return
    columns = ("form", "version", "protocol_version", "effective_from", "document_ref")
    table(found["forms"], columns)
