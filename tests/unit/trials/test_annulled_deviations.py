"""What is annulled counts nowhere, by whichever way it was annulled, and leaves each count once."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.trials.commands.data_counts import RecordDataCounts
from services.trials.commands.deviation import ReportDeviation
from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.commands.subject_steps import RecordVisit
from services.trials.projections.holds import DeviationRow
from services.trials.projections.kri_guards import SiteCounters
from shared.contracts.trials.deviation import DeviationAnnulled
from tests.unit.trials.test_trials_chain import activate, enrol, gates_open
from tests.unit.trials.test_trials_consent import consent, release
from tests.unit.trials.test_trials_subjects import correct
from tests.unit.trials.trials_world import NOW, SITE, SUBJECT, TRIAL, World

TODAY, DAY = NOW.date(), timedelta(days=1)
HOLDS = (UUID(int=900), UUID(int=901))
IDS: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT}


def running() -> World:
    world = World()
    gates_open(world)
    world.do(activate())
    return world


def hold(hold_id: UUID) -> dict[str, Any]:
    return {
        "hold_id": hold_id,
        "trial_id": TRIAL,
        "source": "sponsor_pause",
        "scope_kind": "site",
        "scope_id": SITE,
    }


def held(*holds: UUID) -> World:
    """A running site under these holds, all effects stopped."""
    world = running()
    for one in holds:
        world.do(ApplyHold(**hold(one), since=TODAY - DAY, effects=("enrol", "procedures", "consent")))
    return world


def annul(hold_id: UUID) -> AnnulHold:
    return AnnulHold(**hold(hold_id), reason="letter for another trial")


def counting(world: World) -> list[tuple[str, ...]]:
    """The rules of the deviations that count, the indicator's figure having been held against them."""
    rows = [row for (kind, _), row in world.guards.items() if kind is DeviationRow and not row.annulled]
    assert world.guard(SiteCounters, SITE).deviations == len([row for row in rows if row.site_id == SITE])
    return sorted(row.rules for row in rows)


def counts(verified: int) -> RecordDataCounts:
    figures = {"forms_expected": 5, "forms_entered": 5, "forms_verified": verified}
    figures |= {"queries_opened": 0, "queries_answered": 0, "queries_closed": 0}
    return RecordDataCounts(trial_id=TRIAL, site_id=SITE, as_of=TODAY, source="edc", **figures)


def test_a_consent_told_late_leaves_nothing_in_the_indicator() -> None:
    world = running()
    world.do(release("1.0"))
    world.do(enrol())
    assert counting(world) == [("consent.missing",)]
    world.do(consent("1.0", on=TODAY - DAY))
    assert counting(world) == []


def test_counts_put_right_leave_nothing_in_the_indicator() -> None:
    world = running()
    world.do(counts(9))
    assert counting(world) == [("data_counts.disagree",)]
    world.do(counts(4))
    assert counting(world) == []


def test_with_a_hold_that_never_counted_go_the_deviations_that_rest_on_it() -> None:
    world = held(HOLDS[0])
    world.do(enrol())
    world.do(RecordVisit(**IDS, visit="V1", done_on=TODAY))
    world.do(consent("1.0", on=TODAY))
    assert counting(world) == [("consent.under_hold",), ("enrolment.under_hold",), ("visit.under_hold",)]
    world.do(annul(HOLDS[0]))
    assert counting(world) == []
    assert {event.reason for event in world.events(DeviationAnnulled)} == {"hold.annulled"}


def test_what_breaks_another_rule_as_well_stands() -> None:
    world = held(HOLDS[0])
    world.do(enrol(TODAY + 9 * DAY))
    world.do(annul(HOLDS[0]))
    assert ("enrolment.under_hold", "enrolment.in_future") in counting(world)


def test_a_deviation_goes_with_the_last_of_its_holds() -> None:
    world = held(*HOLDS)
    world.do(enrol())
    world.do(annul(HOLDS[1]))
    assert counting(world) == [("enrolment.under_hold",)]
    world.do(annul(HOLDS[0]))
    assert counting(world) == []


def test_a_hold_that_was_lifted_has_counted() -> None:
    world = held(*HOLDS)
    world.do(enrol())
    world.do(annul(HOLDS[1]))
    world.do(LiftHold(**hold(HOLDS[0]), evidence="the sponsor's letter"))
    assert counting(world) == [("enrolment.under_hold",)]


def test_a_hold_that_is_annulled_takes_nothing_of_another_trial_along() -> None:
    world = held(HOLDS[0])
    other: dict[str, Any] = {
        "trial_id": UUID(int=99),
        "category": "enrolment",
        "rules": ("enrolment.under_hold",),
    }
    told = ReportDeviation(**other, deviation_id=UUID(int=98), holds=(HOLDS[0],), occurred_on=TODAY)
    world.do(told)
    world.do(annul(HOLDS[0]))
    assert world.events(DeviationAnnulled) == []


def test_what_its_hold_and_its_correction_annul_leaves_the_count_once() -> None:
    world = held(HOLDS[0])
    world.do(enrol())
    world.do(counts(9))
    world.do(annul(HOLDS[0]))
    world.do(correct(TODAY, "S-009"))
    assert len(world.events(DeviationAnnulled)) == 2
    assert counting(world) == [("data_counts.disagree",)]


STEPS = {
    "enrol": enrol(),
    "consent": consent("1.0", on=TODAY),
    "early": consent("1.0", on=TODAY - 9 * DAY),
    "visit": RecordVisit(**IDS, visit="V1", done_on=TODAY),
    "correct": correct(TODAY - DAY),
    "right": counts(4),
    "wrong": counts(9),
    "annul": annul(HOLDS[0]),
    "annul other": annul(HOLDS[1]),
    "release": release("1.0"),
}


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=14))
def test_whatever_is_told_the_indicator_counts_the_deviations_that_count(steps: list[str]) -> None:
    world = held(*HOLDS)
    for step in steps:
        world.do(STEPS[step])
    counting(world)
