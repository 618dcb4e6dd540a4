"""`trialwire ae`: adverse events and their cases, reported to and asked of the safety service."""

from datetime import date
from typing import Annotated
from uuid import UUID

import typer
from uuid_utils.compat import uuid7

from shared.stack.client import Json, Key, Most, day, emit, get, listed, post, show, table

app = typer.Typer(no_args_is_help=True, help="Adverse events, their cases and clocks.")

Trial = Annotated[UUID | None, typer.Option(help="Only of this trial.")]
_CASE = ("case_id", "received_on", "status", "version", "serious", "fatal_or_life_threatening", "next_due")
_CLOCK = ("code", "due_on", "anchor", "anchor_on", "citation", "verified")
_DEADLINE = ("due_on", "status", "code", "anchor_on", "met_on")


@app.command("list")
def list_cases(
    trial: Trial = None,
    status: Annotated[str | None, typer.Option(help="received, reportable, not_reportable …")] = None,
    waiting: Annotated[bool | None, typer.Option(help="With information that nobody has judged.")] = None,
    limit: Most = 200,
    as_json: Json = False,
) -> None:
    """List cases, the latest receipt first."""
    found = listed("safety", "/v1/cases", limit, trial=trial, status=status, waiting=waiting)
    show(found, _CASE, as_json)


@app.command("show")
def show_case(case_id: UUID, as_json: Json = False) -> None:
    """Show a case with its clocks, what it owes by which rule, and its deadlines."""
    found = get("safety", f"/v1/cases/{case_id}")
    if as_json:
        emit(found)
        return
    table([found], _CASE[:-1])
    table(found["clocks"], _CLOCK)
    table([owed[leg] for owed in found["obligations"] for leg in ("legal", "operational")], _CLOCK)
    table(found["deadlines"], _DEADLINE)


@app.command("report")
def report(
    trial: Annotated[UUID, typer.Option(help="The trial.")],
    site: Annotated[UUID, typer.Option(help="The site where it happened.")],
    subject: Annotated[UUID, typer.Option(help="The subject, by its id.")],
    zone: Annotated[str, typer.Option(help="IANA zone of the place of receipt.")],
    received_on: Annotated[
        date,
        typer.Option(parser=day, metavar="DATE", help="Local date of receipt there (YYYY-MM-DD): day 0."),
    ],
    seriousness: Annotated[list[str] | None, typer.Option(help="A criterion; give it once for each.")] = None,
    causality_excluded: Annotated[bool, typer.Option(help="The reporter excludes causality.")] = False,
    term_code: Annotated[str | None, typer.Option(help="Coded term; never a narrative.")] = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Report an adverse event; what it does not fit is marked, never refused."""
    body = {
        "trial_id": str(trial),
        "site_id": str(site),
        "subject_id": str(subject),
        "zone": zone,
        "received_on": received_on.isoformat(),
        "seriousness": seriousness or [],
        "causality_excluded": causality_excluded,
        "term_code": term_code,
    }
    found = post("safety", "/v1/commands/report-adverse-event", body, key or str(uuid7()))
    emit(found) if as_json else typer.echo(found["stream_id"])
