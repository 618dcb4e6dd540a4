"""Rules of activation and holds as data: gates by route, effects by source, each with citation and grade."""

from dataclasses import dataclass
from typing import get_args
from uuid import UUID

from shared.contracts.trials import Effect, Gate, HoldSource, Route, TrialStatus

# Every id that this service derives from others begins here, so that a repeat finds the same stream.
NAMESPACE = UUID("8a1f5c0e-6a1b-5d53-9a57-0c5f3a6d2f11")

EFFECTS: tuple[Effect, ...] = get_args(Effect)
# A hold that forbids any of these closes the enrolment, whatever else its author left open.
ENROLMENT_NEEDS: frozenset[Effect] = frozenset({"screen", "consent", "enrol", "randomise"})
_NEW_SUBJECTS: tuple[Effect, ...] = ("screen", "consent", "enrol", "randomise")


@dataclass(frozen=True)
class HoldRule:
    """What a hold forbids unless its author says otherwise, and who alone can lift it.

    `by_event`: its counterpart is a recorded event, which the lifting has to name.
    """

    effects: tuple[Effect, ...]
    counterpart: str
    by_event: bool
    citation: str
    verified: bool


HOLDS: dict[HoldSource, HoldRule] = {
    "clinical_hold": HoldRule(
        (*_NEW_SUBJECTS, "dose", "ship_product"),
        "the authority's written lift",
        True,
        "21 CFR 312.42(a)",
        verified=True,
    ),
    "irb_lapse": HoldRule(EFFECTS, "a renewed approval", True, "21 CFR 56.103(a), 56.109(f)", verified=False),
    "irb_suspension": HoldRule(EFFECTS, "the board's reinstatement", True, "21 CFR 56.113", verified=False),
    "dsmb": HoldRule(
        _NEW_SUBJECTS, "the committee's recommendation to go on", False, "design", verified=False
    ),
    "sponsor_pause": HoldRule(_NEW_SUBJECTS, "the sponsor's resumption", False, "design", verified=False),
    "urgent_safety": HoldRule(
        (*_NEW_SUBJECTS, "dose", "procedures", "ship_product"),
        "the sponsor's decision that the measure ends",
        False,
        "Regulation (EU) 536/2014, art. 54",
        verified=False,
    ),
    "ha_suspension": HoldRule(
        (*_NEW_SUBJECTS, "dose", "ship_product"),
        "the authority's decision",
        True,
        "Regulation (EU) 536/2014, art. 77",
        verified=False,
    ),
    "document_expiry": HoldRule(
        _NEW_SUBJECTS, "a valid document for the gate", True, "design", verified=False
    ),
}

# A gate that these close stays closed however valid its evidence is: the authority has taken its word back.
AUTHORITY_HOLDS: frozenset[HoldSource] = frozenset({"clinical_hold", "ha_suspension"})

GATES: tuple[Gate, ...] = get_args(Gate)
# Form FDA 1572 and financial disclosure belong to an IND at a site in the United States alone.
IND_ONLY: frozenset[Gate] = frozenset({"form_1572", "financial_disclosure"})


def required_gates(route: Route, country: str) -> tuple[Gate, ...]:
    """The gates that a site has to pass by the trial's route and the site's country (ISO 3166 alpha-2)."""
    if route == "us_ind" and country == "US":
        return GATES
    return tuple(gate for gate in GATES if gate not in IND_ONLY)


# From each status to those that may follow it; the order is that of the lifecycle.
TRANSITIONS: dict[TrialStatus, tuple[TrialStatus, ...]] = {
    "draft": ("in_review", "withdrawn"),
    "in_review": ("approved", "disapproved", "withdrawn"),
    "disapproved": ("in_review", "withdrawn"),
    "approved": ("active", "withdrawn"),
    "active": (
        "closed_accrual",
        "temp_closed_accrual",
        "temp_closed_accrual_intervention",
        "admin_completed",
    ),
    "temp_closed_accrual": (
        "active",
        "closed_accrual",
        "temp_closed_accrual_intervention",
        "admin_completed",
    ),
    "temp_closed_accrual_intervention": (
        "active",
        "temp_closed_accrual",
        "closed_accrual_intervention",
        "admin_completed",
    ),
    "closed_accrual": (
        "closed_accrual_intervention",
        "active",
        "temp_closed_accrual_intervention",
        "admin_completed",
    ),
    "closed_accrual_intervention": ("completed", "admin_completed"),
    "completed": ("archived",),
    "admin_completed": ("archived",),
}
REASON_REQUIRED: frozenset[TrialStatus] = frozenset(
    {"temp_closed_accrual", "temp_closed_accrual_intervention", "admin_completed", "withdrawn"}
)
FINISHED: frozenset[TrialStatus] = frozenset({"completed", "admin_completed", "withdrawn", "archived"})
