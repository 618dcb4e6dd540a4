"""Holds, and what may be done while they stand."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.message import Event

HoldSource = Literal[
    "clinical_hold",
    "irb_suspension",
    "irb_lapse",
    "dsmb",
    "sponsor_pause",
    "urgent_safety",
    "ha_suspension",
    "document_expiry",
]
ScopeKind = Literal["trial", "site", "subject", "arm"]
Effect = Literal[
    "screen",
    "consent",
    "enrol",
    "randomise",
    "dose",
    "procedures",
    "ship_product",
    "collect_data",
    "retrieve_records",
]


class HoldApplied(Event):
    """A hold forbids its effects in its scope from `since` on; safety reporting never stops.

    `scope_id` is the trial, site or subject; of an arm it is the trial and `arm` its code. `zone` is that of
    its days, where it is a site's and known.
    """

    type: ClassVar[str] = "trials.hold.applied.v1"
    hold_id: UUID
    trial_id: UUID
    source: HoldSource
    scope_kind: ScopeKind
    scope_id: UUID
    arm: str | None = None
    effects: tuple[Effect, ...]
    since: date
    zone: str | None = None
    reason: str | None = None
    cause: UUID | None = None


class HoldLifted(Event):
    """The hold's own counterpart lifted it; other holds stay. `evidence` names the letter or event."""

    type: ClassVar[str] = "trials.hold.lifted.v1"
    hold_id: UUID
    trial_id: UUID
    source: HoldSource
    scope_kind: ScopeKind
    scope_id: UUID
    until: date
    evidence: str


class HoldAnnulled(Event):
    """The hold rested on knowledge later shown wrong: it never counted, nor do deviations from it."""

    type: ClassVar[str] = "trials.hold.annulled.v1"
    hold_id: UUID
    trial_id: UUID
    source: HoldSource
    scope_kind: ScopeKind
    scope_id: UUID
    reason: str


class PermissionsChanged(Event):
    """The whole answer to what may be done in a trial or at a site: each effect with the holds against it.

    `closed` are the effects that the scope's own status forbids, with no hold at all; `arms` the holds on
    single arms of the trial, by the arm's code. For a site both its answer and its trial's count.
    """

    type: ClassVar[str] = "trials.permissions.changed.v1"
    trial_id: UUID
    scope_kind: Literal["trial", "site"]
    scope_id: UUID
    permissions: dict[Effect, tuple[UUID, ...]]
    closed: tuple[Effect, ...] = ()
    arms: dict[str, dict[Effect, tuple[UUID, ...]]] = Field(default_factory=dict)


HoldEvent = HoldApplied | HoldLifted | HoldAnnulled
