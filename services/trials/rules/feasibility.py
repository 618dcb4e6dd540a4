"""What the registry's records count in the score of a site; a questionnaire may weigh them otherwise."""

from dataclasses import dataclass
from datetime import timedelta

from shared.contracts.trials.feasibility import RegistryFactor


@dataclass(frozen=True)
class RegistryRule:
    """A factor from the registry: its weight, and the number at which its value is 1 (or, falling, 0)."""

    weight: float
    full: float
    unit: str
    meaning: str
    falling: bool = False


# Weights and scales are ours (design); no source gives them. A questionnaire states its own.
REGISTRY: dict[RegistryFactor, RegistryRule] = {
    "similar_trials": RegistryRule(
        15, 5, "trials", "trials at the same facility that share a condition and a phase"
    ),
    "enrolment_speed": RegistryRule(
        15,
        1,
        "subjects per site and month",
        "median over the facility's trials: actual enrolment by sites by months to primary completion",
    ),
    "competing_trials": RegistryRule(
        10,
        5,
        "trials",
        "trials that share a condition and recruit now: at the facility, and a fifth of those in its city",
        falling=True,
    ),
}
CITY_SHARE = 0.2
# The registry itself calls a status unknown that nobody has confirmed for two years.
STALE_AFTER = timedelta(days=730)
