"""What may be done in a trial, at a site, with a subject: each effect with the holds that forbid it.

Beside the holds the status of trial and site forbids: a trial that is closed, a site that is over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from services.trials.projections.guards import HoldView, SiteGuard, SubjectGuard, TrialGuard
from services.trials.rules.holds import EFFECTS
from services.trials.rules.permissions import BY_SITE, BY_TRIAL
from shared.contracts.message import Refusal
from shared.contracts.trials.hold import Effect

Permissions = dict[Effect, tuple[UUID, ...]]

ALLOWED: Permissions = {effect: () for effect in EFFECTS}


@dataclass(frozen=True)
class Permitted:
    """The whole answer for a trial or a site: open holds, what its status closes, holds on single arms."""

    permissions: Permissions = field(default_factory=lambda: dict(ALLOWED))
    closed: tuple[Effect, ...] = ()
    arms: Mapping[str, Permissions] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """As the event that tells it takes them."""
        return vars(self)


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


def whole(trial: TrialGuard | None, site: SiteGuard | None, closed: tuple[Effect, ...]) -> Permitted:
    """The answer of today for a trial, or for a site of it, whose status closes these effects."""
    return Permitted(permissions(trial, site), closed, on_arms(trial))


def on_arms(trial: TrialGuard | None) -> dict[str, Permissions]:
    """Each arm of the trial that a hold is on, with the open holds on it alone."""
    holds = [hold for hold in (trial.holds if trial else ()) if hold.open]
    arms = sorted({hold.arm for hold in holds if hold.arm})
    return {arm: answer(hold for hold in holds if hold.arm == arm) for arm in arms}


def closed_by(trial: str | None, site: str | None = None) -> tuple[Effect, ...]:
    """What the status of a trial and of a site forbids; one that is not known forbids nothing by itself."""
    shut = {*BY_TRIAL.get(trial or "", ()), *BY_SITE.get(site or "", ())}
    return tuple(effect for effect in EFFECTS if effect in shut)


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


def refusal_by_status(trial: TrialGuard | None, site: SiteGuard | None, effect: Effect) -> Refusal | None:
    """The refusal of a request that the status of the trial or of the site forbids."""
    if trial and effect in closed_by(trial.status):
        return Refusal("trial.not_active", f"the trial is {trial.status}", trial.status)
    if site and effect in closed_by(None, site.status):
        return Refusal("site.not_active", "the site is not active", site.status)
    return None
