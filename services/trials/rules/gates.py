"""Which gates a site has to pass, by route and country, and whose word opens them."""

from collections.abc import Mapping
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


# What a board or an authority decided comes by the event that tells it, or is filed by regulatory affairs
# (design: of acts, domain.md 2.4 lists the filing of such decisions). A developer stands for every role.
_AUTHORITY: frozenset[str] = frozenset({"service", "regulatory_affairs", "developer"})
SPEAKERS: Mapping[Gate, frozenset[str]] = {"irb_current": _AUTHORITY, "ha_ok": _AUTHORITY}


def speaks_for(gate: Gate, role: str | None) -> bool:
    """Whether evidence that this role records may open the gate."""
    return gate not in SPEAKERS or role in SPEAKERS[gate]
