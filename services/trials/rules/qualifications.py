"""What a person at a site has to show for the gate `training` of the site to be open (design)."""

from uuid import UUID, uuid5

from services.trials.rules import NAMESPACE
from shared.contracts.trials.investigator import Qualification, StaffRole

_TRAINED: tuple[Qualification, ...] = ("gcp_training", "protocol_training")
# Of everybody with tasks each kind has to be valid. A curriculum is filed; it gates nothing.
REQUIRED: dict[StaffRole, tuple[Qualification, ...]] = {
    "principal": (*_TRAINED, "licence"),
    "sub": (*_TRAINED, "licence"),
    "coordinator": _TRAINED,
}
# Days before its end at which a qualification is told to be expiring, each once.
WARN_AT: tuple[int, ...] = (60, 30)


def training_evidence(site_id: UUID) -> UUID:
    """The evidence for the gate `training` that follows from the people of the site."""
    return uuid5(NAMESPACE, f"training|{site_id}")
