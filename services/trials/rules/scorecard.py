"""The scorecard of an organisation as data: criteria, weights, and how a figure becomes points."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.contracts.trials.engagement import Criterion


@dataclass(frozen=True)
class Measure:
    """One criterion. Points run straight from 0, where the figure is `zero`, to 100, where it is `full`.

    `how` says what the figure is; `weight` counts where an evaluation names no other. Weights and both ends
    are proposals of ours (design), not facts. Without `unit` no event tells of it: points are entered.
    """

    title: str
    weight: int
    how: str
    unit: str | None = None
    zero: float = 0.0
    full: float = 1.0

    def points(self, figure: float) -> int:
        """0 to 100, rounded half to even."""
        return round(100 * min(max((figure - self.zero) / (self.full - self.zero), 0.0), 1.0))


_ENTERED = "entered with its source, the day of which it speaks, and who says so"

MEASURES: dict[Criterion, Measure] = {
    "therapeutic_expertise": Measure(
        "Therapeutic expertise",
        15,
        "trials that it runs or ran with a condition of the trial asked about",
        "trials",
        full=3.0,
    ),
    "on_time_delivery": Measure(
        "On-time delivery",
        20,
        "deadlines met in time, of those that it owned when they were met, met late or missed",
        "ratio",
    ),
    "cycle_time": Measure(
        "Approval to activation",
        10,
        "median calendar days from the board's approval to the activation of a site while it worked there",
        "calendar days",
        zero=180.0,
        full=30.0,
    ),
    "quality": Measure(
        "Quality",
        15,
        "deviations, and findings of signed monitoring reports, at its sites a site-month of activity "
        "(30.4375 days) until they closed and while it worked there; what is both counts twice",
        "per site-month",
        zero=1.0,
        full=0.0,
    ),
    "coverage": Measure(
        "Geographic coverage",
        10,
        "sites active while it worked there, of those chosen, in the trials that it runs or ran",
        "ratio",
    ),
    "compliance_history": Measure("Compliance history", 10, _ENTERED),
    "technology": Measure("Technology", 5, _ENTERED),
    "communication": Measure("Communication", 5, _ENTERED),
    "client_references": Measure("Client references", 5, _ENTERED),
    "due_diligence": Measure("Due diligence", 5, _ENTERED),
}
WEIGHTS: dict[Criterion, int] = {name: measure.weight for name, measure in MEASURES.items()}


@dataclass(frozen=True)
class Figure:
    """What events tell of a criterion: the figure, and the number of cases `n` on which it rests."""

    value: float
    n: int


def scorecard(
    figures: Mapping[Criterion, Figure],
    entered: Mapping[Criterion, Mapping[str, Any]],
    weights: Mapping[Criterion, int],
) -> dict[str, Any]:
    """Every criterion with points, figure, n, source, how and weight; a total only where none is missing.

    What events tell outweighs what was entered. The total is the mean of the points by weight, 0 to 100, and
    null where a criterion of weight above 0 has no points; `missing` names those.
    """
    scores = [_score(name, figures.get(name), entered.get(name), weights.get(name, 0)) for name in MEASURES]
    missing = [one["criterion"] for one in scores if one["points"] is None and one["weight"]]
    counted = sum(one["weight"] for one in scores)
    total = None
    if not missing and counted:
        total = round(sum(one["points"] * one["weight"] for one in scores if one["weight"]) / counted, 1)
    return {"total": total, "missing": missing, "scores": scores}


def _score(
    name: Criterion, figure: Figure | None, entered: Mapping[str, Any] | None, weight: int
) -> dict[str, Any]:
    measure = MEASURES[name]
    about = {"criterion": name, "title": measure.title, "weight": weight, "how": measure.how}
    if figure and measure.unit:
        scale = f"0 points at {measure.zero:g}, 100 at {measure.full:g} {measure.unit}"
        told = {"value": round(figure.value, 3), "unit": measure.unit, "n": figure.n, "scale": scale}
        return about | {"points": measure.points(figure.value), "basis": "events", "source": "events"} | told
    if entered:
        told = {"value": entered["points"], "unit": "points", "n": entered["n"], "scale": None}
        by = {key: entered[key] for key in ("source", "as_of", "entered_by", "document_ref")}
        return about | {"how": _ENTERED, "points": entered["points"], "basis": "entered"} | told | by
    return about | {"points": None, "basis": None, "source": None, "value": None, "n": 0}
