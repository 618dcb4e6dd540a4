"""The dates that a site's cycle times lie between."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.trials.projections.cycle_times import CycleTimes, cycle_keys, fold_cycle
from shared.contracts.message import Event
from shared.contracts.trials.site import GateEvidenceRecorded, SiteActivated, SiteReady, SiteSelected
from shared.contracts.trials.site_contract import ContractExecuted
from tests.support.touched import touched
from tests.unit.trials.trials_world import SITE, TRIAL, recorded

DAY = date(2026, 3, 2)
IDS: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE}
SELECTED = SiteSelected(**IDS, zone="America/New_York", country="US", route="us_ind", required_gates=())
ACTIVATED = SiteActivated(**IDS, gates=(), activated_on=DAY, zone="America/New_York", country="US")


def evidence(number: int, day: date, gate: str = "irb_current", corrects: int | None = None) -> Event:
    return GateEvidenceRecorded.model_validate(
        {
            **IDS,
            "gate": gate,
            "evidence_id": UUID(int=number),
            "valid_from": day,
            "corrects": UUID(int=corrects) if corrects else None,
            "recorded_on": day,
        }
    )


def folded(*events: Event, at: datetime = datetime(2026, 3, 2, 3, tzinfo=UTC)) -> CycleTimes | None:
    row: CycleTimes | None = None
    for version, event in enumerate(events, 1):
        message = recorded(event, SITE, version)
        message.time = at
        for key in touched(cycle_keys, message):
            row = fold_cycle(row, message, key)
    return row


def test_a_selection_counts_from_the_local_day_on_which_it_was_made() -> None:
    times = folded(SELECTED)
    assert times
    assert (times.selected_on, times.country, times.zone) == (date(2026, 3, 1), "US", "America/New_York")


def test_the_earliest_approval_and_contract_count_and_other_gates_do_not() -> None:
    times = folded(
        SELECTED,
        evidence(1, DAY),
        evidence(2, DAY - timedelta(days=3)),
        evidence(3, DAY - timedelta(days=9), "training"),
        evidence(4, DAY - timedelta(days=1), "contract"),
        ACTIVATED,
    )
    assert times
    assert (times.approved_on, times.contract_on) == (DAY - timedelta(days=3), DAY - timedelta(days=1))
    assert (times.activated_on, times.trial_id) == (DAY, TRIAL)


def executed(number: int, day: date, kind: str = "agreement") -> Event:
    told = {"executed_on": day, "effective_on": day + timedelta(days=30), "document_ref": "c", "days": 9}
    return ContractExecuted.model_validate({**IDS, **told, "contract_id": UUID(int=number), "kind": kind})


def test_the_first_agreement_that_was_executed_counts_and_not_its_evidence_in_any_order() -> None:
    told = (
        evidence(7, DAY - timedelta(days=20), "contract"),
        executed(8, DAY - timedelta(days=2)),
        executed(9, DAY - timedelta(days=4)),
        executed(10, DAY - timedelta(days=30), "amendment"),
    )
    rows = [folded(*order) for order in permutations(told)]
    assert rows[0]
    assert rows[0].contract_on == DAY - timedelta(days=4)
    assert all(row == rows[0] for row in rows)


def test_a_correction_takes_the_place_of_what_it_corrects() -> None:
    times = folded(SELECTED, evidence(1, DAY - timedelta(days=9)), evidence(2, DAY, corrects=1))
    assert times
    assert times.approved_on == DAY
    same = folded(SELECTED, evidence(1, DAY - timedelta(days=9)), evidence(1, DAY, corrects=1))
    assert same
    assert same.approved_on == DAY


def test_nothing_else_of_a_site_bears_on_its_cycle_times() -> None:
    assert folded(SiteReady(**IDS, gates=())) is None


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(-9, 9)), min_size=1, max_size=12))
def test_the_earliest_day_is_that_of_the_evidence_as_last_recorded(told: list[tuple[int, int]]) -> None:
    events = [evidence(number, DAY + timedelta(days=days), corrects=number) for number, days in told]
    times = folded(*events)
    assert times
    assert times.approved_on == DAY + timedelta(days=min(dict(told).values()))


def test_a_paper_whose_author_does_not_speak_for_the_board_is_no_approval() -> None:
    told = evidence(1, DAY)
    assert cycle_keys(recorded(told, SITE)) == ((SITE,),)
    assert cycle_keys(recorded(told.model_copy(update={"counts": False}), SITE)) == ()
