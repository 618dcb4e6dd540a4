"""Ids that follow from their sources, so that whichever event tells a fact first begins the same stream."""

from datetime import date
from uuid import UUID, uuid5

from services.trials.projections.guards import HoldView, SiteGuard
from services.trials.rules import NAMESPACE
from shared.contracts.trials.hold import HoldSource


def site_hold(source: HoldSource, of: UUID | str, site_id: UUID, since: date) -> UUID:
    """A hold on a site that comes from an approval, or from a piece of evidence, and begins on a day.

    The day tells one suspension or lapse from the next: a hold that has ended never stands again.
    """
    return uuid5(NAMESPACE, f"{source}|{of}|{site_id}|{since}")


def held_by(guard: SiteGuard, source: HoldSource, of: UUID | str) -> list[HoldView]:
    """The holds on a site that come from this approval or piece of evidence, lifted ones among them."""
    return [hold for hold in guard.holds if hold.hold_id == site_hold(source, of, guard.site_id, hold.since)]


def standing(guard: SiteGuard, source: HoldSource, of: UUID | str) -> list[HoldView]:
    """Those of them that are open."""
    return [hold for hold in held_by(guard, source, of) if hold.open]


def clinical_hold(hold_id: UUID, trial_id: UUID) -> UUID:
    """An authority's hold in one of the trials that it names."""
    return uuid5(NAMESPACE, f"clinical_hold|{hold_id}|{trial_id}")


def missed(deadline_id: UUID) -> UUID:
    """The deviation that a missed deadline is."""
    return uuid5(NAMESPACE, f"deadline_missed|{deadline_id}")
