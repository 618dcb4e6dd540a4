"""What a benchmark is: how ours and the peer are run, which figure counts, and where it is to go."""

import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from bench.stack import Stack

if TYPE_CHECKING:
    from bench.peers import Peers

Figures = dict[str, float]


@dataclass(frozen=True)
class Goal:
    """A bound of architecture's column `first` on `ratio` or on one of our own figures."""

    of: str
    sign: Literal[">=", "<="]
    first: float

    def reached(self, row: dict[str, Any]) -> bool | None:
        """None where the peer was absent."""
        value = row[self.of] if self.of in row else row["figures"].get(self.of)
        if value is None:
            return None
        return bool(value >= self.first if self.sign == ">=" else value <= self.first)

    def __str__(self) -> str:
        return f"{self.of} {self.sign} {self.first:g}"


@dataclass(frozen=True)
class Benchmark:
    """One row of the table. The first figures of `ours` and of `peer` make the ratio; others stand beside.

    `peer` answers None where the peer is absent; `limit` is what the libraries alone do, measured always.
    """

    name: str
    unit: str
    ours: Callable[[Stack], Awaitable[Figures]]
    goals: tuple[Goal, ...]
    peer: "Callable[[Peers], Awaitable[Figures | None]] | None" = None
    limit: Callable[[Stack], Awaitable[Figures]] | None = None
    ratios: tuple[tuple[str, str], ...] = ()  # further ratios: a figure of ours to the peer's first
    beside: str | None = None  # the figure of ours that stands for the peer: a limit measured in the same run
    rounds: int = 3


@dataclass
class Measured:
    """The figures of alternating runs."""

    ours: list[Figures] = field(default_factory=list)
    peer: list[Figures] = field(default_factory=list)
    limit: list[Figures] = field(default_factory=list)

    def row(self, benchmark: Benchmark) -> dict[str, Any]:
        """The medians and the ratio of the first figures; and each run, which shows the noise."""
        ours, peer, limit = _medians(self.ours), _medians(self.peer), _medians(self.limit)
        beside = peer or (limit if benchmark.peer is None else {})
        other = ours[benchmark.beside] if benchmark.beside else next(iter(beside.values()), None)
        row: dict[str, Any] = {
            "ours": next(iter(ours.values())),
            "peer": other,
            "ratio": _ratio(next(iter(ours.values())), other),
            **{name: _ratio(ours[figure], other) for name, figure in benchmark.ratios},
            "unit": benchmark.unit,
            "figures": ours,
            "peer_figures": peer,
            "limits": limit,
            "runs": {"ours": self.ours, "peer": self.peer},
        }
        row["first"] = {str(goal): goal.reached(row) for goal in benchmark.goals}
        return row


def _ratio(ours: float, other: float | None) -> float | None:
    return round(ours / other, 3) if other else None


def _medians(runs: list[Figures]) -> Figures:
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: round(statistics.median(run[name] for run in runs if name in run), 2) for name in names}


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]
