"""Commands on holds: applied, lifted by their own counterpart, annulled."""

from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.words import Code, Text
from services.trials.projections.design import TrialArms
from services.trials.projections.guards import SiteGuard, SubjectGuard, TrialGuard
from services.trials.projections.subjects import SubjectRow
from shared.contracts.message import Command, Need, Signed
from shared.contracts.trials.hold import Effect, HoldSource, ScopeKind
from shared.rules.dates import Day


class OfHold(Command):
    """A command on a hold's stream; `cause` is the event that makes it happen, where one does."""

    hold_id: UUID = Field(default_factory=uuid7)
    trial_id: UUID
    source: HoldSource
    scope_kind: ScopeKind
    scope_id: UUID
    cause: UUID | None = None

    @property
    def stream_id(self) -> UUID:
        return self.hold_id


class ApplyHold(OfHold):
    """Stop effects in a trial, at a site, for a subject or an arm; without `effects`, those of its source."""

    type: ClassVar[str] = "trials.apply_hold.v1"
    arm: Code | None = None
    effects: tuple[Effect, ...] = Field(default=(), max_length=100)
    since: Day | None = None
    reason: Text | None = None

    @model_validator(mode="after")
    def _one_scope(self) -> Self:
        if (self.scope_kind == "arm") != (self.arm is not None):
            raise ValueError("an arm is named exactly where the scope is an arm")
        if self.scope_kind in ("trial", "arm") and self.scope_id != self.trial_id:
            raise ValueError("the scope of a trial or of an arm is the trial's id")
        return self

    def needs(self) -> tuple[Need, ...]:
        arms = (Need(TrialArms, (self.trial_id,)),) if self.arm else ()
        whose = (Need(SubjectRow, (self.scope_id,)),) if self.scope_kind == "subject" else ()
        return (*_scope_guard(self.scope_kind, self.scope_id), *arms, *whose)


class EndsHold(Command):
    """A command that ends a hold; the scope is needed only where the hold is not known yet."""

    hold_id: UUID
    trial_id: UUID
    source: HoldSource
    scope_kind: ScopeKind | None = None
    scope_id: UUID | None = None
    cause: UUID | None = None

    @property
    def stream_id(self) -> UUID:
        return self.hold_id


class LiftHold(EndsHold, Signed):
    """End a hold by its own counterpart; `evidence` names the letter or decision."""

    type: ClassVar[str] = "trials.lift_hold.v1"
    meaning: Literal["hold lifted"] = "hold lifted"
    evidence: Text
    until: Day | None = None


class AnnulHold(EndsHold, Signed):
    """Take a hold back that rested on an error, lifted or not: neither it nor deviations from it counted."""

    type: ClassVar[str] = "trials.annul_hold.v1"
    meaning: Literal["hold annulled"] = "hold annulled"
    reason: Text


def _scope_guard(kind: ScopeKind, scope_id: UUID) -> tuple[Need, ...]:
    rows: dict[ScopeKind, type] = {
        "trial": TrialGuard,
        "arm": TrialGuard,
        "site": SiteGuard,
        "subject": SubjectGuard,
    }
    return (Need(rows[kind], (scope_id,), alone=True),)
