"""Which duties an act towards a registry covers."""

from uuid import UUID

from services.regulatory.domain.registry_state import RegistryRecord
from services.regulatory.registry_rules import (
    PROTOCOL,
    REGISTRATION,
    RESULTS,
    SITE_STATUS,
    STATUS,
    SUMMARY,
    VERIFICATION,
)
from shared.contracts.regulatory import RegistryDutyArisen, RegistryUpdated


def covered(
    state: RegistryRecord, event: RegistryUpdated, sites: tuple[UUID, ...]
) -> list[RegistryDutyArisen]:
    """The open duties from before that day which the act meets; a status covers all changes until it.

    The registry's own record does not say what it says of our sites, so it meets no duty of a site.
    """
    return [
        duty
        for duty in state.duties.values()
        if duty.clock.anchor_on <= event.updated_on and _meets(state, duty, event, sites)
    ]


def _meets(
    state: RegistryRecord, duty: RegistryDutyArisen, event: RegistryUpdated, sites: tuple[UUID, ...]
) -> bool:
    whole = event.act in ("registration", "update")
    match duty.clock.code:
        case code if code == SUMMARY:
            return event.act == "results_summary"
        case code if code == RESULTS:
            return event.act == "results"
        case _ if event.registry != "ctgov":
            return False
        case code if code == REGISTRATION:
            return True
        case code if code == VERIFICATION:
            return duty.clock.anchor_on < event.updated_on
        case code if code == STATUS:
            return whole and _says(event, _word_on(state, event))
        case code if code == SITE_STATUS:
            listed = not sites and event.status is None
            return whole and event.source == "report" and (listed or duty.subject_id in sites)
        case code:
            return whole and code == PROTOCOL and event.source == "report"


def _says(event: RegistryUpdated, word: str | None) -> bool:
    """A person's report covers the status without naming it; the registry's record has to show it."""
    return word is None or event.status == word or (event.source == "report" and event.status is None)


def _word_on(state: RegistryRecord, event: RegistryUpdated) -> str | None:
    """The word that the registry had to be told by that day."""
    changes = [duty for duty in state.open(STATUS) if duty.clock.anchor_on <= event.updated_on]
    return changes[-1].status if changes else state.status
