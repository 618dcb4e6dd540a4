"""Who owns a trial's deadlines follows its ledger, in whatever order topics bring ledger and deadlines."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from services.regulatory.projections import ReportRow
from services.retrieval import commands as records
from services.trials.commands.obligations import ReturnObligations, TransferObligations
from services.trials.commands.trial import RegisterTrial
from shared.contracts import regulatory, retrieval
from shared.contracts.deadline import DeadlineReturned
from shared.contracts.trials.obligation import ObligationName
from shared.rules.deadlines import DeadlineRow
from shared.rules.ledger_rows import TrialDeadlines
from shared.rules.obligations import obligation_of
from tests.support.flow import Act, Flow
from tests.unit import test_chain_orders as chain

ONE, OTHER, PLANNED = UUID(int=71), UUID(int=72), UUID(int=73)
SERVICES = ("regulatory", "safety", "retrieval")
SPONSORS = {("sponsor", None)}  # what nobody was given in writing
OPEN = ("armed", "at_risk", "missed")
WRITTEN: dict[str, Any] = {"trial_id": chain.TRIAL, "document_ref": "toro:1", "sha256": "a" * 64}


def give(name: str, to: UUID, *obligations: ObligationName) -> Act:
    command = TransferObligations(**WRITTEN, obligations=obligations, organisation_id=to, since=chain.TODAY)
    return Act(name, "trials", command)


GIVEN = give("give", ONE, "safety_reporting", "investigator_letters", "record_retrieval")
LATER = chain.TODAY + timedelta(days=1)
BACK = Act(
    "back",
    "trials",
    ReturnObligations(**WRITTEN, obligations=("investigator_letters",), since=LATER),
)


def acts(flow: Flow) -> Iterator[Act]:
    """The chain up to a leg that was sent, and the ledger, side by side."""
    yield GIVEN
    if "give" in flow.done:
        yield BACK
    yield chain.DETERMINATION if "event" in flow.done else chain.EVENT
    yield from sending(flow)


def sending(flow: Flow) -> Iterator[Act]:
    """The steps of a leg until it is sent."""
    for request in flow.events(retrieval.RequestOpened):
        steps = chain._retrieving(flow, request.request_id)
        yield from (act for act in steps if act.name[:6] in ("step 0", "step 1", "step 2"))


def owners(flow: Flow, service: str) -> dict[str, set[tuple[str | None, UUID | None]]]:
    found: dict[str, set[tuple[str | None, UUID | None]]] = {}
    for row in flow.rows_of(service, DeadlineRow):
        if row.status in OPEN:
            found.setdefault(str(obligation_of(row.code)), set()).add((row.owner, row.organisation_id))
    return found


def played(seed: int, doubled: bool, plan: UUID | None = None) -> Flow:
    flow = Flow(chain.SERVICES, Random(seed), chain.NOW, doubled)  # noqa: S311 - an order, not a secret
    by: dict[str, Any] = {"owner": "cro", "owner_id": plan} if plan else {}
    register = RegisterTrial(trial_id=chain.TRIAL, title="A trial", sponsor="Sponsor", **by)
    flow.act(Act("register", "trials", register))
    for act in chain.BEFORE[1:]:
        flow.act(act)
    return flow


@pytest.mark.parametrize("doubled", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_every_open_deadline_is_the_ledger_s_in_whatever_order_it_comes(seed: int, doubled: bool) -> None:
    flow = played(seed, doubled)
    flow.run(acts)
    assert flow.refused == []
    transferred = {("cro", ONE)}
    told: dict[str, Any] = {}
    for service in SERVICES:
        told |= owners(flow, service)
    assert told == {
        "safety_reporting": transferred,
        "investigator_letters": transferred,
        "record_retrieval": transferred,
        "registry": SPONSORS,
    }
    reports = flow.rows_of("regulatory", ReportRow)
    assert {row.organisation_id for row in reports} == {ONE}
    flow.wake(flow.now + timedelta(days=1))
    flow.run(lambda _: [])
    after = owners(flow, "regulatory")
    assert after["investigator_letters"] == SPONSORS
    assert after["safety_reporting"] == transferred
    letters = {row.organisation_id for row in reports_of(flow, "investigators")}
    assert letters == {None}
    assert {row.organisation_id for row in reports_of(flow, "FDA")} == {ONE}
    for service in SERVICES:  # what trials shows of others' deadlines is what they show themselves
        for row in flow.rows_of(service, DeadlineRow):
            (shown,) = [x for x in flow.rows_of("trials", DeadlineRow) if x.deadline_id == row.deadline_id]
            assert (shown.owner, shown.organisation_id) == (row.owner, row.organisation_id)
        held = {one for row in flow.rows_of(service, TrialDeadlines) for one in row.open}
        open_ones = {row.deadline_id for row in flow.rows_of(service, DeadlineRow) if row.status in OPEN}
        assert held == open_ones


def reports_of(flow: Flow, destination: str) -> list[Any]:
    return [row for row in flow.rows_of("regulatory", ReportRow) if row.destination == destination]


@pytest.mark.parametrize("seed", range(6))
def test_the_plan_s_organisation_has_the_safety_obligations_until_the_ledger_speaks(seed: int) -> None:
    flow = played(seed, doubled=False, plan=PLANNED)

    def unspoken(flow: Flow) -> Iterator[Act]:
        yield chain.DETERMINATION if "event" in flow.done else chain.EVENT

    flow.run(unspoken)
    assert flow.refused == []
    assert owners(flow, "regulatory") == {
        "safety_reporting": {("cro", PLANNED)},
        "investigator_letters": {("cro", PLANNED)},
        "registry": SPONSORS,
    }
    flow.act(give("letters", OTHER, "investigator_letters"))
    flow.run(lambda _: [])
    assert owners(flow, "regulatory") == {
        "safety_reporting": {("cro", PLANNED)},
        "investigator_letters": {("cro", OTHER)},
        "registry": SPONSORS,
    }
    back = ReturnObligations(**WRITTEN, obligations=("safety_reporting",), since=chain.TODAY)
    flow.act(Act("plan back", "trials", back))
    flow.run(lambda _: [])
    assert owners(flow, "regulatory") == {
        "safety_reporting": SPONSORS,
        "investigator_letters": {("cro", OTHER)},
        "registry": SPONSORS,
    }
    assert {row.organisation_id for row in reports_of(flow, "FDA")} == {None}


def test_a_vendor_s_leg_stays_the_vendor_s_whatever_the_ledger_says() -> None:
    flow = played(1, doubled=False)

    def sent(flow: Flow) -> Iterator[Act]:
        yield chain.DETERMINATION if "event" in flow.done else chain.EVENT
        yield from sending(flow)

    flow.run(sent)
    (leg,) = flow.events(retrieval.LegSent)
    handed = records.AssignLeg(request_id=leg.request_id, leg_id=leg.leg_id, organisation_id=OTHER)
    flow.act(Act("hand", "retrieval", handed))
    flow.run(lambda _: [])
    flow.act(give("records", ONE, "record_retrieval"))
    flow.run(lambda _: [])
    assert owners(flow, "retrieval") == {"record_retrieval": {("cro", OTHER)}}
    assert flow.events(DeadlineReturned) == []
    assert flow.events(regulatory.ReportAssigned) == []
