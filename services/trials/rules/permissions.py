"""What the status of a trial and of a site forbids, with no hold at all, as data.

Of a trial after the codes of FHIR R4 ResearchStudy.status (hl7.org/fhir/r4, definitions read): where it is
closed to accrual, patients can be examined and treated; to intervention too, they are followed; completed
before its time, they are no longer examined nor treated. Those who are in a trial sign new versions of the
consent as well, so a closed accrual leaves that. Before the start, and of a site: design (domain.md 3.1).
"""

from collections.abc import Mapping

from shared.contracts.trials.hold import Effect

_ACCRUAL: tuple[Effect, ...] = ("screen", "enrol")
_INTERVENTION: tuple[Effect, ...] = (*_ACCRUAL, "randomise", "dose", "ship_product")
_OF_SUBJECTS: tuple[Effect, ...] = (*_ACCRUAL, "consent", "randomise", "dose", "procedures")
_ALL: tuple[Effect, ...] = (*_OF_SUBJECTS, "ship_product")

# An approved trial becomes active by its first activated site, a moment later: both are open.
BY_TRIAL: Mapping[str, tuple[Effect, ...]] = {
    "draft": _ALL,
    "in_review": _ALL,
    "disapproved": _ALL,
    "registry_only": _ALL,
    "temp_closed_accrual": _ACCRUAL,
    "closed_accrual": _ACCRUAL,
    "temp_closed_accrual_intervention": _INTERVENTION,
    "closed_accrual_intervention": _INTERVENTION,
    "completed": _ALL,
    "admin_completed": _ALL,
    "withdrawn": _ALL,
    "archived": _ALL,
}
# A suspended site is stopped by its holds. The product is on site before the activation: that is a gate.
BY_SITE: Mapping[str, tuple[Effect, ...]] = {
    "identified": _OF_SUBJECTS,
    "feasibility_sent": _OF_SUBJECTS,
    "feasibility_received": _OF_SUBJECTS,
    "qualification_scheduled": _OF_SUBJECTS,
    "qualified": _OF_SUBJECTS,
    "selected": _OF_SUBJECTS,
    "startup": _OF_SUBJECTS,
    "ready": _OF_SUBJECTS,
    "closed_to_enrolment": _ACCRUAL,
    "closing": (*_INTERVENTION, "consent"),  # visits that end the part of its subjects go on
    "closed": _ALL,
    "declined": _ALL,
    "not_selected": _ALL,
    "terminated": _ALL,
}
