"""`trialwire site`: where the sites of a trial stand, and what each still lacks."""

from typing import Annotated, Any
from uuid import UUID

import typer

from services.trials.cli.trial import path_of
from shared.stack.client import WRONG_USE, Json, Most, emit, fail, get, listed, show, table

site = typer.Typer(no_args_is_help=True, help="Sites, their gates, feasibility, contracts and people.")
Trial = Annotated[str, typer.Argument(metavar="NCT…|ID", help="Registry number or id of the trial.")]


@site.command("list")
def list_sites(
    trial: Trial,
    status: Annotated[str | None, typer.Option(help="Only in this status, such as startup.")] = None,
    limit: Most = 200,
    as_json: Json = False,
) -> None:
    """List the sites of a trial."""
    found = listed("trials", f"/v1/trials/{_id_of(trial)}/sites", limit, status=status)
    for row in found["items"]:
        row["open_gates"] = f"{len(row['gates'])} of {len(row['required_gates'])}"
    columns = ("site_id", "status", "registry_status", "country", "city", "open_gates", "enrolled", "target")
    show(found, (*columns, "name"), as_json)


@site.command("show")
def show_site(
    trial: Trial,
    site_id: Annotated[str, typer.Argument(metavar="SITE", help="Id of the site.")],
    as_json: Json = False,
) -> None:
    """Show a site: its status, what it lacks, its score, its contracts and its people."""
    try:
        UUID(site_id)
    except ValueError:
        fail(f"{site_id} is no id of a site", WRONG_USE)
    found = get("trials", f"/v1/trials/{_id_of(trial)}/sites/{site_id}")
    score = get("trials", f"/v1/feasibility/{site_id}")
    contracts = listed("trials", "/v1/contracts", 100, site=site_id)["items"]
    people = listed("trials", "/v1/investigators", 100, site=site_id)["items"]
    if as_json:
        emit({"site": found, "feasibility": score, "contracts": contracts, "investigators": people})
        return
    for label, value in _facts(found, score).items():
        typer.echo(f"{label:<12} {value}")
    table(score["factors"], ("name", "weight", "value", "stale"))
    table(contracts, ("kind", "status", "to_act", "days_in_step", "days", "opened_on", "expires_on"))
    table(people, ("role", "from_on", "until", "tasks", "first_end", "investigator_id"))


def _facts(found: dict[str, Any], score: dict[str, Any]) -> dict[str, Any]:
    lacking = [gate for gate in found["required_gates"] if gate not in found["gates"]]
    stopped = [*found["stopped_gates"], *(f"hold {hold}" for hold in found["stopped_holds"])]
    of_all = f"{score['score']} (from {score['covered']:.0%} of the weights)"
    fixed = score["fixed"]
    return {
        "site": f"{found['name']}, {found['city'] or '?'}, {found['country'] or '?'}",
        "id": found["site_id"],
        "status": f"{found['status']}{' by ' + ', '.join(stopped) if stopped else ''}",
        "lacks": ", ".join(lacking) or "no gate",
        "enrolled": f"{found['enrolled']} of {found['target'] or '?'}",
        "score": "none" if score["score"] is None else of_all,
        "fixed": f"{fixed['score']} {fixed['outcome']}" if fixed["outcome"] else "no",
    }


def _id_of(name: str) -> str:
    path = path_of(name)
    return str(get("trials", f"/v1/trials/{path}")["trial_id"]) if path.startswith("nct/") else path
