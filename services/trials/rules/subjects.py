"""The states of a subject (domain.md 3.4, after FHIR R4 ResearchSubject.status) and what refuses a step."""

from typing import Any

from shared.contracts.trials.subject import (
    SubjectDied,
    SubjectDosed,
    SubjectDosingReleased,
    SubjectEligibilityDecided,
    SubjectEnrolled,
    SubjectEnrolmentCorrected,
    SubjectRandomised,
    SubjectStatus,
    SubjectStatusChanged,
    SubjectWithdrawn,
)

# From each status to those that may follow it. Whoever has been registered is off-study, never withdrawn.
TRANSITIONS: dict[SubjectStatus, tuple[SubjectStatus, ...]] = {
    "potential-candidate": ("candidate", "withdrawn"),
    "candidate": ("screening", "withdrawn"),
    "screening": ("eligible", "ineligible", "withdrawn"),
    "eligible": ("pending-on-study", "on-study", "withdrawn"),
    "ineligible": (),
    "pending-on-study": ("on-study", "withdrawn"),
    "on-study": ("on-study-intervention", "on-study-observation", "follow-up", "off-study"),
    "on-study-intervention": ("on-study-observation", "follow-up", "off-study"),
    # Between two periods of treatment a subject is under observation.
    "on-study-observation": ("on-study-intervention", "follow-up", "off-study"),
    "follow-up": ("off-study",),
    "off-study": (),
    "withdrawn": (),
}
# An enrolment is a report: what stands against it (`subject.not_eligible`) marks it and refuses nothing.
_DATED = ("subject.date_before_cause", "subject.date_in_future")
_LEAVES = ("subject.reason_required", *_DATED)
GUARDS: dict[tuple[SubjectStatus, SubjectStatus], tuple[str, ...]] = {
    ("potential-candidate", "candidate"): _DATED,
    ("potential-candidate", "withdrawn"): _LEAVES,
    ("candidate", "screening"): (
        "hold.screen",
        "trial.not_active",
        "site.not_active",
        "consent.missing",
        "consent.not_current",
        *_DATED,
    ),
    ("candidate", "withdrawn"): _LEAVES,
    ("screening", "eligible"): _DATED,
    ("screening", "ineligible"): _DATED,
    ("screening", "withdrawn"): _LEAVES,
    ("eligible", "pending-on-study"): ("hold.enrol", "trial.not_active", "site.not_active", *_DATED),
    ("eligible", "withdrawn"): _LEAVES,
    ("pending-on-study", "withdrawn"): _LEAVES,
    ("on-study", "on-study-intervention"): (
        "hold.randomise",
        "hold.dose",
        "trial.not_active",
        "site.not_active",
        "subject.withdrawn",
        "reconsent.blocked",
        *_DATED,
    ),
    ("on-study", "on-study-observation"): _DATED,
    ("on-study", "follow-up"): _DATED,
    ("on-study", "off-study"): _LEAVES,
    ("on-study-intervention", "on-study-observation"): _DATED,
    ("on-study-intervention", "follow-up"): _DATED,
    ("on-study-intervention", "off-study"): _LEAVES,
    ("on-study-observation", "on-study-intervention"): (
        "hold.dose",
        "trial.not_active",
        "site.not_active",
        "subject.withdrawn",
        "reconsent.blocked",
        *_DATED,
    ),
    ("on-study-observation", "follow-up"): _DATED,
    ("on-study-observation", "off-study"): _LEAVES,
    ("follow-up", "off-study"): _LEAVES,
}
UNSAID = "withdrawal_by_subject"  # why somebody left who withdrew and did not say why
REGISTERED: frozenset[SubjectStatus] = frozenset(
    {"on-study", "on-study-intervention", "on-study-observation", "follow-up", "off-study"}
)
ENDED: frozenset[SubjectStatus] = frozenset({"ineligible", "off-study", "withdrawn"})
# Whose intervention is over, or who never begins one.
PAST_INTERVENTION: frozenset[SubjectStatus] = ENDED | {"on-study-observation", "follow-up"}


def status_after(status: SubjectStatus | None, event: Any) -> SubjectStatus | None:
    """The status that an event leads to; histories from before statuses were told have nothing else."""
    match event:
        case SubjectStatusChanged(after=after):
            return after
        case SubjectEligibilityDecided(eligible=eligible):
            return "eligible" if eligible else "ineligible"
        case SubjectEnrolled() | SubjectEnrolmentCorrected():
            if status in REGISTERED:
                return status
            return "off-study" if status == "withdrawn" else "on-study"
        case SubjectRandomised() | SubjectDosingReleased() | SubjectDosed():
            return "on-study-intervention" if status in ("on-study", "on-study-observation") else status
        case SubjectWithdrawn(scopes=scopes):
            return _left(status, {*scopes})
        case SubjectDied():
            return _left(status, {"follow_up"})
        case _:
            return status


def _left(status: SubjectStatus | None, scopes: set[str]) -> SubjectStatus | None:
    if status in ENDED or not scopes & {"intervention", "follow_up"}:
        return status
    if status not in REGISTERED:
        return "withdrawn"
    return "off-study" if "follow_up" in scopes else "follow-up"
