"""Subjects: corrections that break a rule or heal one, and what asks for an active site."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.trials.commands.subject import CorrectEnrolment, WithdrawSubject
from services.trials.commands.subject_steps import ChangeSubjectStatus
from services.trials.domain import subject
from services.trials.projections.guards import SiteGuard, TrialCount
from services.trials.projections.kri_guards import SiteCounters
from services.trials.projections.subjects import SubjectRow
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.site import SiteEnrolmentStarted
from shared.contracts.trials.subject import SubjectEnrolled, SubjectEnrolmentCorrected, SubjectWithdrawn
from tests.unit.trials.test_trials_chain import dose, enrol, randomise, selected
from tests.unit.trials.trials_world import NOW, SITE, SUBJECT, TRIAL, World

TODAY = NOW.date()
DAY = timedelta(days=1)


def correct(to: date, code: str = "S-001") -> CorrectEnrolment:
    return CorrectEnrolment(
        trial_id=TRIAL,
        site_id=SITE,
        subject_id=SUBJECT,
        subject_code=code,
        enrolled_on=to,
        corrects=UUID(int=6),
        reason="typing_error",
    )


def test_a_correction_to_a_day_before_the_activation_is_a_deviation(running: World) -> None:
    running.do(enrol())
    corrected, deviation = running.do(correct(TODAY - DAY))  # type: ignore[misc]
    assert isinstance(corrected, SubjectEnrolmentCorrected)
    assert isinstance(deviation, DeviationReported)
    assert corrected.breaks == deviation.rules == ("site.not_active",)
    assert (deviation.category, deviation.occurred_on) == ("enrolment", TODAY - DAY)


def test_a_correction_that_breaks_the_rule_still_keeps_its_deviation(running: World) -> None:
    running.do(enrol(TODAY - DAY))
    (corrected,) = running.do(correct(TODAY - 2 * DAY))  # type: ignore[misc]
    assert isinstance(corrected, SubjectEnrolmentCorrected)
    assert len(running.events(DeviationReported)) == 1
    assert not running.events(DeviationAnnulled)


def test_a_corrected_code_alone_breaks_nothing(running: World) -> None:
    running.do(enrol())
    (corrected,) = running.do(correct(TODAY, "S-002"))  # type: ignore[misc]
    assert isinstance(corrected, SubjectEnrolmentCorrected)
    assert (corrected.subject_code, corrected.breaks) == ("S-002", ())


def test_a_correction_moves_the_day_since_which_the_subject_is_on_study(running: World) -> None:
    running.now = NOW + 5 * DAY
    running.do(enrol(TODAY + 4 * DAY))
    running.do(correct(TODAY))
    row = running.guard(SubjectRow, SUBJECT)
    assert (row.status, row.status_on, row.enrolled_on) == ("on-study", TODAY, TODAY)
    on_the_next_day = randomise().model_copy(update={"randomised_on": TODAY + DAY})
    assert not isinstance(running.do(on_the_next_day), Refusal)


def test_a_correction_moves_no_step_that_came_after_the_enrolment(running: World) -> None:
    running.now = NOW + 5 * DAY
    running.do(enrol())
    running.do(randomise().model_copy(update={"randomised_on": TODAY + 3 * DAY}))
    running.do(correct(TODAY + DAY))
    assert running.guard(SubjectRow, SUBJECT).status_on == TODAY + 3 * DAY
    refusal = running.do(
        ChangeSubjectStatus(
            trial_id=TRIAL, site_id=SITE, subject_id=SUBJECT, status="follow-up", changed_on=TODAY + 2 * DAY
        )
    )
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "subject.date_before_cause"


def test_a_year_mistyped_holds_up_nothing_once_it_is_corrected_nor_before(running: World) -> None:
    running.do(enrol(TODAY.replace(year=2027)))
    before = running.decide(randomise())
    running.do(correct(TODAY))
    assert not isinstance(before, Refusal)
    assert not isinstance(running.do(randomise()), Refusal)


def test_a_correction_of_an_enrolment_that_nobody_told_is_its_first_word_and_a_deviation(
    running: World,
) -> None:
    running.do(correct(TODAY))
    (enrolled,) = running.events(SubjectEnrolled)
    assert (enrolled.enrolled_on, enrolled.breaks) == (TODAY, ("enrolment.not_told",))
    assert [event.rules for event in running.events(DeviationReported)] == [("enrolment.not_told",)]
    assert running.events(SubjectEnrolmentCorrected) == []
    counts = (
        running.guard(SiteGuard, SITE),
        running.guard(TrialCount, TRIAL),
        running.guard(SiteCounters, SITE),
    )
    assert [row.enrolled for row in counts] == [1, 1, 1]
    assert len(running.events(SiteEnrolmentStarted)) == 1
    assert (running.do(correct(TODAY)), running.do(enrol())) == ([], [])


@pytest.mark.parametrize("reason", [None, "relocation"])
@pytest.mark.parametrize("days", [-3, 0, 4])
def test_whoever_withdrew_before_an_enrolment_was_told_is_observed_until_they_left(
    running: World, days: int, reason: str | None
) -> None:
    running.now = NOW + 10 * DAY
    running.do(withdrawal(TODAY + days * DAY, reason))
    running.do(enrol())
    site, row = running.guard(SiteCounters, SITE), running.guard(SubjectRow, SUBJECT)
    assert (site.observed, site.days_observed(TODAY + 1000 * DAY)) == (0, max(days, 0))
    left_on = TODAY + max(days, 0) * DAY
    assert (row.status, row.status_on, row.status_reason) == (
        "off-study",
        left_on,
        reason or "withdrawal_by_subject",
    )


def withdrawal(
    on: date, reason: str | None = None, scopes: Any = ("intervention", "follow_up")
) -> WithdrawSubject:
    return WithdrawSubject(
        trial_id=TRIAL, site_id=SITE, subject_id=SUBJECT, withdrawn_on=on, scopes=scopes, reason=reason
    )


def test_a_withdrawal_says_why(running: World) -> None:
    running.do(enrol())
    running.do(withdrawal(TODAY, "travel_burden", ("samples",)))
    row = running.guard(SubjectRow, SUBJECT)
    assert (row.status, row.withdrawn_reason) == ("on-study", "travel_burden")
    running.do(withdrawal(TODAY, "adverse_event"))
    row = running.guard(SubjectRow, SUBJECT)
    assert (row.status, row.status_reason, row.withdrawn_reason) == (
        "off-study",
        "adverse_event",
        "adverse_event",
    )


def test_a_reason_that_is_told_later_is_kept_and_the_same_withdrawal_is_told_once(running: World) -> None:
    running.do(enrol())
    running.do(withdrawal(TODAY))
    assert running.do(withdrawal(TODAY)) == []
    (told,) = running.do(withdrawal(TODAY, "relocation"))  # type: ignore[misc]
    assert isinstance(told, SubjectWithdrawn)
    assert running.do(withdrawal(TODAY, "relocation")) == []
    assert running.do(withdrawal(TODAY)) == []
    row = running.guard(SubjectRow, SUBJECT)
    assert (row.status_reason, row.withdrawn_reason) == ("withdrawal_by_subject", "relocation")


def test_why_somebody_withdrew_is_a_code() -> None:
    with pytest.raises(ValidationError, match="reason"):
        withdrawal(TODAY, "She moved to another town")


def test_a_correction_holds_from_the_day_of_the_enrolment_that_it_states() -> None:
    assert correct(TODAY - DAY).effective_day() == TODAY - DAY


def test_nobody_is_randomised_or_dosed_where_the_site_is_not_active() -> None:
    world = World()
    selected(world)
    world.do(enrol())
    refusal = Refusal("site.not_active", "the site is not active", "selected")
    assert [world.do(randomise()), world.do(dose())] == [refusal, refusal]


def test_time_alone_changes_no_subject(running: World) -> None:
    running.do(enrol())
    _, state = running.states[SUBJECT]
    assert subject.decide(state, Wake(stream=SUBJECT), Facts(), NOW) == []
