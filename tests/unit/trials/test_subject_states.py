"""Every pair of statuses of a subject: what allows the step, and what refuses each other one."""

from datetime import date, timedelta
from functools import reduce
from typing import Any, get_args
from uuid import UUID

import pytest

from services.trials.commands.subject import DoseSubject, EnrolSubject, RandomiseSubject
from services.trials.commands.subject_steps import ChangeSubjectStatus, DecideEligibility, StartScreening
from services.trials.domain.subject import Subject, decide, evolve
from services.trials.projections.consent_guards import Release, SiteConsents
from services.trials.projections.guards import HoldView, SiteGuard, TrialGuard
from services.trials.rules.subjects import ENDED, GUARDS, REGISTERED, TRANSITIONS
from shared.contracts.message import Actor, Command, Event, Facts, Refusal
from shared.contracts.trials.consent import ReconsentDeclined, ReconsentRequired, SubjectConsented
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.subject import (
    SubjectEligibilityDecided,
    SubjectEnrolled,
    SubjectStatus,
    SubjectStatusChanged,
    SubjectWithdrawn,
)
from tests.unit.trials.trials_world import NOW, SITE, SUBJECT, TRIAL

WHO = Actor("p-1", "principal_investigator")
TODAY = NOW.date()
DAY = timedelta(days=1)
IDS: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT}
STATUSES: tuple[SubjectStatus, ...] = get_args(SubjectStatus)
PAIRS = [(before, after) for before in STATUSES for after in STATUSES if before != after]
OPEN = (
    TrialGuard(TRIAL, status="active"),
    SiteGuard(SITE, TRIAL, status="activated", activated_on=TODAY - 90 * DAY),
)
CONSENTED = SubjectConsented(**IDS, version="1.0", language="en", signed_on=TODAY - 30 * DAY)
ENROLLED = SubjectEnrolled(**IDS, subject_code="S-1", enrolled_on=TODAY - 20 * DAY)


def at(status: SubjectStatus, *more: Event, since: date = TODAY - 10 * DAY) -> Subject:
    """A subject who stands there since that day, enrolled where the status says so."""
    told: list[Any] = [CONSENTED, *([ENROLLED] if status in REGISTERED else [])]
    told.append(SubjectStatusChanged(**IDS, before=None, after=status, changed_on=since))
    return reduce(evolve, [*told, *more], Subject())


def step(before: SubjectStatus, after: SubjectStatus, on: date = TODAY) -> Command:
    """The command that leads there."""
    match after:
        case "screening":
            return StartScreening(**IDS, screened_on=on)
        case "eligible":
            return DecideEligibility(**IDS, eligible=True, decided_on=on)
        case "ineligible":
            return DecideEligibility(**IDS, eligible=False, failed=("E07", "I02"), decided_on=on)
        case "on-study":
            return EnrolSubject(**IDS, subject_code="S-1", enrolled_on=on)
        case "on-study-intervention" if before == "on-study":
            return RandomiseSubject(**IDS, randomised_on=on)
        case "on-study-intervention":
            return DoseSubject(**IDS, dose_on=on)
        case "potential-candidate":
            raise AssertionError("nobody becomes one who is known")
        case _:
            reason = "completed" if after in ENDED else None
            return ChangeSubjectStatus(**IDS, status=after, changed_on=on, reason=reason)


def decided(subject: Subject, command: Any, *facts: Any) -> list[Event] | Refusal:
    made = decide(
        subject, command, Facts(*(facts or OPEN), actor=Actor("p-1", "principal_investigator")), NOW
    )
    return made if isinstance(made, Refusal) else [*made]


def test_every_status_has_its_steps_and_every_guard_a_step_that_there_is() -> None:
    assert set(TRANSITIONS) == set(STATUSES)
    assert all(after in TRANSITIONS[before] for before, after in GUARDS)


@pytest.mark.parametrize(("before", "after"), [p for p in PAIRS if p[1] in TRANSITIONS[p[0]]])
def test_an_allowed_step_is_told(before: SubjectStatus, after: SubjectStatus) -> None:
    events = decided(at(before), step(before, after))
    assert not isinstance(events, Refusal)
    (told,) = [event for event in events if isinstance(event, SubjectStatusChanged)]
    assert (told.before, told.after, told.changed_on) == (before, after, TODAY)
    assert not [event for event in events if isinstance(event, DeviationReported)]
    assert reduce(evolve, events, at(before)).status == after  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after"),
    [p for p in PAIRS if p[1] not in TRANSITIONS[p[0]] and p[1] not in ("on-study", "potential-candidate")],
)
def test_any_other_step_is_refused(before: SubjectStatus, after: SubjectStatus) -> None:
    refusal = decided(at(before), step(before, after))
    assert isinstance(refusal, Refusal)
    by_treatment = after == "on-study-intervention" and before not in REGISTERED
    assert refusal.rule == ("subject.not_enrolled" if by_treatment else "subject.transition")
    assert refusal.state == before


