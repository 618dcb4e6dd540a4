"""A site that was stopped and went on is stopped again: each suspension and lapse is a hold of its own."""

from datetime import date, timedelta

import pytest

from services.trials.commands.site import ReviewSite
from shared.contracts.message import Refusal
from shared.contracts.regulatory import (
    IrbApprovalReinstated,
    IrbApprovalSuspended,
    IrbApprovalTerminated,
    IrbLapseAnnulled,
)
from shared.contracts.trials.hold import HoldApplied, HoldLifted
from tests.unit.trials.test_trials_chain import (
    APPROVAL,
    TODAY,
    enrol,
    evidence,
    lapsed,
    randomise,
)
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, World

DAY = timedelta(days=1)


@pytest.fixture
def running(running: World) -> World:
    """An activated site with a subject."""
    running.do(enrol())
    return running


def suspended(on: date) -> IrbApprovalSuspended:
    return IrbApprovalSuspended(
        approval_id=APPROVAL, trial_id=TRIAL, site_ids=(SITE,), suspended_on=on, reason="noncompliance"
    )


def reinstated(on: date) -> IrbApprovalReinstated:
    return IrbApprovalReinstated(approval_id=APPROVAL, trial_id=TRIAL, site_ids=(SITE,), reinstated_on=on)


def terminated(on: date) -> IrbApprovalTerminated:
    return IrbApprovalTerminated(
        approval_id=APPROVAL, trial_id=TRIAL, site_ids=(SITE,), terminated_on=on, reason="noncompliance"
    )


def test_a_second_suspension_stops_the_site_again(running: World) -> None:
    running.hear(suspended(TODAY), APPROVAL)
    running.hear(reinstated(TODAY + DAY), APPROVAL)
    running.hear(suspended(TODAY + 2 * DAY), APPROVAL)
    assert isinstance(running.do(randomise()), Refusal)
    running.hear(reinstated(TODAY + 3 * DAY), APPROVAL)
    assert not isinstance(running.do(randomise()), Refusal)


def test_a_termination_stops_the_site_on_the_day_of_the_reinstatement_too(running: World) -> None:
    running.hear(suspended(TODAY), APPROVAL)
    running.hear(reinstated(TODAY), APPROVAL)
    running.hear(terminated(TODAY), APPROVAL)
    assert isinstance(running.do(randomise()), Refusal)


def test_no_reinstatement_ends_a_termination(running: World) -> None:
    running.hear(terminated(TODAY), APPROVAL)
    running.hear(reinstated(TODAY), APPROVAL)
    assert isinstance(running.do(randomise()), Refusal)


def test_an_approval_whose_lapse_was_annulled_lapses_again(running: World) -> None:
    annulled = IrbLapseAnnulled(approval_id=APPROVAL, trial_id=TRIAL, site_ids=(SITE,), expires_on=TODAY)
    running.hear(lapsed(), APPROVAL)
    running.hear(annulled, APPROVAL)
    running.hear(lapsed(TODAY + DAY), APPROVAL)
    assert isinstance(running.do(randomise()), Refusal)


def test_a_document_that_runs_out_again_holds_the_site_again(running: World) -> None:
    for days in (0, 2):
        lasts = evidence("training", 6, TODAY + days * DAY)
        running.do(lasts.model_copy(update={"corrects": evidence("training", 6).evidence_id}))
        running.now = NOW + (days + 1) * DAY
        running.do(ReviewSite(trial_id=TRIAL, site_id=SITE))
    first, second = running.events(HoldApplied)
    assert (first.since, second.since) == (TODAY + DAY, TODAY + 3 * DAY)
    assert [hold.hold_id for hold in running.events(HoldLifted)] == [first.hold_id]
