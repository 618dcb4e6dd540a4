"""How many enrolled subjects belong to which subgroup, as counts that name nobody."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.message import Event, Value
from shared.contracts.trials.enrolment import Dimension


class SubgroupCount(Value):
    """The subjects in a band of a dimension; no number where there are fewer than five.

    `withheld`: there are more, but their number would give a small one beside it away.
    """

    dimension: Dimension
    band: str
    n: int | None = None
    withheld: bool = False


class SubgroupCountsRecorded(Event):
    """Subgroups of a trial, of one of its countries or sites on the local day `as_of`, as totals so far.

    `enrolled` is the number of all subjects counted, itself without a number where it is below five.
    """

    type: ClassVar[str] = "trials.diversity.counts_recorded.v1"
    trial_id: UUID
    country: str | None = None
    site_id: UUID | None = None
    as_of: date
    source: str
    enrolled: int | None = None
    counts: tuple[SubgroupCount, ...]
