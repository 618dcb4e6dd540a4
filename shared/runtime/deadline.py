"""The deadline as every service that owns obligations runs it."""

from shared.rules import deadlines
from shared.runtime.service import Aggregate
from shared.runtime.takers import Projection

DEADLINE = Aggregate(
    "deadline",
    deadlines.DeadlineCommand,
    deadlines.Deadline(),
    deadlines.decide,
    deadlines.evolve,
    deadlines.wake_at,
    held_by=deadlines.held_by,
)


def deadline_rows(*sources: str) -> Projection:
    """The table `deadline`, fed by the deadlines of these services."""
    return Projection(deadlines.DeadlineRow, deadlines.deadline_keys, deadlines.fold_deadline, sources)
