"""The states of a deviation, what stands in their way, and the rule on serious breaches as data."""

from shared.contracts.trials.deviation import DeviationStatus

TRANSITIONS: dict[DeviationStatus, tuple[DeviationStatus, ...]] = {
    "open": ("assessed",),
    "assessed": ("resolved",),
    "resolved": (),
}
GUARDS: dict[tuple[DeviationStatus, DeviationStatus], tuple[str, ...]] = {
    ("open", "assessed"): ("deviation.annulled", "deviation.before_cause", "deviation.in_future"),
    ("assessed", "resolved"): (
        "deviation.annulled",
        "deviation.before_cause",
        "deviation.in_future",
        "deviation.capa_not_effective",
    ),
}
# domain.md R30, from memory: nobody has checked it against the regulation.
SERIOUS_BREACH_CITATION = "Regulation (EU) No 536/2014 art. 52"
SERIOUS_BREACH_VERIFIED = False
