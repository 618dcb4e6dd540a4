"""A parked record is discarded by two persons, one at a time, and only what its stream waits for."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product
from uuid import UUID

import pytest
from pydantic import ValidationError

from shared.contracts.message import Actor, Facts, Refusal
from shared.contracts.parked import Discarded, DiscardProposed, DiscardWithdrawn, ParkedEvent, ParkedRecord
from shared.rules.discard import Discard, Lying, decide, evolve
from shared.rules.discard_commands import (
    AtPlace,
    ConfirmDiscard,
    DiscardCommand,
    InStream,
    OvertakeDiscard,
    ProposeDiscard,
    WithdrawDiscard,
    discard_id,
)

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
STREAM = UUID(int=7)
RECORD = ParkedRecord(
    group="safety.trials",
    topic="trials.events",
    partition=3,
    offset=41,
    stream_id=STREAM,
    version=2,
    event_type="trials.site.activated.v1",
    sha256="ab" * 32,
)
ID = discard_id(RECORD)
PROPOSE = ProposeDiscard(
    group="safety.trials",
    record=InStream(stream_id=STREAM, version=2),
    reason_code="malformed",
    meaning="proposes",
)
CONFIRM = ConfirmDiscard(discard_id=ID, meaning="confirms")
WITHDRAW, OVERTAKE = WithdrawDiscard(discard_id=ID), OvertakeDiscard(discard_id=ID)


def seen(by: str, record: ParkedRecord | None = None, **how: bool) -> Facts:
    """Who asks, and how the record lies."""
    return Facts(Lying(record, **how), actor=Actor(by, "operator"))


ONE, OTHER = seen("op-01", RECORD), seen("qa-02", RECORD)
PROPOSED = DiscardProposed(discard_id=ID, record=RECORD, reason_code="malformed", proposed_by="op-01")
DISCARDED = Discarded(
    discard_id=ID, record=RECORD, reason_code="malformed", proposed_by="op-01", confirmed_by="qa-02"
)
TAKEN_BACK = DiscardWithdrawn(discard_id=ID, record=RECORD, reason_code="malformed", why="taken_back")
REPLAYED = TAKEN_BACK.model_copy(update={"why": "replayed"})


def given(*events: ParkedEvent) -> Discard:
    state = Discard()
    for event in events:
        state = evolve(state, event)
    return state


def when(
    command: DiscardCommand, facts: Facts | None, *events: ParkedEvent
) -> Sequence[ParkedEvent] | str | None:
    """The events of the command after these, or the rule that refuses it."""
    decision = decide(given(*events), command, facts or Facts(), NOW)
    return decision.rule if isinstance(decision, Refusal) else decision


def test_one_person_proposes_and_another_confirms() -> None:
    assert when(PROPOSE, ONE) == [PROPOSED]
    assert when(CONFIRM, OTHER, PROPOSED) == [DISCARDED]


def test_who_proposed_it_never_confirms_it() -> None:
    assert when(CONFIRM, ONE, PROPOSED) == "two_persons"
    assert when(CONFIRM, ONE, PROPOSED, DISCARDED) == "two_persons"
    assert when(CONFIRM, ONE, PROPOSED, TAKEN_BACK, PROPOSED) == "two_persons"


def test_what_is_done_is_done_once() -> None:
    assert when(PROPOSE, ONE, PROPOSED) == []
    assert when(CONFIRM, seen("qa-02"), PROPOSED, DISCARDED) == []
    assert when(WITHDRAW, OTHER, PROPOSED, TAKEN_BACK) == []
    assert when(OVERTAKE, None, PROPOSED, REPLAYED) == []
    assert when(OVERTAKE, None, PROPOSED, DISCARDED) == []
    assert when(OVERTAKE, None) == []


def test_one_proposal_waits_at_a_time() -> None:
    assert when(PROPOSE, OTHER, PROPOSED) == "discard_proposed"
    other_reason = PROPOSE.model_copy(update={"reason_code": "test_data"})
    assert when(other_reason, ONE, PROPOSED) == "discard_proposed"
    assert when(PROPOSE, OTHER, PROPOSED, TAKEN_BACK) == [
        PROPOSED.model_copy(update={"proposed_by": "qa-02"})
    ]


@pytest.mark.parametrize("by", ["op-01", "qa-02"])
def test_a_proposal_is_taken_back_or_overtaken_and_counts_no_more(by: str) -> None:
    assert when(WITHDRAW, seen(by, RECORD), PROPOSED) == [TAKEN_BACK]
    assert when(OVERTAKE, None, PROPOSED) == [REPLAYED]
    for end in (TAKEN_BACK, REPLAYED):
        assert when(CONFIRM, OTHER, PROPOSED, end) == "not_proposed"


def test_nothing_is_confirmed_or_taken_back_that_nobody_proposed() -> None:
    assert when(CONFIRM, OTHER) == "not_proposed"
    assert when(WITHDRAW, OTHER) == "not_proposed"
    assert when(WITHDRAW, OTHER, PROPOSED, DISCARDED) == "not_proposed"


def test_what_is_not_parked_or_was_replayed_meanwhile_is_not_discarded() -> None:
    assert when(PROPOSE, seen("op-01")) == "not_parked"
    assert when(PROPOSE, None) == "not_parked"
    assert when(CONFIRM, seen("qa-02"), PROPOSED) == "not_parked"
    changed = RECORD.model_copy(update={"sha256": "cd" * 32})
    assert when(CONFIRM, seen("qa-02", changed), PROPOSED) == "not_parked"


@pytest.mark.parametrize(("fault", "rule"), [({"behind": True}, "not_first"), ({"missing": True}, "gap")])
def test_only_what_a_stream_waits_for_is_discarded(fault: dict[str, bool], rule: str) -> None:
    assert when(PROPOSE, seen("op-01", RECORD, **fault)) == rule
    assert when(CONFIRM, seen("qa-02", RECORD, **fault), PROPOSED) == rule


def test_a_record_of_a_restricted_topic_is_not_discarded_and_its_stream_is_not_there() -> None:
    lying = seen("op-01", RECORD.model_copy(update={"topic": "trials.restricted"}))
    assert when(PROPOSE, lying) == "not_parked"
    place = AtPlace(topic="trials.restricted", partition=3, offset=41)
    for facts in (lying, seen("op-01")):  # whether there is such a record or not
        assert when(PROPOSE.model_copy(update={"record": place}), facts) == "restricted"


def test_what_the_broker_refused_of_our_own_log_is_never_discarded() -> None:
    decision = decide(Discard(), PROPOSE.model_copy(update={"group": "outbox"}), ONE, NOW)
    assert isinstance(decision, Refusal)
    assert (decision.rule, decision.field) == ("outbox", "group")
    assert "own log" in decision.detail


def test_a_record_without_a_stream_is_named_by_its_place() -> None:
    lost = RECORD.model_copy(update={"stream_id": None, "version": None, "event_type": None})
    named = AtPlace(topic="trials.events", partition=3, offset=41)
    decided = when(PROPOSE.model_copy(update={"record": named}), seen("op-01", lost))
    assert decided == [PROPOSED.model_copy(update={"record": lost})]


def test_other_bytes_at_a_place_are_another_record() -> None:
    changed = {"group": "a.b", "topic": "x.events", "partition": 4, "offset": 42, "sha256": "cd" * 32}
    ids = [discard_id(RECORD.model_copy(update={name: value})) for name, value in changed.items()]
    assert len({ID, *ids}) == 1 + len(changed)
    assert discard_id(RECORD.model_copy(update={"event_type": None})) == ID


def test_a_command_names_its_stream() -> None:
    assert {one.stream_id for one in (CONFIRM, WITHDRAW, OVERTAKE)} == {ID}
    assert PROPOSE.stream_id == PROPOSE.model_copy(update={"meaning": "other words"}).stream_id != ID


@pytest.mark.parametrize(
    "record",
    [
        {"stream_id": str(STREAM)},
        {"stream_id": str(STREAM), "version": 0},
        {"stream_id": str(STREAM), "version": 1, "topic": "t", "partition": 0, "offset": 0},
        {"topic": "t", "partition": 0},
        {"topic": "a/b", "partition": 0, "offset": 0},
    ],
)
def test_a_record_is_named_in_one_way(record: dict[str, object]) -> None:
    body = {"group": "g", "record": record, "reason_code": "malformed", "meaning": "m"}
    with pytest.raises(ValidationError):
        ProposeDiscard.model_validate(body)


def test_whatever_two_persons_do_nothing_is_discarded_by_one() -> None:
    """Every history of four acts by two persons: who confirmed is never who proposed."""
    acts: list[tuple[DiscardCommand, Facts]] = [
        *((PROPOSE, lying) for lying in (ONE, OTHER)),
        *((CONFIRM, lying) for lying in (ONE, OTHER)),
        (WITHDRAW, ONE),
        (OVERTAKE, ONE),
    ]
    discarded = 0
    for history in product(acts, repeat=4):
        state = Discard()
        for command, lying in history:
            decision = decide(state, command, lying, NOW)
            for event in () if isinstance(decision, Refusal) else decision:
                state = evolve(state, event)
                if isinstance(event, Discarded):
                    discarded += 1
                    assert event.confirmed_by != event.proposed_by
    assert discarded > 50
