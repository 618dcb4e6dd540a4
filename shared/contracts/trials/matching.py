"""Structured eligibility criteria of a trial, and how often candidate lists were held against them."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Value


class Criterion(Value):
    """What one attribute of a candidate has to be (inclusion) or must not be (exclusion).

    It holds where the attribute's value lies from `low` to `high`, both inclusive, in `unit` (UCUM), or where
    one of its codes is among `codes`. `section` is the protocol's number of it.
    """

    code: str
    kind: Literal["inclusion", "exclusion"]
    attribute: str
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    codes: tuple[str, ...] = ()
    section: str | None = None


class CriteriaRecorded(Event):
    """The trial's criteria as this version of its protocol has them; they take the place of earlier ones."""

    type: ClassVar[str] = "trials.criteria.recorded.v1"
    trial_id: UUID
    protocol_version: str
    criteria: tuple[Criterion, ...]


class MatchingRun(Event):
    """A site held candidates against the criteria. Counts alone: nothing of a candidate stands here.

    `failed` and `unknown` count candidates by the criterion that they fail, or of which nothing is known.
    """

    type: ClassVar[str] = "trials.matching.run.v1"
    trial_id: UUID
    site_id: UUID
    run_id: UUID
    protocol_version: str
    candidates: int
    eligible: int
    ineligible: int
    undecided: int
    failed: dict[str, int]
    unknown: dict[str, int]