@pytest.mark.parametrize(
    "before", [s for s in STATUSES if s not in REGISTERED and "on-study" not in TRANSITIONS[s]]
)
def test_an_enrolment_that_no_decision_allows_is_kept_and_is_a_deviation(before: SubjectStatus) -> None:
    events = decided(at(before), step(before, "on-study"))
    assert not isinstance(events, Refusal)
    (enrolled,) = [event for event in events if isinstance(event, SubjectEnrolled)]
    (deviation,) = [event for event in events if isinstance(event, DeviationReported)]
    assert enrolled.breaks == deviation.rules == ("subject.not_eligible",)


def test_whoever_was_withdrawn_and_enrolled_has_left() -> None:
    events = decided(at("withdrawn"), step("withdrawn", "on-study"))
    assert [e.after for e in events if isinstance(e, SubjectStatusChanged)] == ["off-study"]  # type: ignore[union-attr]


@pytest.mark.parametrize("before", [s for s in STATUSES if s in REGISTERED and s != "on-study"])
def test_a_second_enrolment_moves_nobody_back(before: SubjectStatus) -> None:
    assert (
        decided(at(before), EnrolSubject(**IDS, subject_code="S-1", enrolled_on=ENROLLED.enrolled_on)) == []
    )
    events = decided(at(before), step(before, "on-study"))
    assert [type(event) for event in events] == [DeviationReported]  # type: ignore[union-attr]


@pytest.mark.parametrize("status", [s for s in STATUSES if s not in ("potential-candidate", "on-study")])
def test_the_status_that_a_subject_has_already_is_no_step(status: SubjectStatus) -> None:
    if status == "on-study-intervention":
        subject = evolve(at(status), decided(at("on-study"), step("on-study", status))[0])  # type: ignore[arg-type,index]
        assert decided(subject, step("on-study", status)) == []
    else:
        assert decided(at(status), step(status, status)) == []


HOLD = UUID(int=24)
BLOCKING = ReconsentRequired(
    **IDS, version="2.0", language="en", due_on=TODAY - DAY, zone="America/New_York", blocks=True
)
# What refuses a step by each guard: more events of the subject, and the facts that the decision meets.
REFUSING: dict[str, tuple[tuple[Event, ...], tuple[Any, ...]]] = {
    "hold.screen": ((), (TrialGuard(TRIAL, holds=(HoldView(HOLD, "dsmb", ("screen",), TODAY),)), OPEN[1])),
    "hold.enrol": ((), (TrialGuard(TRIAL, holds=(HoldView(HOLD, "dsmb", ("enrol",), TODAY),)), OPEN[1])),
    "hold.randomise": (
        (),
        (OPEN[0], SiteGuard(SITE, holds=(HoldView(HOLD, "dsmb", ("randomise",), TODAY),))),
    ),
    "hold.dose": ((), (OPEN[0], SiteGuard(SITE, holds=(HoldView(HOLD, "dsmb", ("dose",), TODAY),)))),
    "trial.not_active": ((), (TrialGuard(TRIAL, status="admin_completed"), OPEN[1])),
    "site.not_active": ((), (OPEN[0], SiteGuard(SITE, TRIAL, status="selected"))),
    "consent.not_current": (
        (),
        (*OPEN, SiteConsents(SITE, TRIAL, (Release("2.0", "en", TODAY - DAY),))),
    ),
    "subject.withdrawn": (
        (SubjectWithdrawn(**IDS, withdrawn_on=TODAY, scopes=("intervention",)),),
        OPEN,
    ),
    "reconsent.blocked": ((BLOCKING,), OPEN),
}
SPECIAL = {
    "consent.missing",
    "subject.reason_required",
    "subject.date_before_cause",
    "subject.date_in_future",
}
GUARDED = [(*pair, rule) for pair, rules in GUARDS.items() for rule in rules]


def test_every_guard_has_its_refusal_here() -> None:
    assert {rule for *_, rule in GUARDED} == set(REFUSING) | SPECIAL


@pytest.mark.parametrize(("before", "after", "rule"), [g for g in GUARDED if g[2] in REFUSING])
def test_a_guard_refuses_the_step(before: SubjectStatus, after: SubjectStatus, rule: str) -> None:
    more, facts = REFUSING[rule]
    command = DoseSubject(**IDS, dose_on=TODAY) if rule == "hold.dose" else step(before, after)
    subject = at(before, *more)
    if rule == "subject.withdrawn":  # told before statuses were told, it left the status as it was
        subject = evolve(subject, SubjectStatusChanged(**IDS, before=None, after=before, changed_on=TODAY))
    refusal = decided(subject, command, *facts)
    assert isinstance(refusal, Refusal)
    assert refusal.rule == rule


