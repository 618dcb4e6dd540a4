"""A site that was stopped and went on is stopped again: each suspension and lapse is a hold of its own."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.trials.commands.site import ReviewSite
from shared.contracts.message import Refusal
from shared.contracts.regulatory import (
    IrbApprovalReinstated,
    IrbApprovalRenewed,
    IrbApprovalSuspended,
    IrbApprovalTerminated,
    IrbLapseAnnulled,
)
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.hold import HoldAnnulled, HoldApplied, HoldLifted
from shared.contracts.trials.subject import SubjectEnrolled
from tests.unit.trials.test_trials_chain import (
    APPROVAL,
    RENEWAL,
    TODAY,
    approved,
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
    assert [hold.hold_id for hold in running.events(HoldAnnulled)] == [first.hold_id]


def expired(running: World) -> HoldApplied:
    """A training is valid until yesterday, and nobody showed another one."""
    running.do(evidence("training", 6, TODAY).model_copy(update={"corrects": UUID(int=106)}))
    running.now = NOW + DAY
    running.do(ReviewSite(trial_id=TRIAL, site_id=SITE))
    hold: HoldApplied
    (hold,) = running.events(HoldApplied)
    return hold


def renew(running: World, valid_from: date) -> None:
    running.do(evidence("training", 60).model_copy(update={"valid_from": valid_from}))


def test_a_document_renewed_without_a_gap_and_told_late_annuls_its_hold(running: World) -> None:
    hold = expired(running)
    running.do(enrol(TODAY + DAY, UUID(int=51), "S-002"))
    (raised,) = running.events(DeviationReported)
    assert (raised.rules, raised.holds) == (("enrolment.under_hold",), (hold.hold_id,))
    running.now = NOW + 3 * DAY
    renew(running, hold.since)
    assert [(one.hold_id, one.reason) for one in running.events(HoldAnnulled)] == [
        (hold.hold_id, "gate.never_lost")
    ]
    assert running.events(HoldLifted) == []
    assert running.site().status == "enrolling"


def test_a_document_renewed_after_a_gap_ends_its_hold_on_its_first_day(running: World) -> None:
    hold = expired(running)
    running.now = NOW + 4 * DAY
    renew(running, TODAY + 3 * DAY)
    (lifted,) = running.events(HoldLifted)
    assert (lifted.hold_id, lifted.until) == (hold.hold_id, TODAY + 3 * DAY)
    for n in (2, 3):
        running.do(enrol(TODAY + n * DAY, UUID(int=50 + n), f"S-00{n}"))
    told = [one.breaks for one in running.events(SubjectEnrolled)]
    assert ["enrolment.under_hold" in breaks for breaks in told] == [False, True, False]
    assert running.events(HoldAnnulled) == []


@pytest.mark.parametrize(("first", "annulled"), [(date(2027, 3, 9), True), (date(2027, 3, 11), False)])
def test_what_is_known_later_annuls_a_hold_that_was_lifted(
    running: World, first: date, annulled: bool
) -> None:
    """The board's renewal lifts the lapse; its successor may turn out to have been in force all along."""
    running.now = datetime(2027, 3, 11, 15, tzinfo=UTC)
    running.hear(lapsed(date(2027, 3, 10)), APPROVAL)
    running.do(ReviewSite(trial_id=TRIAL, site_id=SITE))
    renewal = IrbApprovalRenewed(
        approval_id=APPROVAL,
        successor_id=RENEWAL,
        trial_id=TRIAL,
        site_ids=(SITE,),
        effective_on=date(2027, 3, 11),
    )
    running.hear(renewal, APPROVAL)
    running.hear(approved(RENEWAL, first, date(2028, 3, 9)), RENEWAL)
    (held,) = running.events(HoldApplied)
    assert [one.hold_id for one in running.events(HoldLifted)] == [held.hold_id]
    assert [one.hold_id for one in running.events(HoldAnnulled)] == [held.hold_id] * annulled
