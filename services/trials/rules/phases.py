"""What a trial of each phase needs in its programme before it may start, as data with citation and grade.

A phase is the registry's code; a combined one (PHASE1 and PHASE2) needs what its lowest part needs, for there
it begins. A trial outside a programme is not held against any of this.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from services.trials.rules.programme import PRECLINICAL
from shared.contracts.trials.programme import MilestoneKind, ProgrammePhase
from shared.rules.rule import Grade


@dataclass(frozen=True)
class PhaseNeed:
    """The development phase reached, preclinical work completed, and a marketing authorisation in force."""

    citation: str
    grade: Grade
    reached: ProgrammePhase | None = None
    milestones: tuple[MilestoneKind, ...] = ()
    marketing: bool = False

    @property
    def verified(self) -> bool:
        """True only where the text of the rule itself was seen (grade T)."""
        return self.grade == "T"


# In the order of the lifecycle: the first code of a combined phase is its lowest.
PHASES: dict[str, PhaseNeed] = {
    "NA": PhaseNeed("no phase of development", "design"),
    "PRECLINICAL": PhaseNeed("before any human: nothing comes earlier", "design"),
    "EARLY_PHASE1": PhaseNeed("21 CFR 312.23(a)(8)", "S", milestones=PRECLINICAL),
    "PHASE1": PhaseNeed("21 CFR 312.23(a)(8), 312.21(a)", "S", reached="I", milestones=PRECLINICAL),
    "PHASE2": PhaseNeed("21 CFR 312.21(b)", "S", reached="II"),
    "PHASE3": PhaseNeed("21 CFR 312.21(c)", "S", reached="III"),
    # The authorisation in force brings the post-marketing pack, 21 CFR 314.80 and 600.80 (domain 0.4).
    "PHASE4": PhaseNeed("21 CFR 312.85; 314.80, 600.80", "S", reached="IV", marketing=True),
}


def need_of(phases: Iterable[str]) -> PhaseNeed | None:
    """The need of a trial's lowest phase; None where it states none that the registry knows."""
    stated = set(phases)
    return next((need for code, need in PHASES.items() if code in stated), None)
