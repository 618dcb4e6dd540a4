"""What the portfolio goes by: conditions and dates of the registry, on the trial's row."""

from datetime import date

import pytest

from services.trials.projections.trials import TrialRow
from shared.contracts.trials.registry import PartialDate
from tests.unit.trials.test_trials_properties import folded
from tests.unit.trials.test_trials_registry import entry, plan, version
from tests.unit.trials.trials_records import study
from tests.unit.trials.trials_world import TRIAL, World


def row(world: World) -> TrialRow:
    shown: TrialRow = folded(world.told)[TrialRow, (TRIAL,)]
    return shown


def test_a_plan_alone_names_no_condition_and_no_dates(world: World) -> None:
    world.do(plan())
    assert (row(world).conditions, row(world).start_on, row(world).primary_completion_on) == ((), None, None)


@pytest.mark.parametrize(
    ("said", "day"),
    [("2024", date(2024, 1, 1)), ("2024-03", date(2024, 3, 1)), ("2024-03-07", date(2024, 3, 7))],
)
def test_a_date_of_the_registry_counts_from_the_first_day_that_it_may_mean(
    world: World, said: str, day: date
) -> None:
    world.do(version("2026-01-01", startDateStruct={"date": said}))
    assert row(world).start_on == day
    world.do(version("2026-02-01", primaryCompletionDateStruct={"date": said}))
    assert (row(world).start_on, row(world).primary_completion_on) == (None, day)


@pytest.mark.parametrize("said", ["", "2024-13", "soon", "2024-3-7", "99999"])
def test_a_text_that_is_no_date_of_the_calendar_is_kept_and_counts_for_nothing(
    world: World, said: str
) -> None:
    known = version("2026-01-01", startDateStruct={"date": "2024"})
    odd = PartialDate(text=said, precision="day")
    world.do(known.model_copy(update={"facts": known.facts.model_copy(update={"start": odd})}))
    assert row(world).start_on is None
    assert row(world).registry == known.facts.model_copy(update={"start": odd})


def test_the_conditions_are_those_of_the_registrys_latest_record(world: World) -> None:
    record = study(lastUpdateSubmitDate="2026-01-01")
    record["protocolSection"]["conditionsModule"] = {"conditions": ["Asthma", "COPD"]}
    world.do(entry(record))
    assert row(world).conditions == ("Asthma", "COPD")