@pytest.mark.parametrize(("before", "after"), [g[:2] for g in GUARDED if g[2] == "subject.date_before_cause"])
def test_no_step_comes_before_the_one_it_follows(before: SubjectStatus, after: SubjectStatus) -> None:
    refusal = decided(at(before, since=TODAY + DAY), step(before, after))
    detail = f"the subject has been {before} since {TODAY + DAY} only"
    assert refusal == Refusal("subject.date_before_cause", detail, before)


@pytest.mark.parametrize(("before", "after"), [g[:2] for g in GUARDED if g[2] == "subject.date_in_future"])
def test_no_step_is_made_on_a_day_that_has_not_come_anywhere(
    before: SubjectStatus, after: SubjectStatus
) -> None:
    assert not isinstance(
        decided(at(before), step(before, after, TODAY + DAY)), Refusal
    )  # it has in Kiribati
    refusal = decided(at(before), step(before, after, TODAY + 2 * DAY))
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.state) == ("subject.date_in_future", before)


@pytest.mark.parametrize(("before", "after"), [g[:2] for g in GUARDED if g[2] == "subject.date_in_future"])
def test_a_step_that_was_told_of_a_day_to_come_holds_up_no_other(
    before: SubjectStatus, after: SubjectStatus
) -> None:
    assert not isinstance(decided(at(before, since=TODAY.replace(year=2062)), step(before, after)), Refusal)


@pytest.mark.parametrize(("before", "after"), [g[:2] for g in GUARDED if g[2] == "subject.reason_required"])
def test_nobody_leaves_without_a_reason(before: SubjectStatus, after: Any) -> None:
    command = ChangeSubjectStatus(**IDS, status=after, changed_on=TODAY)
    refusal = Refusal("subject.reason_required", f"{after} needs a reason", before, "reason")
    assert decided(at(before), command) == refusal


def test_nobody_is_screened_who_has_signed_nothing_by_then() -> None:
    candidate = SubjectStatusChanged(**IDS, before=None, after="candidate", changed_on=TODAY - DAY)
    refusal = Refusal("consent.missing", f"no consent was signed up to {TODAY}", "candidate")
    assert decided(evolve(Subject(), candidate), step("candidate", "screening")) == refusal
    later: list[Any] = [candidate, CONSENTED.model_copy(update={"signed_on": TODAY + DAY})]
    assert decided(reduce(evolve, later, Subject()), step("candidate", "screening")) == refusal


def test_nobody_is_screened_at_a_site_that_nobody_knows() -> None:
    refusal = decided(at("candidate"), step("candidate", "screening"), OPEN[0])
    assert refusal == Refusal("site.not_active", "the site is not active", None)
    assert decided(at("eligible"), step("eligible", "pending-on-study"), OPEN[0]) == refusal


def test_a_declined_signature_stands_against_a_dose_before_its_day() -> None:
    asked = BLOCKING.model_copy(update={"due_on": TODAY + DAY})
    declined = ReconsentDeclined(**IDS, version="2.0", language="en", declined_on=TODAY)
    dose = DoseSubject(**IDS, dose_on=TODAY)
    assert not isinstance(decided(at("on-study", asked), dose), Refusal)
    assert isinstance(decided(at("on-study", asked, declined), dose), Refusal)


def test_a_subject_that_nobody_knows_has_no_status_to_change() -> None:
    unknown = Refusal("subject.unknown", "there is no subject with this id", None, "subject_id")
    assert decided(Subject(), step("on-study", "follow-up")) == unknown


def test_a_screen_failure_names_who_decided_and_the_criteria_not_met() -> None:
    decision, moved = decided(at("screening"), step("screening", "ineligible"))  # type: ignore[misc]
    assert decision == SubjectEligibilityDecided(
        **IDS, eligible=False, failed=("E07", "I02"), decided_on=TODAY, confirmed_by="p-1"
    )
    assert isinstance(moved, SubjectStatusChanged)
    assert moved.reason == "E07"


@pytest.mark.parametrize(("eligible", "failed"), [(True, ("I01",)), (False, ())])
def test_criteria_are_named_exactly_where_a_subject_is_not_eligible(eligible: bool, failed: Any) -> None:
    with pytest.raises(ValueError, match="criteria are named exactly"):
        DecideEligibility(**IDS, eligible=eligible, failed=failed, decided_on=TODAY)


def test_who_decided_is_unknown_where_nobody_gave_the_command() -> None:
    (decision, _) = decide(at("screening"), step("screening", "eligible"), Facts(*OPEN), NOW)  # type: ignore[misc,arg-type]
    assert decision.confirmed_by is None  # type: ignore[union-attr]
