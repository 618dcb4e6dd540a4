"""What sites and subjects do makes lines of the site's budget payable."""

from datetime import date
from uuid import UUID

from services.trials.commands.budget import ReachMilestone
from services.trials.rules.other_trial import misplaced
from shared.contracts.message import Command, Facts, Recorded
from shared.contracts.trials.budget import Milestone
from shared.contracts.trials.site import SiteActivated
from shared.contracts.trials.site_steps import SiteClosed
from shared.contracts.trials.subject import SubjectEnrolled, SubjectStatus, SubjectStatusChanged

_BY_STATUS: dict[SubjectStatus, Milestone] = {"screening": "subject_screened", "ineligible": "screen_failed"}
Taken = SiteActivated | SiteClosed | SubjectEnrolled | SubjectStatusChanged


def react(message: Recorded[Taken], facts: Facts) -> list[Command]:
    """The milestone that the event is, with the event's id as its cause: each counts once.

    What a takeover tells was reached before, and is paid where it was reached.
    """
    if message.data.adopted_from or misplaced(message.data):
        return []
    match message.data:
        case SiteActivated(activated_on=day) as event:
            return [_of_site(event, "site_activated", day, message.id)]
        case SiteClosed(closed_on=day) as event:
            return [_of_site(event, "site_closed", day, message.id)]
        case SubjectEnrolled(enrolled_on=day) as event:
            return [_of_subject(event, "subject_enrolled", day, message.id)]
        case SubjectStatusChanged(after=status, changed_on=day) as event if status in _BY_STATUS:
            return [_of_subject(event, _BY_STATUS[status], day, message.id)]
        case _:
            return []


def _of_site(event: SiteActivated | SiteClosed, milestone: Milestone, day: date, cause: UUID) -> Command:
    return ReachMilestone(
        trial_id=event.trial_id, site_id=event.site_id, milestone=milestone, reached_on=day, cause=cause
    )


def _of_subject(
    event: SubjectEnrolled | SubjectStatusChanged, milestone: Milestone, day: date, cause: UUID
) -> Command:
    return ReachMilestone(
        trial_id=event.trial_id,
        site_id=event.site_id,
        subject_id=event.subject_id,
        milestone=milestone,
        reached_on=day,
        cause=cause,
    )
