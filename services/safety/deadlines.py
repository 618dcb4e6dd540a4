"""The deadlines that safety owns: judging new information in time. Reports' deadlines are regulatory's."""

from uuid import UUID

from shared.contracts.deadline import Clock
from shared.contracts.safety import InformationReviewed, NewInformationReceived
from shared.rules.deadlines import ArmDeadline, MeetDeadline, clock_deadline_id
from shared.rules.ownership import Owners


def arm_review(event: NewInformationReceived, owners: Owners) -> ArmDeadline:
    """The clock that the event carries, started once for each piece of information."""
    owner = owners(event.review.code)
    return ArmDeadline(
        deadline_id=_review_id(event.info_id, event.review),
        subject_kind="case",
        subject_id=event.case_id,
        clock=event.review,
        owner=owner.owner,
        organisation_id=owner.organisation_id,
        obligation=owner.obligation,
        trial_id=event.trial_id,
    )


def meet_review(event: InformationReviewed) -> MeetDeadline:
    """The same clock, met on the day of the review."""
    return MeetDeadline(
        deadline_id=_review_id(event.info_id, event.review),
        met_on=event.reviewed_on,
        trial_id=event.trial_id,
    )


def _review_id(info_id: UUID, clock: Clock) -> UUID:
    return clock_deadline_id(info_id, clock, "operational")
