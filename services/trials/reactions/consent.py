"""A version of the consent form that was released reaches the subjects of its site who sign again."""

from typing import Any

from services.trials.domain.reconsent import asks, requirement
from services.trials.projections.consent_guards import Release, SiteSubjects
from services.trials.projections.guards import SiteGuard
from services.trials.rules.other_trial import misplaced
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.consent import ConsentVersionReleased

EVENTS = (ConsentVersionReleased,)


def needs(message: Recorded[Any]) -> tuple[Need, ...]:
    match message.data:
        case ConsentVersionReleased(site_id=site_id, requires_reconsent=rule) as event if (
            rule != "none" and not misplaced(event)
        ):
            return (Need(SiteGuard, (site_id,)), Need(SiteSubjects, (site_id,)))
        case _:
            return ()


def react(message: Recorded[Any], facts: Facts) -> list[Command]:
    match message.data:
        case ConsentVersionReleased() as event if not misplaced(event):
            site, present = facts.get(SiteGuard, event.site_id), facts.get(SiteSubjects, event.site_id)
            release = Release(**event.model_dump(include=set(Release.__slots__)))
            return [
                requirement(
                    release,
                    site.zone if site else None,
                    trial_id=event.trial_id,
                    site_id=event.site_id,
                    subject_id=subject,
                )
                for subject, at in (present.subjects if present else {}).items()
                if asks(release, at.status, at.language)
            ]
        case _:
            return []
