"""The ledger of transferred obligations: in writing, one owner a day, told when the day comes."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.commands.obligations import ReturnObligations, TransferObligations
from services.trials.domain.obligations import Ledger, decide, evolve, owner_on, wake_at
from services.trials.projections.guard_folds import fold_trial_guard
from services.trials.projections.guards import TrialGuard
from services.trials.projections.obligations import ObligationRow, fold_obligation, obligation_keys
from shared.contracts.message import Facts, Need, Refusal, Wake
from shared.contracts.trials.obligation import (
    ObligationAgreed,
    ObligationName,
    ObligationReturned,
    ObligationTransferred,
)
from shared.contracts.trials.site import SiteReady
from shared.contracts.trials.trial import TrialPlanRecorded
from tests.support.touched import touched
from tests.unit.trials.trials_world import TRIAL, recorded

ONE, OTHER, PLANNED = UUID(int=71), UUID(int=72), UUID(int=73)
BY_PLAN = Facts(TrialGuard(TRIAL, owner_id=PLANNED))
TODAY = date(2026, 3, 10)
NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
DAY = timedelta(days=1)
SHA = "a" * 64
WAKE = Wake(stream=UUID(int=5))
NOT_GIVEN = "obligation.not_transferred"
Name = Literal["monitoring", "safety_reporting", "registry"]


def transfer(
    to: UUID = ONE, since: date = TODAY, names: Sequence[ObligationName] = ("monitoring",), **other: Any
) -> TransferObligations:
    about = {"document_ref": "toro:1", "sha256": SHA} | other
    return TransferObligations(
        trial_id=TRIAL, obligations=tuple(names), organisation_id=to, since=since, **about
    )


def take_back(
    since: date, names: Sequence[ObligationName] = ("monitoring",), **other: Any
) -> ReturnObligations:
    about = {"document_ref": "toro:2", "sha256": SHA} | other
    return ReturnObligations(trial_id=TRIAL, obligations=tuple(names), since=since, **about)


def run(
    *commands: TransferObligations | ReturnObligations | Wake,
    ledger: Ledger | None = None,
    now: datetime = NOW,
    facts: Facts = BY_PLAN,
) -> tuple[Ledger, list[Any]]:
    state, told = ledger or Ledger(), []
    for command in commands:
        made = decide(state, command, facts, now)
        assert not isinstance(made, Refusal), made
        told += made
        for event in made:
            state = evolve(state, event)
    return state, told


def refused(ledger: Ledger, command: TransferObligations | ReturnObligations) -> str:
    made = decide(ledger, command, BY_PLAN, NOW)
    assert isinstance(made, Refusal)
    return made.rule


def kinds(told: Sequence[Any]) -> list[type]:
    return [type(event) for event in told]


def test_a_transfer_from_today_is_agreed_and_takes_effect_at_once_with_its_document() -> None:
    _, told = run(transfer())
    assert kinds(told) == [ObligationAgreed, ObligationTransferred]
    assert (told[1].organisation_id, told[1].since, told[1].document_ref) == (ONE, TODAY, "toro:1")


def test_one_document_transfers_several_obligations_and_no_other() -> None:
    ledger, told = run(transfer(names=("monitoring", "registry", "monitoring")))
    assert [event.obligation for event in told] == ["monitoring", "registry"] * 2
    assert owner_on(ledger.of("data_management"), TODAY) is None


def test_a_transfer_from_a_coming_day_is_told_on_that_local_day_and_not_before() -> None:
    ledger, told = run(transfer(since=TODAY + DAY, zone="America/New_York"))
    assert kinds(told) == [ObligationAgreed]
    at = wake_at(ledger)
    assert at == datetime(2026, 3, 11, 4, tzinfo=UTC)
    assert run(WAKE, ledger=ledger, now=at - timedelta(seconds=1))[1] == []
    ledger, told = run(WAKE, ledger=ledger, now=at)
    assert kinds(told) == [ObligationTransferred]
    assert (wake_at(ledger), run(WAKE, ledger=ledger, now=at)[1]) == (None, [])


def test_what_was_missed_while_nobody_looked_is_told_in_its_order() -> None:
    ledger, _ = run(transfer(since=TODAY + DAY), take_back(TODAY + 3 * DAY))
    _, told = run(WAKE, ledger=ledger, now=NOW + 10 * DAY)
    assert kinds(told) == [ObligationTransferred, ObligationReturned]
    assert (told[1].since, told[1].document_ref) == (TODAY + 3 * DAY, "toro:2")


def test_an_obligation_is_taken_back_and_given_to_another_on_the_same_day() -> None:
    ledger, told = run(transfer(since=TODAY - 30 * DAY), take_back(TODAY), transfer(OTHER, TODAY))
    assert kinds(told)[2:] == [ObligationAgreed, ObligationReturned, ObligationAgreed, ObligationTransferred]
    days = [TODAY - 31 * DAY, TODAY - DAY, TODAY]
    assert [owner_on(ledger.of("monitoring"), day) for day in days] == [None, ONE, OTHER]


def test_repeating_what_is_agreed_changes_nothing() -> None:
    ledger, _ = run(transfer())
    assert run(transfer(), ledger=ledger)[1] == []
    ledger, _ = run(take_back(TODAY + DAY), ledger=ledger)
    assert run(take_back(TODAY + DAY), transfer(), ledger=ledger)[1] == []


def test_what_is_taken_back_before_it_began_never_was() -> None:
    ledger, _ = run(transfer(since=TODAY + 5 * DAY), take_back(TODAY + 5 * DAY))
    assert (ledger.of("monitoring"), wake_at(ledger)) == ((), None)
    assert run(transfer(OTHER, TODAY), ledger=ledger)[1]


def test_the_next_organisation_s_obligation_is_taken_back_on_the_day_on_which_the_former_s_ended() -> None:
    since = TODAY + 5 * DAY
    ledger, _ = run(transfer(since=TODAY - 9 * DAY), take_back(since), transfer(OTHER, since))
    assert run(take_back(since), ledger=ledger)[1] == []
    back = take_back(since, document_ref="toro:3")
    ledger, told = run(back, ledger=ledger)
    assert kinds(told) == [ObligationAgreed]
    assert [owner_on(ledger.of("monitoring"), day) for day in (since - DAY, since)] == [ONE, None]
    assert run(back, ledger=ledger)[1] == []
    assert kinds(run(WAKE, ledger=ledger, now=NOW + 9 * DAY)[1]) == [ObligationReturned]


@pytest.mark.parametrize(
    ("given", "command", "rule"),
    [
        ([transfer(), take_back(TODAY + DAY)], take_back(TODAY + DAY, document_ref="toro:9"), NOT_GIVEN),
        ([transfer()], transfer(OTHER, TODAY + 9 * DAY), "obligation.overlap"),
        ([transfer(), take_back(TODAY + 5 * DAY)], transfer(OTHER, TODAY + 4 * DAY), "obligation.overlap"),
        ([transfer()], transfer(document_ref="toro:9"), "obligation.overlap"),
        ([], take_back(TODAY), NOT_GIVEN),
        ([transfer(), take_back(TODAY + DAY)], take_back(TODAY + 2 * DAY), NOT_GIVEN),
        ([transfer()], take_back(TODAY), "obligation.before_transfer"),
        ([transfer(since=TODAY + DAY)], take_back(TODAY), "obligation.before_transfer"),
        ([transfer()], transfer(names=("registry",), zone="Asia/Tokyo"), "obligation.zone"),
    ],
)
def test_two_owners_on_one_day_and_ends_before_beginnings_are_refused(
    given: list[Any], command: Any, rule: str
) -> None:
    ledger, _ = run(*given)
    assert refused(ledger, command) == rule


def test_where_one_of_several_obligations_is_refused_none_is_transferred() -> None:
    ledger, _ = run(transfer())
    assert refused(ledger, transfer(OTHER, TODAY, ("registry", "monitoring"))) == "obligation.overlap"


SAFETY: tuple[ObligationName, ...] = ("safety_reporting",)


def test_what_an_organisation_has_by_the_plan_is_taken_back_in_writing_on_its_day() -> None:
    assert take_back(TODAY).needs() == (Need(TrialGuard, (TRIAL,)),)
    since = TODAY + 2 * DAY
    ledger, told = run(take_back(since, SAFETY))
    assert (kinds(told), told[0].carried_by) == ([ObligationAgreed], PLANNED)
    assert [owner_on(ledger.of(SAFETY[0]), day) for day in (since - DAY, since)] == [PLANNED, None]
    assert refused(ledger, transfer(OTHER, since - DAY, SAFETY)) == "obligation.overlap"
    assert refused(ledger, take_back(since + DAY, SAFETY)) == NOT_GIVEN
    assert run(take_back(since, SAFETY), ledger=ledger)[1] == []
    _, told = run(WAKE, ledger=ledger, now=NOW + 2 * DAY)
    assert kinds(told) == [ObligationReturned]
    assert (told[0].organisation_id, told[0].document_ref) == (PLANNED, "toro:2")


@pytest.mark.parametrize("facts", [Facts(), Facts(TrialGuard(TRIAL))])
def test_what_nobody_has_by_the_plan_is_not_taken_back(facts: Facts) -> None:
    made = decide(Ledger(), take_back(TODAY, SAFETY), facts, NOW)
    assert isinstance(made, Refusal)
    assert made.rule == refused(Ledger(), take_back(TODAY, ("monitoring",))) == NOT_GIVEN


def test_a_transfer_that_is_taken_back_before_it_began_leaves_the_plan_s_organisation() -> None:
    since = TODAY + 2 * DAY
    cancelled = (transfer(OTHER, since, SAFETY), take_back(since, SAFETY))
    ledger, _ = run(*cancelled)
    assert run(cancelled[1], ledger=ledger)[1] == []
    _, told = run(take_back(since, SAFETY, document_ref="toro:3"), ledger=ledger)
    assert told[0].carried_by == PLANNED


def test_the_guard_of_a_trial_has_the_organisation_of_its_plan() -> None:
    about: dict[str, Any] = {"study_type": "INTERVENTIONAL", "route": "us_ind", "owner": "cro"}
    plan = TrialPlanRecorded(trial_id=TRIAL, title="T", owner_id=PLANNED, **about)
    assert fold_trial_guard(None, recorded(plan, TRIAL), (TRIAL,)).owner_id == PLANNED


def test_the_row_of_what_came_by_the_plan_is_spoken_of_once_it_was_taken_back() -> None:
    _, told = run(take_back(TODAY, SAFETY))
    row = None
    for event in told:
        row = fold_obligation(row, recorded(event, TRIAL), (TRIAL, SAFETY[0]))
    assert row is not None
    assert (row.organisation_id, row.spoken) == (None, True)
    (period,) = row.periods
    assert (period.organisation_id, period.since, period.by, period.until) == (PLANNED, None, None, TODAY)


@pytest.mark.parametrize("missing", ["document_ref", "sha256"])
def test_nothing_is_transferred_without_a_written_document(missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        TransferObligations.model_validate(transfer().model_dump() | {missing: ""})


STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 40), st.sampled_from([ONE, OTHER])), max_size=12)
NAMED: st.SearchStrategy[ObligationName] = st.sampled_from(["monitoring", "safety_reporting"])


@given(STEPS, NAMED)
def test_a_signed_act_is_refused_or_holds_from_its_day_on_and_is_not_dropped(
    steps: list[tuple[bool, int, UUID]], name: ObligationName
) -> None:
    ledger = Ledger()
    for document, (gives, n, to) in enumerate(steps):
        since, by = TODAY + n * DAY, {"document_ref": f"toro:{document}"}
        command = transfer(to, since, (name,), **by) if gives else take_back(since, (name,), **by)
        made = decide(ledger, command, BY_PLAN, NOW)
        if isinstance(made, Refusal):
            continue
        for event in made:
            ledger = evolve(ledger, event)
        assert made
        assert owner_on(ledger.of(name), since) == (to if gives else None)
        assert decide(ledger, command, BY_PLAN, NOW) == []


@given(STEPS, st.integers(0, 60), NAMED)
def test_every_day_has_one_owner_and_what_is_told_is_what_the_day_says(
    steps: list[tuple[bool, int, UUID]], days: int, name: ObligationName
) -> None:
    ledger = Ledger()
    for gives, n, to in steps:
        since = TODAY + n * DAY
        command = transfer(to, since, (name,)) if gives else take_back(since, (name,))
        made = decide(ledger, command, BY_PLAN, NOW)
        for event in [] if isinstance(made, Refusal) else made:
            ledger = evolve(ledger, event)
    periods = ledger.of(name)
    for n in range(70):
        assert sum(period.covers(TODAY + n * DAY) for period in periods) <= 1
    now, row, told = NOW + days * DAY, ObligationRow(TRIAL, name), []
    woken, made = run(WAKE, ledger=ledger, now=now)
    for event in made:
        row = fold_obligation(row, recorded(event, TRIAL), (TRIAL, name))
        told.append(event.since)
    assert told == sorted(told)
    if made:
        assert row.organisation_id == owner_on(periods, TODAY + days * DAY)
    later = wake_at(woken)
    assert later is None or later > now


def test_the_row_shows_who_carries_it_and_every_period_with_its_documents() -> None:
    _, told = run(transfer(since=TODAY - 9 * DAY), take_back(TODAY), transfer(OTHER, TODAY + DAY))
    row = None
    for n, event in enumerate(told, 1):
        message = recorded(event, TRIAL, n)
        (key,) = touched(obligation_keys, message)
        row = fold_obligation(row, message, key)
    assert row is not None
    assert (row.organisation_id, row.spoken, row.zone) == (None, True, "UTC")
    assert [(one.organisation_id, one.since, one.until) for one in row.periods] == [
        (ONE, TODAY - 9 * DAY, TODAY),
        (OTHER, TODAY + DAY, None),
    ]
    assert row.periods[0].ended_by is not None
    ready = SiteReady(trial_id=TRIAL, site_id=UUID(int=2), gates=())
    assert touched(obligation_keys, recorded(ready, TRIAL)) == ()
