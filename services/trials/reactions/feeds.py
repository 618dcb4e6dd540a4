"""Nothing more is due from the feeds of who has left or died, nor from those of a site that is over."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.trials.commands.feed import EndFeed
from services.trials.projections.feeds import SiteFeedsDue
from services.trials.rules.subjects import ENDED
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.trials.site_steps import SiteClosed, SiteTerminated
from shared.contracts.trials.subject import SubjectDied, SubjectStatusChanged

Over = SiteClosed | SiteTerminated | SubjectDied | SubjectStatusChanged

EVENTS = (SiteClosed, SiteTerminated, SubjectDied, SubjectStatusChanged)


def needs(message: Recorded[Any]) -> tuple[Need, ...]:
    match message.data:
        case SubjectStatusChanged(after=status) if status not in ENDED:
            return ()
        case SiteClosed() | SiteTerminated() | SubjectDied() | SubjectStatusChanged() as event:
            return (Need(SiteFeedsDue, (event.site_id,)),)
        case _:
            return ()


def react(message: Recorded[Any], facts: Facts) -> list[Command]:
    match message.data:
        case SubjectStatusChanged(after=status, changed_on=day) as event if status in ENDED:
            return _ends(event, day, "subject_left", facts, event.subject_id)
        case SubjectDied(died_on=day) as event:
            return _ends(event, day, "subject_died", facts, event.subject_id)
        case SiteClosed(closed_on=day) as event:
            return _ends(event, day, "site_closed", facts)
        case SiteTerminated(terminated_on=day) as event:
            return _ends(event, day, "site_terminated", facts)
        case _:
            return []


def _ends(event: Over, day: date, reason: str, facts: Facts, subject_id: UUID | None = None) -> list[Command]:
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
