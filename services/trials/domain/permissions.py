"""What may be done in a trial, at a site, with a subject: each effect with the holds that forbid it."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from services.trials.projections.guards import HoldView, SiteGuard, SubjectGuard, TrialGuard
from services.trials.rules.holds import EFFECTS
from shared.contracts.message import Refusal
from shared.contracts.trials.hold import Effect

Permissions = dict[Effect, tuple[UUID, ...]]

ALLOWED: Permissions = {effect: () for effect in EFFECTS}


def holds_on(
    trial: TrialGuard | None,
    site: SiteGuard | None = None,
    subject: SubjectGuard | None = None,
    arm: str | None = None,
) -> tuple[HoldView, ...]:
    """The holds of the trial whose scope covers these; one on an arm counts for that arm alone."""
    found: list[HoldView] = []
    for guard in (trial, site, subject):
        found += guard.holds if guard else ()
    own = (None, trial.trial_id if trial else None)
    return tuple(h for h in found if h.arm in (None, arm) and (trial is None or h.trial_id in own))


def permissions(
    trial: TrialGuard | None,
    site: SiteGuard | None = None,
    subject: SubjectGuard | None = None,
    arm: str | None = None,
) -> Permissions:
    """The whole answer of today: every effect, with the ids of the open holds against it."""
    return answer(holds_on(trial, site, subject, arm))


def answer(holds: Iterable[HoldView]) -> Permissions:
    """The same from holds already gathered."""
    standing = sorted((hold for hold in holds if hold.open), key=lambda hold: hold.hold_id)
    return {effect: tuple(h.hold_id for h in standing if effect in h.effects) for effect in EFFECTS}


def forbidding(holds: Iterable[HoldView], effect: Effect, on: date) -> tuple[HoldView, ...]:
    """The holds that forbade the effect on that day, lifted ones among them."""
    return tuple(hold for hold in holds if hold.forbids(effect, on))


def refusal_under(holds: Iterable[HoldView], effect: Effect) -> Refusal | None:
    """The refusal of a request that an open hold forbids, naming the effect and every such hold."""
    standing = [hold for hold in holds if hold.open and effect in hold.effects]
    if not standing:
        return None
    named = ", ".join(f"{hold.source} {hold.hold_id}" for hold in standing)
    return Refusal(f"hold.{effect}", f"{effect} is forbidden by {named}", "on_hold")
