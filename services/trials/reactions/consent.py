"""A version of the consent form that was released reaches the subjects of its site who sign again."""

from services.trials.domain.reconsent import asks, requirement
from services.trials.projections.consent_guards import Release, SiteSubjects
from services.trials.projections.guards import SiteGuard
from services.trials.rules.other_trial import misplaced
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.consent import ConsentVersionReleased


def needs(message: Recorded[ConsentVersionReleased]) -> tuple[Need, ...]:
    if message.data.requires_reconsent == "none" or misplaced(message.data):
        return ()
    return (Need(SiteGuard, (message.data.site_id,)), Need(SiteSubjects, (message.data.site_id,)))


def react(message: Recorded[ConsentVersionReleased], facts: Facts) -> list[Command]:
    event = message.data
    if misplaced(event):
        return []
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
