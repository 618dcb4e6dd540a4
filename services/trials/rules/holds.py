"""What a hold forbids and who alone ends it, as data with citation and grade."""

from dataclasses import dataclass
from typing import get_args

from shared.contracts.trials.hold import Effect, HoldSource

EFFECTS: tuple[Effect, ...] = get_args(Effect)
# A hold that forbids any of these closes the enrolment, whatever else its author left open.
ENROLMENT_NEEDS: frozenset[Effect] = frozenset({"screen", "consent", "enrol", "randomise"})
_NEW_SUBJECTS: tuple[Effect, ...] = ("screen", "consent", "enrol", "randomise")


@dataclass(frozen=True)
class HoldRule:
    """What a hold forbids unless its author says otherwise, and who alone can lift it.

    `by_event`: it and its counterpart are told by events, and no person applies or ends it by a command.
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
