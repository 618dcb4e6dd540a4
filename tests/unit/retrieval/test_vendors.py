"""Legs that were handed to vendors: whose they are, what is told of them, and who may command on them."""

from typing import Any
from uuid import UUID

from services.retrieval import commands as c
from services.retrieval import reactions
from services.retrieval.domain import held_by
from services.retrieval.projections import custody, legs, requests
from shared.contracts import retrieval as r
from shared.contracts.message import Facts
from shared.rules.deadlines import ArmDeadline, AssignDeadline
from shared.rules.vault_commands import HandVault
from tests.unit.retrieval import desk as d
from tests.unit.retrieval.test_rows import folded, recorded, stream

ONE, OTHER = UUID(int=71), UUID(int=72)


def assign(to: UUID, leg_id: UUID = d.LEG) -> c.AssignLeg:
    return c.AssignLeg(request_id=d.REQUEST, leg_id=leg_id, organisation_id=to)


def to_own(event: r.RequestEvent) -> list[Any]:
    return list(reactions.react_to_own(recorded(event), Facts()))


def test_a_leg_is_handed_over_once_and_handing_it_on_takes_it_away() -> None:
    desk = d.desk(d.leg(), d.leg(d.OTHER_LEG))
    (event,) = desk.do(assign(ONE))
    assert isinstance(event, r.LegAssigned)
    assert (event.organisation_id, event.holders, event.first_sent_on) == (ONE, (ONE,), None)
    assert desk.do(assign(ONE)) == []
    (event,) = desk.do(assign(ONE, d.OTHER_LEG))
    assert isinstance(event, r.LegAssigned)
    assert event.holders == (ONE,)
    (event,) = desk.do(assign(OTHER))
    assert isinstance(event, r.LegAssigned)
    assert event.holders == (ONE, OTHER), "the first vendor has the other leg still"
    assert desk.state.legs[d.LEG].organisation == OTHER


def test_a_leg_that_has_ended_or_is_not_there_is_handed_to_nobody() -> None:
    desk = d.desk(d.leg())
    assert desk.refusal(assign(ONE, d.OTHER_LEG)) == "unknown_leg"
    desk.do(d.of_leg(c.CancelLeg, reason="not_needed"))
    assert desk.refusal(assign(ONE)) == "leg_ended"


def test_a_vendor_commands_on_its_own_leg_and_does_not_hand_it_on() -> None:
    desk = d.desk(d.leg(), d.leg(d.OTHER_LEG), assign(ONE))
    assert held_by(desk.state, d.send()) == ONE
    assert held_by(desk.state, d.receive()) == ONE
    others = (d.send(d.OTHER_LEG), assign(OTHER), d.leg(UUID(int=99)), d.opening(), d.revoke(d.LEG), None)
    for command in others:
        assert held_by(desk.state, command) is None, command


def test_every_event_of_a_leg_says_whose_it_is() -> None:
    desk = d.desk(d.leg(), d.leg(d.OTHER_LEG), d.accept(), assign(ONE), d.send(), d.receive())
    desk.do(assign(OTHER))
    desk.do(d.release())
    of_leg = [e for e in desk.events if isinstance(e, r.AboutLeg) and e.leg_id == d.LEG]
    assert {type(event): event.organisation_id for event in of_leg} == {
        r.LegAdded: None,
        r.LegalBasisVerified: None,
        r.LegSent: ONE,
        r.RecordsReceived: ONE,
        r.LegAssigned: OTHER,
        r.RecordsQcPassed: OTHER,
    }


def test_rows_go_with_the_leg_and_what_was_done_stays_with_who_did_it() -> None:
    desk = d.desk(d.leg(), d.leg(d.OTHER_LEG), d.accept(), assign(ONE), d.send(), d.receive())
    desk.do(assign(OTHER))
    desk.do(d.release())
    told = stream(desk.events)
    by_leg = folded(told, legs.leg_keys, legs.fold_leg)
    assert {key[0]: row.organisation_id for key, row in by_leg.items()} == {d.LEG: OTHER, d.OTHER_LEG: None}
    (request,) = folded(told, requests.request_keys, requests.fold_request).values()
    assert request.organisation_ids == (OTHER,)
    acts = folded(told, custody.custody_keys, custody.fold_custody).values()
    assert [(act.act, act.organisation_id) for act in acts] == [("received", ONE), ("qcpassed", OTHER)]


def test_a_service_level_is_the_vendor_s_and_goes_with_the_leg() -> None:
    desk = d.desk(d.leg(), d.accept(), assign(ONE))
    (handed,) = to_own(desk.events[-1])
    assert isinstance(handed, HandVault), "nothing is owed before it is sent"
    desk.do(d.send())
    (arm,) = to_own(desk.events[-1])
    assert isinstance(arm, ArmDeadline)
    assert (arm.organisation_id, arm.owner) == (ONE, "cro")
    desk.do(assign(OTHER))
    on = AssignDeadline(deadline_id=arm.deadline_id, trial_id=d.TRIAL, organisation_id=OTHER)
    assert to_own(desk.events[-1])[1:] == [on]
