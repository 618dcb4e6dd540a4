"""What holds for every history of sites and their people: rows do not depend on the order of streams."""

from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.trials.commands.investigator import EndInvestigator
from services.trials.projections import sites
from services.trials.rules.site_states import TRANSITIONS
from shared.contracts.message import Command, Recorded, Refusal
from tests.unit.trials.test_contract_states import STATUSES as CONTRACT_STATUSES
from tests.unit.trials.test_contract_states import step
from tests.unit.trials.test_investigators import NURSE, PI, add, delegate, of, show
from tests.unit.trials.test_site_states import ACT, APPLY, LIFT, OTHER, SUITABLE, TODAY, WAY, at
from tests.unit.trials.trials_world import OWN, SITE, World

persons = st.sampled_from([PI, NURSE])
kinds = st.sampled_from(["gcp_training", "protocol_training", "licence", "cv"])
of_people = st.one_of(
    st.builds(add, persons, st.sampled_from(["principal", "sub", "coordinator"])),
    st.builds(lambda person, kind: show(kind, person=person), persons, kinds),
    st.builds(delegate, persons, st.sampled_from(["consent", "dosing"])),
    st.builds(lambda person: EndInvestigator(**of(person), until=TODAY), persons),
)
of_sites = st.sampled_from(
    [act for acts in (*ACT.values(), *OTHER.values()) for act in acts] + [SUITABLE, LIFT]
)
of_contracts = st.sampled_from([step(status, TODAY) for status in CONTRACT_STATUSES])
histories = st.tuples(
    st.sampled_from([way for status, way in WAY.items() if TRANSITIONS[status]]),
    st.lists(of_people | of_sites | of_contracts, max_size=25),
)


def lived(history: tuple[tuple[Command, ...], list[Command]]) -> World:
    world = at("identified")
    for command in (*history[0], *history[1]):
        world.do(command)
    return world


def folded(messages: list[Recorded[Any]]) -> dict[Any, Any]:
    rows: dict[Any, Any] = {}
    for message in messages:
        for one, key in OWN.touched(message):
            rows[one.row, key] = one.fold(rows.get((one.row, key)), message, key)
    return rows


@settings(max_examples=60, deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_rows_of_sites_and_people_do_not_depend_on_the_order_of_streams(history: Any, random: Any) -> None:
    told = lived(history).told
    waiting: dict[UUID, list[Recorded[Any]]] = {}
    for message in told:
        waiting.setdefault(message.stream_id, []).append(message)
    shuffled: list[Recorded[Any]] = []
    while waiting:
        stream = random.choice(sorted(waiting))
        shuffled.append(waiting[stream].pop(0))
        if not waiting[stream]:
            del waiting[stream]
    assert folded(told) == folded(shuffled)


@settings(max_examples=60, deadline=None)
@given(histories)
def test_the_row_of_a_site_stands_where_the_site_stands(history: Any) -> None:
    world = lived(history)
    row = folded(world.told)[sites.SiteRow, (SITE,)]
    assert row.status == world.site().status
    assert row.reason is None or row.status in ("declined", "not_selected", "terminated")


@settings(max_examples=60, deadline=None)
@given(histories)
def test_what_was_just_done_to_a_site_causes_nothing_when_done_again(history: Any) -> None:
    world = at("identified")
    for command in (*history[0], *history[1]):
        if not isinstance(world.do(command), Refusal) and command not in (APPLY, LIFT):
            assert world.decide(command) == []


@settings(max_examples=60, deadline=None)
@given(histories)
def test_a_site_goes_only_where_its_states_lead(history: Any) -> None:
    world, known = at("identified"), set()
    for command in (*history[0], *history[1]):
        before = world.site().status
        told = len(world.streams[SITE])
        world.do(command)
        after = world.site().status
        steps = len(world.streams[SITE]) - told
        assert before == after or after in TRANSITIONS[before] or steps > 1
        known.add(after)
    assert known <= set(TRANSITIONS)
