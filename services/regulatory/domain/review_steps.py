"""The event that each step of an ethics review is."""

from typing import assert_never
from uuid import UUID, uuid5

from services.regulatory.commands import (
    AnswerClarification,
    DeferReview,
    DetermineReview,
    RequestClarification,
    RequestModifications,
    ReviewStep,
    StartPreReview,
    StartReview,
    SubmitModifications,
    SubmitReview,
    WithdrawReview,
)
from services.regulatory.domain.review_state import Review
from shared.contracts.regulatory import (
    IrbApproved,
    IrbClarificationAnswered,
    IrbClarificationRequested,
    IrbDeferred,
    IrbDisapproved,
    IrbModificationsRequired,
    IrbModificationsSubmitted,
    IrbPreReviewStarted,
    IrbReviewOpened,
    IrbReviewStarted,
    IrbReviewSubmitted,
    IrbReviewWithdrawn,
    ReviewEvent,
    ReviewPath,
)


def step(opened: IrbReviewOpened, state: Review, command: ReviewStep) -> list[ReviewEvent]:
    """What the command would append, were it its turn."""
    review, trial, sites = opened.review_id, opened.trial_id, opened.site_ids
    match command:
        case SubmitReview(protocol_version=version, submitted_on=day):
            return [
                IrbReviewSubmitted(
                    review_id=review,
                    trial_id=trial,
                    site_ids=sites,
                    kind=opened.kind,
                    protocol_version=version,
                    submitted_on=day,
                )
            ]
        case StartPreReview():
            return [IrbPreReviewStarted(review_id=review, trial_id=trial)]
        case RequestClarification(requested_on=day):
            return [IrbClarificationRequested(review_id=review, trial_id=trial, requested_on=day)]
        case AnswerClarification():
            return [IrbClarificationAnswered(review_id=review, trial_id=trial)]
        case StartReview(path=path):
            return [IrbReviewStarted(review_id=review, trial_id=trial, path=path)]
        case SubmitModifications(protocol_version=version, submitted_on=day):
            return [
                IrbModificationsSubmitted(
                    review_id=review, trial_id=trial, protocol_version=version, submitted_on=day
                )
            ]
        case WithdrawReview(reason=reason):
            return [IrbReviewWithdrawn(review_id=review, trial_id=trial, reason=reason)]
        case RequestModifications() | DeferReview() | DetermineReview():
            return [*_reviewed(opened, state, command.path), _decision(opened, state, command)]
        case _:
            assert_never(command)


def _reviewed(opened: IrbReviewOpened, state: Review, path: ReviewPath) -> list[ReviewEvent]:
    if state.status in ("under_review", "post_review") or state.path is not None:
        return []
    return [IrbReviewStarted(review_id=opened.review_id, trial_id=opened.trial_id, path=path)]


def _decision(
    opened: IrbReviewOpened, state: Review, command: RequestModifications | DeferReview | DetermineReview
) -> ReviewEvent:
    review, trial, sites = opened.review_id, opened.trial_id, opened.site_ids
    match command:
        case RequestModifications(decided_on=day, letter_ref=letter):
            return IrbModificationsRequired(
                review_id=review, trial_id=trial, site_ids=sites, decided_on=day, letter_ref=letter
            )
        case DeferReview(decided_on=day):
            return IrbDeferred(review_id=review, trial_id=trial, decided_on=day)
        case DetermineReview(outcome="approved"):
            return _approved(opened, state.protocol_version, command)
        case _:
            return IrbDisapproved(
                review_id=review,
                trial_id=trial,
                site_ids=sites,
                decided_on=command.decided_on,
                reason=command.reason or "",
                letter_ref=command.letter_ref,
            )


def _approved(opened: IrbReviewOpened, protocol_version: str, command: DetermineReview) -> IrbApproved:
    first, last = command.term()
    return IrbApproved(
        review_id=opened.review_id,
        approval_id=approval_of(opened.review_id),
        trial_id=opened.trial_id,
        site_ids=opened.site_ids,
        kind=opened.kind,
        protocol_version=protocol_version,
        effective_on=first,
        expires_on=last,
        zone=opened.zone,
        renews=opened.renews,
        letter_ref=command.letter_ref,
    )


def approval_of(review_id: UUID) -> UUID:
    """The approval that an approved review gives rise to."""
    return uuid5(review_id, "approval")
