"""An enrolment and the protocol: which version was in force at the site on that day."""

from datetime import date
from itertools import permutations
from uuid import UUID

import pytest

from services.trials.commands.subject import CorrectEnrolment
from shared.contracts.message import Command
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.subject import SubjectEnrolled, SubjectEnrolmentCorrected
from tests.unit.trials.protocol_world import DAY, TODAY, approve, draft, submit
from tests.unit.trials.test_trials_chain import activate, enrol, gates_open
from tests.unit.trials.trials_world import SITE, SUBJECT, TRIAL, World

NOT_IN_FORCE = "protocol.not_in_force"


# The board of this site has approved version 1.0, which nobody drafts here.
@pytest.fixture
def active() -> World:
    world = World()
    gates_open(world)
    world.do(activate())
    return world


def told(world: World, *commands: Command) -> tuple[str, ...]:
    """What the enrolment breaks after these."""
    for command in commands:
        world.do(command)
    enrolled: SubjectEnrolled = world.events(SubjectEnrolled)[-1]
    return enrolled.breaks


def test_nothing_is_said_where_no_version_is_recorded(active: World) -> None:
    assert told(active, enrol()) == ()


@pytest.mark.parametrize(
    "recorded",
    [
        (draft("2.0"),),
        (draft("2.0"), submit("2.0")),
        (draft("2.0"), submit("2.0"), approve("2.0", on=TODAY + DAY)),
    ],
)
def test_an_enrolment_without_a_version_in_force_is_kept_and_a_deviation(
    active: World, recorded: tuple[Command, ...]
) -> None:
    assert told(active, *recorded, enrol()) == (NOT_IN_FORCE,)
    (deviation,) = active.events(DeviationReported)
    assert (deviation.category, deviation.rules) == ("enrolment", (NOT_IN_FORCE,))


@pytest.mark.parametrize("order", list(permutations((submit("2.0"), approve("2.0", on=TODAY)))))
def test_an_enrolment_under_a_version_in_force_breaks_nothing(
    active: World, order: tuple[Command, ...]
) -> None:
    assert told(active, draft("2.0"), *order, enrol()) == ()


def test_a_version_counts_from_its_first_day_on_and_a_correction_is_judged_anew(active: World) -> None:
    active.now += 9 * DAY
    first: date = TODAY + 2 * DAY
    assert told(active, draft("2.0"), submit("2.0"), approve("2.0", on=first), enrol(TODAY + DAY)) == (
        NOT_IN_FORCE,
    )
    corrected = CorrectEnrolment(
        trial_id=TRIAL,
        site_id=SITE,
        subject_id=SUBJECT,
        subject_code="S-001",
        enrolled_on=first,
        corrects=UUID(int=9),
        reason="wrong_day",
    )
    active.do(corrected)
    assert active.events(SubjectEnrolmentCorrected)[-1].breaks == ()
    assert len(active.events(DeviationAnnulled)) == 1
