"""Nothing more is due from the feeds of who has left or died, nor from those of a site that is over."""

from datetime import date, timedelta
from uuid import UUID

from services.trials.commands.feed import EndFeed
from services.trials.projections.feeds import SiteFeedsDue
from services.trials.rules.subjects import ENDED
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.site_steps import SiteClosed, SiteTerminated
from shared.contracts.trials.subject import SubjectDied, SubjectStatusChanged

Taken = SiteClosed | SiteTerminated | SubjectDied | SubjectStatusChanged


def needs(message: Recorded[Taken]) -> tuple[Need, ...]:
    match message.data:
        case SubjectStatusChanged(after=status) if status not in ENDED:
            return ()
        case event:
            return (Need(SiteFeedsDue, (event.site_id,)),)


def react(message: Recorded[Taken], facts: Facts) -> list[Command]:
    match message.data:
        case SubjectStatusChanged(after=status, changed_on=day) as event:
            return _ends(event, day, "subject_left", facts, event.subject_id) if status in ENDED else []
        case SubjectDied(died_on=day) as event:
            return _ends(event, day, "subject_died", facts, event.subject_id)
        case SiteClosed(closed_on=day) as event:
            return _ends(event, day, "site_closed", facts)
        case event:
            return _ends(event, event.terminated_on, "site_terminated", facts)


def _ends(
    event: Taken, day: date, reason: str, facts: Facts, subject_id: UUID | None = None
) -> list[Command]:
    """The end of each feed that would go on beyond the day: of the subject's, or of all at the site."""
    site = facts.get(SiteFeedsDue, event.site_id)
    return [
        EndFeed(
            trial_id=event.trial_id,
            site_id=event.site_id,
            subject_id=feed.subject_id,
            source_system=feed.source_system,
            ended_on=last,
            reason=reason,
        )
        for feed in (site.feeds.values() if site else ())
        if subject_id in (None, feed.subject_id)
        and (last := max(day, feed.begins_on - timedelta(days=1))) < (feed.ended_on or date.max)
    ]
