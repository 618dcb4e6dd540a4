"""`trialwire enrolment`: how far a trial's enrolment is, when it will be done, and who has enrolled."""

from typing import Annotated
from uuid import UUID

import typer

from shared.stack.client import Json, emit, get, table

enrolment = typer.Typer(no_args_is_help=True, help="Enrolment against target, its forecast, diversity.")
Trial = Annotated[UUID, typer.Argument(metavar="TRIAL", help="The trial's id.")]
_COUNTS = ("target", "screened", "failed", "screen_failure_rate", "enrolled")


@enrolment.command("show")
def show_enrolment(trial: Trial, as_json: Json = False) -> None:
    """Show enrolment by country and site, and the day on which each target will be reached."""
    found = get("trials", f"/v1/trials/{trial}/enrolment")
    if as_json:
        emit(found)
        return
    rows = [{"where": "trial"} | found["trial"]]
    rows += [{"where": country["country"]} | country for country in found["countries"]]
    table([row | {"done": _done(row["forecast"])} for row in rows], ("where", *_COUNTS, "done"))
    table(found["sites"], ("name", "country", "status", "activated_on", *_COUNTS))


@enrolment.command("diversity")
def show_diversity(trial: Trial, as_json: Json = False) -> None:
    """Show the goals by subgroup and what is lacking; counts below five are shown as <5."""
    found = get("trials", f"/v1/trials/{trial}/diversity")
    if as_json:
        emit(found)
        return
    table(found["goals"], ("dimension", "band", "share", "shown", "reached", "gap", "short_by"))
    cells = [
        {"of": count["scope"] or "trial"} | cell for count in found["counts"] for cell in count["counts"]
    ]
    table(cells, ("of", "dimension", "band", "shown"))


def _done(forecast: dict[str, str | None]) -> str:
    """The day with its interval, or why there is none."""
    if forecast["reason"]:
        return forecast["reason"].replace("_", " ") + (
            f": {forecast['detail']}" if forecast["detail"] else ""
        )
    middle, earliest, latest = (forecast[day] or "later than in ten years" for day in _DAYS)
    return f"{middle} (80 %: {earliest} to {latest})"


_DAYS = ("middle", "earliest", "latest")
