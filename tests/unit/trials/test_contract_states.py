"""Every pair of a contract's statuses, its days and its turns, and the gate that its execution opens."""

from datetime import date
from typing import Any, get_args
from uuid import UUID

import pytest

from services.trials.commands.site_contract import (
    AbandonContract,
    ContractCommand,
    ExecuteContract,
    TakeContractStep,
)
from services.trials.projections.site_contracts import ContractRow, contract_keys, fold_contract
from services.trials.rules.contract_states import GUARDS, TO_ACT, TRANSITIONS
from shared.contracts.message import Refusal, Wake
from shared.contracts.trials.site_contract import (
    ContractExecuted,
    ContractStatus,
    ContractStep,
    ContractStepTaken,
)
from tests.support.touched import touched
from tests.unit.trials.test_site_states import AT, DAY, TODAY, at
from tests.unit.trials.trials_world import SITE, World

CONTRACT = UUID(int=70)
OF: dict[str, Any] = {**AT, "contract_id": CONTRACT}
STATUSES: tuple[ContractStatus, ...] = (*get_args(ContractStep), "executed", "abandoned")
# The shortest way to each status; every step on the day after the one before it.
WAY: dict[ContractStatus, tuple[ContractStatus, ...]] = {
    "draft_sent": ("draft_sent",),
    "comments": ("draft_sent", "comments"),
    "budget_agreed": ("draft_sent", "budget_agreed"),
    "legal_review": ("draft_sent", "budget_agreed", "legal_review"),
    "signed_by_site": ("draft_sent", "budget_agreed", "legal_review", "signed_by_site"),
    "executed": ("draft_sent", "budget_agreed", "legal_review", "signed_by_site", "executed"),
    "abandoned": ("draft_sent", "abandoned"),
}
BEGUN = TODAY - 10 * DAY


def step(to: ContractStatus, on: date, **more: Any) -> ContractCommand:
    if to == "executed":
        return ExecuteContract(**OF, executed_on=on, document_ref="etmf/cta", **more)
    if to == "abandoned":
        return AbandonContract(**OF, reason="no_agreement", on=on, **more)
    return TakeContractStep(**OF, step=to, on=on, **more)


def negotiated(status: ContractStatus) -> World:
    world = at("selected")
    for days, one in enumerate(WAY[status]):
        assert not isinstance(world.do(step(one, BEGUN + days * DAY)), Refusal)
    return world


def status_of(world: World) -> ContractStatus:
    found: ContractStatus = world.states[CONTRACT][1].status
    return found


@pytest.mark.parametrize("to", STATUSES)
@pytest.mark.parametrize("before", STATUSES)
def test_a_contract_steps_only_as_its_states_say(before: ContractStatus, to: ContractStatus) -> None:
    world = negotiated(before)
    decision = world.do(step(to, TODAY))
    if to in TRANSITIONS[before]:
        assert status_of(world) == to
    else:
        told = isinstance(decision, Refusal) and decision.rule == "contract.transition"
        assert told or (before == to == "abandoned" and decision == [])
        assert status_of(world) == before


@pytest.mark.parametrize("pair", GUARDS)
def test_the_days_of_a_step_follow_each_other(pair: tuple[ContractStatus, ContractStatus]) -> None:
    before, to = pair
    world = negotiated(before)
    assert to in TRANSITIONS[before]
    wrong = [step(to, BEGUN - DAY), step(to, TODAY + DAY)]
    if to == "executed":
        wrong.append(step(to, TODAY, expires_on=TODAY - DAY))
    refusals = [world.do(act) for act in wrong]
    assert {one.rule for one in refusals if isinstance(one, Refusal)} == set(GUARDS[pair])
    assert status_of(world) == before


def test_a_contract_begins_with_its_draft_at_a_site_of_the_trial() -> None:
    refusals = [
        World().do(step("draft_sent", TODAY)),
        at("selected").do(step("legal_review", TODAY)),
        at("selected").do(step("abandoned", TODAY)),
        negotiated("draft_sent").decide(step("comments", TODAY).model_copy(update={"trial_id": UUID(int=9)})),
    ]
    assert [one.rule for one in refusals if isinstance(one, Refusal)] == [
        "site.unknown",
        "contract.unknown",
        "contract.unknown",
        "site.unknown",
    ]


def test_a_contract_stays_with_its_site() -> None:
    world = negotiated("draft_sent")
    guard = next(row for key, row in world.guards.items() if key[0].__name__ == "SiteGuard")
    other = UUID(int=71)
    world.guards[type(guard), (other,)] = type(guard)(other, trial_id=guard.trial_id, zone="UTC")
    refusal = world.decide(step("comments", TODAY).model_copy(update={"site_id": other}))
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "contract.other_site"


def test_each_step_tells_how_long_the_one_before_lasted_and_whose_turn_it_is() -> None:
    world = negotiated("legal_review")
    told = [(e.step, e.before, e.days, e.to_act) for e in world.events(ContractStepTaken)]
    assert told == [
        ("draft_sent", None, None, "site"),
        ("budget_agreed", "draft_sent", 1, "cro"),
        ("legal_review", "budget_agreed", 1, "site"),
    ]
    world.do(step("comments", TODAY, to_act="sponsor"))
    assert world.events(ContractStepTaken)[-1].to_act == "sponsor"
    assert set(TO_ACT) == set(get_args(ContractStep))


def test_an_executed_contract_opens_the_gate_until_its_last_day() -> None:
    world = negotiated("signed_by_site")
    world.do(step("executed", TODAY - DAY, effective_on=TODAY - 3 * DAY, expires_on=TODAY + 300 * DAY))
    (executed,) = world.events(ContractExecuted)
    assert executed.days == 9
    assert world.site().gates.open["contract"].valid_to == TODAY + 300 * DAY


def test_an_amendment_opens_no_gate() -> None:
    world = at("selected")
    for days, one in enumerate(WAY["signed_by_site"]):
        world.do(TakeContractStep(**OF, kind="amendment", step=one, on=BEGUN + days * DAY))  # type: ignore[arg-type]
    world.do(step("executed", TODAY))
    assert world.events(ContractExecuted)[0].kind == "amendment"
    assert "contract" not in world.site().gates.open


@pytest.mark.parametrize("status", STATUSES)
def test_a_step_that_was_taken_on_that_day_causes_nothing_again(status: ContractStatus) -> None:
    world = negotiated(status)
    day = BEGUN + (len(WAY[status]) - 1) * DAY
    assert world.decide(step(status, day)) == []
    world.wake(CONTRACT)
    assert status_of(world) == status
    assert Wake(stream=CONTRACT).stream_id == CONTRACT


def test_a_row_keeps_every_step_and_how_it_ended() -> None:
    rows: dict[ContractStatus, ContractRow] = {}
    for status in STATUSES:
        row: ContractRow | None = None
        for message in negotiated(status).told:
            for key in touched(contract_keys, message):
                row = fold_contract(row, message, key)
        assert row is not None
        rows[status] = row
    assert [(one.step, one.on) for one in rows["executed"].steps] == [
        (name, BEGUN + days * DAY) for days, name in enumerate(WAY["executed"][:-1])
    ]
    done, gone = rows["executed"], rows["abandoned"]
    assert (done.to_act, done.ended_on, done.opened_on) == (None, BEGUN + 4 * DAY, BEGUN)
    assert (gone.status, gone.reason, gone.ended_on) == ("abandoned", "no_agreement", BEGUN + DAY)
    assert (rows["comments"].to_act, rows["comments"].site_id) == ("cro", SITE)
