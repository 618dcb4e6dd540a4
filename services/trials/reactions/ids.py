"""Ids that follow from their sources, so that whichever event tells a fact first begins the same stream."""

from uuid import UUID, uuid5

from services.trials.rules import NAMESPACE
from shared.contracts.trials import HoldSource


def site_hold(source: HoldSource, of: UUID | str, site_id: UUID) -> UUID:
    """A hold on a site that comes from an approval, or from a piece of evidence."""
    return uuid5(NAMESPACE, f"{source}|{of}|{site_id}")


def clinical_hold(hold_id: UUID, trial_id: UUID) -> UUID:
    """An authority's hold in one of the trials that it names."""
    return uuid5(NAMESPACE, f"clinical_hold|{hold_id}|{trial_id}")


def missed(deadline_id: UUID) -> UUID:
    """The deviation that a missed deadline is."""
    return uuid5(NAMESPACE, f"deadline_missed|{deadline_id}")
