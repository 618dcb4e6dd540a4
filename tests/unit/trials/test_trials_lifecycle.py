"""A trial's own decisions: the sponsor's steps, what stands in their way, authorisations and plans."""

from functools import reduce
from itertools import pairwise
from uuid import UUID

import pytest

from services.trials.commands.trial import (
    ChangeTrialStatus,
    RecordAuthorisation,
    RegisterTrial,
    ReopenAccrual,
    ReviewTrial,
)
from services.trials.domain.state import Trial
from services.trials.domain.trial import TrialCommand, decide, evolve
from services.trials.projections.guards import HoldView, TrialCount, TrialGuard
from shared.contracts.message import Event, Facts, Refusal, Wake
from shared.contracts.trials.hold import PermissionsChanged
from shared.contracts.trials.registry import RegistryChange, RegistryEntryChanged
from shared.contracts.trials.trial import (
    TrialAuthorised,
    TrialEvent,
    TrialRegistered,
    TrialStatus,
    TrialStatusChanged,
)
from tests.unit.trials.trials_world import NOW, TRIAL

TODAY = NOW.date()
IND, HOLD = UUID(int=23), UUID(int=24)
PLAN = RegisterTrial(trial_id=TRIAL, title="A trial", sponsor="A sponsor")
REOPEN = ReopenAccrual(trial_id=TRIAL, reason="the committee agreed", meaning="approval")
AUTHORISED = TrialAuthorised(trial_id=TRIAL, country="US", effective_on=TODAY, authorisation=IND)
REGISTERED = TrialRegistered(
    trial_id=TRIAL,
    title="A trial",
    sponsor_name="A sponsor",
    study_type="INTERVENTIONAL",
    basis="sponsor",
    status="draft",
    route="us_ind",
)


def given(*events: TrialEvent | PermissionsChanged) -> Trial:
    return reduce(evolve, events, Trial())


def moved(before: TrialStatus, after: TrialStatus, reason: str | None = None) -> TrialStatusChanged:
    return TrialStatusChanged(trial_id=TRIAL, before=before, after=after, basis="sponsor", reason=reason)


def at(status: TrialStatus) -> Trial:
    return given(REGISTERED, moved("draft", status))


def move(status: TrialStatus, reason: str | None = None) -> ChangeTrialStatus:
    return ChangeTrialStatus(trial_id=TRIAL, status=status, reason=reason)


def decided(trial: Trial, command: TrialCommand | Wake, *facts: object) -> list[Event] | Refusal:
    made = decide(trial, command, Facts(*facts), NOW)
    return made if isinstance(made, Refusal) else [*made]


def test_a_trial_that_nobody_registered_has_no_status_to_change() -> None:
    unknown = Refusal("trial.unknown", "there is no trial with this id", None, "trial_id")
    assert decided(Trial(), move("active")) == unknown


def test_the_status_that_it_has_already_is_no_step() -> None:
    assert decided(at("active"), move("active")) == []


def test_a_closed_accrual_is_not_opened_without_a_signature() -> None:
    assert decided(at("closed_accrual"), move("active")) == Refusal(
        "trial.signature_required", "accrual is opened again by a signed act", "closed_accrual"
    )


def test_a_signed_act_opens_a_closed_accrual_again() -> None:
    assert decided(at("closed_accrual"), REOPEN) == [
        moved("closed_accrual", "active", "the committee agreed")
    ]


ASIDE: list[tuple[TrialStatus, ...]] = [
    ("temp_closed_accrual_intervention",),
    ("temp_closed_accrual_intervention", "temp_closed_accrual"),
]


@pytest.mark.parametrize("way", ASIDE)
def test_no_pause_leads_round_the_signature_that_a_closed_accrual_asks_for(
    way: tuple[TrialStatus, ...],
) -> None:
    steps = [moved("closed_accrual", way[0]), *(moved(a, b) for a, b in pairwise(way))]
    paused = reduce(evolve, steps, at("closed_accrual"))
    assert decided(paused, move("active")) == Refusal(
        "trial.signature_required", "accrual is opened again by a signed act", way[-1]
    )
    (opened,) = decided(paused, REOPEN)  # type: ignore[misc]
    assert opened == moved(way[-1], "active", "the committee agreed")
    again = evolve(evolve(paused, opened), moved("active", way[-1]))
    assert decided(again, move("active")) == [moved(way[-1], "active")]


def test_an_accrual_that_is_open_is_not_opened_again() -> None:
    assert decided(at("active"), REOPEN) == []


@pytest.mark.parametrize(
    "status", ["draft", "temp_closed_accrual", "closed_accrual_intervention", "archived"]
)
def test_nothing_but_a_closed_accrual_is_opened_again(status: TrialStatus) -> None:
    assert decided(at(status), REOPEN) == Refusal(
        "trial.transition", "only a closed accrual is opened again", status
    )


def test_a_trial_with_subjects_is_not_withdrawn() -> None:
    assert decided(at("approved"), move("withdrawn", "no funds"), TrialCount(TRIAL, 2)) == Refusal(
        "trial.has_subjects",
        "2 subjects have enrolled; a trial is withdrawn only before the first",
        "approved",
    )


def test_a_trial_is_withdrawn_before_its_first_subject() -> None:
    assert decided(at("approved"), move("withdrawn", "no funds"), TrialCount(TRIAL, 0)) == [
        moved("approved", "withdrawn", "no funds")
    ]


def test_an_authorisation_told_again_adds_nothing() -> None:
    again = RecordAuthorisation(trial_id=TRIAL, country="US", effective_on=TODAY, authorisation=IND)
    assert decided(given(REGISTERED, AUTHORISED), again) == []


def test_an_authorisation_of_another_country_stands_beside_the_first() -> None:
    spain = RecordAuthorisation(trial_id=TRIAL, country="ES", effective_on=TODAY, authorisation=UUID(int=25))
    known = given(REGISTERED, AUTHORISED)
    (event,) = decided(known, spain)  # type: ignore[misc]
    assert isinstance(event, TrialAuthorised)
    assert evolve(known, event).authorised == {"US": (TODAY, IND), "ES": (TODAY, UUID(int=25))}


def test_a_review_tells_the_answer_only_where_it_has_changed() -> None:
    held = TrialGuard(TRIAL, holds=(HoldView(HOLD, "dsmb", ("enrol",), TODAY),))
    review = ReviewTrial(trial_id=TRIAL)
    (told,) = decided(at("active"), review, held)  # type: ignore[misc]
    assert isinstance(told, PermissionsChanged)
    assert (told.permissions["enrol"], told.permissions["dose"]) == ((HOLD,), ())
    assert decided(evolve(at("active"), told), review, held) == []


def test_a_second_plan_that_says_otherwise_is_refused() -> None:
    assert decided(given(REGISTERED), PLAN.model_copy(update={"title": "Another trial"})) == Refusal(
        "trial.already_registered", "its sponsor registered the trial otherwise", "draft"
    )


def test_the_same_plan_again_changes_nothing() -> None:
    assert decided(given(REGISTERED), PLAN) == []


def test_time_alone_moves_no_trial() -> None:
    assert decided(at("active"), Wake(stream=TRIAL)) == []


def test_a_change_to_a_record_that_was_never_told_says_nothing_of_the_trial() -> None:
    change = RegistryEntryChanged(
        trial_id=TRIAL, registry="ctgov", changes=(RegistryChange(field="status", value="COMPLETED"),)
    )
    assert evolve(at("active"), change) == at("active")
