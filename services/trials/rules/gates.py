"""Which gates a site has to pass, by route and country."""

from typing import get_args

from shared.contracts.trials.site import Gate
from shared.contracts.trials.trial import Route

GATES: tuple[Gate, ...] = get_args(Gate)
# Form FDA 1572 and financial disclosure belong to an IND at a site in the United States alone.
IND_ONLY: frozenset[Gate] = frozenset({"form_1572", "financial_disclosure"})


def required_gates(route: Route, country: str) -> tuple[Gate, ...]:
    """The gates that a site has to pass by the trial's route and the site's country (ISO 3166 alpha-2)."""
    if route == "us_ind" and country == "US":
        return GATES
    return tuple(gate for gate in GATES if gate not in IND_ONLY)
