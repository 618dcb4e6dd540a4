"""The development phases of a programme (domain 0.13), and what stands in the way of a step.

In general the phases are conducted one after another, although they may overlap (21 CFR 312.21, text read in
the edition of 2001): a programme moves by one phase at a time, forwards on evidence, backwards with a reason.
"""

from shared.contracts.trials.programme import MilestoneKind, ProgrammePhase

TRANSITIONS: dict[ProgrammePhase, tuple[ProgrammePhase, ...]] = {
    "preclinical": ("I",),
    "I": ("II", "preclinical"),
    "II": ("III", "I"),
    "III": ("IV", "II"),
    "IV": ("III",),
}
_DATES = ("programme.date_order", "programme.in_future")
_BACK = ("programme.reason_required", *_DATES)
GUARDS: dict[tuple[ProgrammePhase, ProgrammePhase], tuple[str, ...]] = {
    ("preclinical", "I"): ("programme.milestone_missing", *_DATES),
    ("I", "II"): _DATES,
    ("II", "III"): _DATES,
    ("III", "IV"): ("programme.no_marketing_authorisation", *_DATES),
    ("I", "preclinical"): _BACK,
    ("II", "I"): _BACK,
    ("III", "II"): _BACK,
    ("IV", "III"): _BACK,
}
ORDER: tuple[ProgrammePhase, ...] = tuple(TRANSITIONS)
# Pharmacology and toxicology in animals or in vitro come before the first human (21 CFR 312.23(a)(8), S).
PRECLINICAL: tuple[MilestoneKind, ...] = ("toxicology", "laboratory")
