"""The way of a trial's data to their lock, and what stands in it (design)."""

from shared.contracts.trials.data import DataStatus, LockPrecondition

# From each status to those that may follow it.
TRANSITIONS: dict[DataStatus, tuple[DataStatus, ...]] = {
    "open": ("cleaning",),
    "cleaning": ("soft_locked",),
    "soft_locked": ("locked", "unlocked"),
    "locked": ("unlocked",),
    "unlocked": ("soft_locked", "locked"),
}
# The rules that can stand in the way of a step.
GUARDS: dict[tuple[DataStatus, DataStatus], tuple[str, ...]] = {
    ("soft_locked", "locked"): ("data.visits_open", "data.preconditions"),
    ("unlocked", "locked"): ("data.visits_open", "data.preconditions"),
    ("soft_locked", "unlocked"): ("trial.archived",),
    ("locked", "unlocked"): ("trial.archived",),
}
# What no event of this service tells: the signer attests to it by a document. How much source data
# verification is enough says the monitoring plan, so that what the counts miss may be attested, too. An
# analysis plan that is approved here needs no attestation; one that is kept elsewhere does.
ATTESTED: tuple[LockPrecondition, ...] = ("sdv_done", "coding_done", "sae_reconciled", "sap_approved")
