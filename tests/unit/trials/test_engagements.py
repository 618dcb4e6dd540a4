"""Organisations considered, tried and engaged; scores with their source; no total with a part missing."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.trials.commands import engagement as c
from services.trials.commands.scorecard import EnterScore, WeighScorecard, Weight
from services.trials.domain.engagement import Engagement, evolve
from services.trials.domain.engagement_state import moved
from services.trials.projections import engagements as rows
from services.trials.projections import scorecard as figures
from services.trials.rules.scorecard import MEASURES, WEIGHTS, Figure, scorecard
from shared.contracts.deadline import (
    DeadlineArmed,
    DeadlineAssigned,
    DeadlineMetLate,
    DeadlineMissed,
    DeadlineReturned,
)
from shared.contracts.message import Refusal, Wake
from shared.contracts.trials.engagement import Criterion, ScorecardWeighed, ScoreEntered
from shared.contracts.trials.site import SiteReady
from tests.support.touched import touched
from tests.unit.rules.test_deadline_decider import ARM
from tests.unit.trials.engagement_steps import (
    DAY,
    ENGAGEMENT,
    ORGANISATION,
    TODAY,
    WAYS,
    at,
    consider,
    given,
    judge,
    made_of,
    pilot,
    step,
)
from tests.unit.trials.trials_world import SITE, TRIAL, recorded

SCORE = EnterScore(
    engagement_id=ENGAGEMENT, criterion="technology", points=80, n=4, source="rfp_answers", as_of=TODAY
)
QUALITY = Weight(criterion="quality", weight=7)
PROGRAMME: dict[str, Any] = {"trial_id": None, "programme_id": UUID(int=6), "sponsor": "Sponsor"}


def rule(made: Any) -> str:
    assert isinstance(made, Refusal)
    return made.rule


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        ({"trial_id": None}, "for a trial or for a programme"),
        ({"programme_id": UUID(int=6)}, "for a trial or for a programme"),
        ({"sponsor": "Sponsor"}, "sponsor"),
        (PROGRAMME | {"sponsor": None}, "sponsor"),
        ({"model": "functional"}, "functions"),
        ({"model": "therapeutic_area"}, "therapeutic_areas"),
        ({"model": "regional"}, "countries"),
        ({"model": "regional", "countries": ("Spain",)}, "countries"),
    ],
)
def test_an_engagement_is_for_one_thing_and_names_its_scope(other: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        consider(**other)


def test_an_engagement_for_a_programme_belongs_to_the_sponsor_it_names() -> None:
    for_programme = consider(**PROGRAMME)
    assert (for_programme.sponsor_name(), for_programme.stream_id) == ("Sponsor", ENGAGEMENT)
    assert step("invited").stream_id == ENGAGEMENT
    assert consider().sponsor_name() is None
    assert not isinstance(made_of(Engagement(), for_programme), Refusal)


def test_nothing_is_done_to_an_engagement_that_nobody_began() -> None:
    assert rule(made_of(Engagement(), step("invited"))) == "engagement.unknown"
    assert made_of(at("engaged"), Wake(stream=ENGAGEMENT)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("until", [TODAY - DAY])
def test_a_pilot_is_bounded_and_names_each_criterion_once(until: date) -> None:
    with pytest.raises(ValidationError, match="until"):
        pilot(until=until)
    twice = pilot().model_dump() | {"criteria": [{"code": "a", "target": "x"}, {"code": "a", "target": "y"}]}
    with pytest.raises(ValidationError, match="a code stands twice"):
        c.StartPilot(**twice)


def test_a_pilot_is_judged_by_each_of_its_criteria_and_by_no_other() -> None:
    piloted = at("pilot")
    partly = judge().model_copy(update={"outcomes": judge().outcomes[:1]})
    assert rule(made_of(piloted, partly)) == "engagement.pilot_criteria"
    assert rule(made_of(piloted, judge(on=TODAY - DAY))) == "engagement.date_before_cause"
    assert rule(made_of(at("engaged"), judge())) == "engagement.no_pilot"
    judged = given([judge(second=False)], piloted)
    assert made_of(judged, judge(second=False)) == []
    assert rule(made_of(judged, judge())) == "engagement.date_before_cause"
    again = given([judge(on=TODAY + DAY)], judged).judged
    assert again is not None
    assert (again.passed, again.evaluated_on) == (True, TODAY + DAY)
    assert rule(made_of(piloted, judge(on=TODAY + 2 * DAY))) == "engagement.date_in_future"


def test_a_score_says_its_source_its_day_and_who_entered_it() -> None:
    state = at("considered")
    (entered,) = made_of(state, SCORE)  # type: ignore[misc]
    assert isinstance(entered, ScoreEntered)
    assert (entered.entered_by, entered.organisation_id, entered.source) == (
        "p-07",
        ORGANISATION,
        "rfp_answers",
    )
    assert made_of(evolve(state, entered), SCORE) == []
    ahead = SCORE.model_copy(update={"as_of": TODAY + 2 * DAY})
    assert rule(made_of(state, ahead)) == "engagement.date_in_future"


def test_weights_are_overridden_with_a_reason_and_each_criterion_once() -> None:
    weigh = WeighScorecard(engagement_id=ENGAGEMENT, weights=(QUALITY,), reason="safety_first")
    state = given([weigh], at("considered"))
    assert (state.weights, made_of(state, weigh)) == ({"quality": 7}, [])
    with pytest.raises(ValidationError, match="a criterion stands twice"):
        WeighScorecard(engagement_id=ENGAGEMENT, weights=(QUALITY, QUALITY), reason="none")


def test_a_score_is_no_step() -> None:
    with pytest.raises(ValueError, match="is no step"):
        moved(ScorecardWeighed(engagement_id=ENGAGEMENT, weights={}, reason="x"))


def row_of(*commands: Any) -> rows.EngagementRow:
    state, row = Engagement(), None
    for command in commands:
        made = made_of(state, command)
        assert not isinstance(made, Refusal), made
        for event in made:
            state = evolve(state, event)
            message = recorded(event, ENGAGEMENT)
            (key,) = touched(rows.engagement_keys, message)
            row = rows.fold_engagement(row, message, key)
    assert row is not None
    return row


@pytest.mark.parametrize("status", WAYS)
def test_the_row_of_an_engagement_shows_where_it_stands(status: Any) -> None:
    row = row_of(consider(), *(step(to) for to in WAYS[status]))
    assert (row.status, row.organisation, row.of_trial, row.name) == (status, ORGANISATION, TRIAL, "A CRO")


def test_the_row_of_a_widened_pilot_begins_with_the_pilot() -> None:
    way = (step("invited"), step("proposal_received"), step("selected"), pilot(), judge(on=TODAY + DAY))
    widened = step("engaged", TODAY + DAY)
    weigh = WeighScorecard(engagement_id=ENGAGEMENT, weights=(QUALITY,), reason="x")
    row = row_of(consider(), *way, widened, SCORE, weigh)
    assert (row.began_on, row.pilot_passed, row.status) == (TODAY, True, "engaged")
    assert (row.scores["technology"].points, row.weights) == (80, {"quality": 7})


def test_a_deadline_counts_for_whoever_had_it_when_it_was_missed() -> None:
    deadline = UUID(int=3)
    due: dict[str, Any] = {"deadline_id": deadline, "code": "a", "due_on": TODAY}
    about: dict[str, Any] = {"subject_kind": "x", "subject_id": deadline, "citation": "c", "owner": "cro"}
    row = None
    for event in (
        DeadlineArmed.model_validate(ARM.model_dump() | {"deadline_id": deadline}),
        DeadlineAssigned(deadline_id=deadline, organisation_id=ORGANISATION),
        DeadlineMissed(**due, **about),
        DeadlineReturned(deadline_id=deadline, owner="sponsor"),
        DeadlineMetLate(**due, met_on=TODAY + DAY, days_late=1),
    ):
        (key,) = touched(figures.owned_deadline_keys, recorded(event, deadline))
        row = figures.fold_owned_deadline(row, recorded(event, deadline), key)
    assert row is not None
    assert (row.outcome, row.owned_by, row.holder) == ("missed", ORGANISATION, None)
    elsewhere = recorded(SiteReady(trial_id=TRIAL, site_id=SITE, gates=()), SITE)
    assert touched(figures.owned_deadline_keys, elsewhere) == touched(rows.engagement_keys, elsewhere) == ()


ENTERED = {
    "points": 60,
    "n": None,
    "source": "audit",
    "as_of": "2026-01-01",
    "entered_by": "q-1",
    "document_ref": None,
}
FIGURES: dict[Criterion, Figure] = {
    "therapeutic_expertise": Figure(2, 2),
    "on_time_delivery": Figure(0.9, 10),
    "cycle_time": Figure(105, 4),
    "quality": Figure(0.25, 3),
    "coverage": Figure(0.5, 8),
}
REST = [name for name in MEASURES if name not in FIGURES]


def test_the_points_of_each_figure_run_straight_between_the_ends_that_are_shown() -> None:
    shown = {one["criterion"]: one for one in scorecard(FIGURES, {}, WEIGHTS)["scores"]}
    assert {name: shown[name]["points"] for name in FIGURES} == {
        "therapeutic_expertise": 67,
        "on_time_delivery": 90,
        "cycle_time": 50,
        "quality": 75,
        "coverage": 50,
    }
    assert shown["cycle_time"]["scale"] == "0 points at 180, 100 at 30 calendar days"
    assert all(one["how"] and one["basis"] == "events" for name, one in shown.items() if name in FIGURES)
    assert [MEASURES["quality"].points(rate) for rate in (9.0, 0.0)] == [0, 100]


def test_there_is_no_total_while_a_criterion_that_counts_is_missing() -> None:
    found = scorecard(FIGURES, {}, WEIGHTS)
    assert (found["total"], found["missing"]) == (None, REST)
    whole = scorecard(FIGURES, dict.fromkeys(REST, ENTERED), WEIGHTS)
    # 15·67 + 20·90 + 10·50 + 15·75 + 10·50 + 30·60 = 6730, of 100
    assert (whole["total"], whole["missing"]) == (67.3, [])
    assert {one["entered_by"] for one in whole["scores"] if one["basis"] == "entered"} == {"q-1"}


def test_weights_of_an_evaluation_decide_what_counts_and_what_is_missing() -> None:
    found = scorecard(FIGURES, {}, {"quality": 1, "on_time_delivery": 3})
    assert (found["total"], found["missing"]) == (86.2, [])
    assert scorecard({}, {}, {"quality": 1})["missing"] == ["quality"]
    assert scorecard({}, {}, {})["total"] is None


def test_what_events_tell_outweighs_what_was_entered() -> None:
    (told,) = (
        one
        for one in scorecard(FIGURES, {"quality": ENTERED}, WEIGHTS)["scores"]
        if one["criterion"] == "quality"
    )
    assert (told["points"], told["basis"], told["n"]) == (75, "events", 3)
    assert sum(WEIGHTS.values()) == 100
