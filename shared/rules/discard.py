"""The decider of a parked record's discard: proposed by one person, confirmed by another, or withdrawn."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Literal, assert_never

from shared.contracts.message import Facts, Refusal
from shared.contracts.parked import Discarded, DiscardProposed, DiscardWithdrawn, ParkedEvent, ParkedRecord
from shared.rules.discard_commands import (
    AtPlace,
    ConfirmDiscard,
    DiscardCommand,
    OvertakeDiscard,
    ProposeDiscard,
    WithdrawDiscard,
    discard_id,
)

_RESTRICTED = ".restricted"
OUTBOX = "outbox"  # under which what the broker refused of our own events stands among what is parked


@dataclass(frozen=True, slots=True)
class Lying:
    """How the record in question lies now: beside who asks the one fact of a decision.

    `record` is None where it is not parked. `behind`: another record of its stream waits before it.
    `missing`: a version before it has not come.
    """

    table: ClassVar[str] = "es.parked_event"
    key: ClassVar[tuple[str, ...]] = ()
    record: ParkedRecord | None = None
    behind: bool = False
    missing: bool = False


@dataclass(frozen=True)
class Discard:
    """State of what is proposed about one record: the last proposal, and how it ended."""

    proposal: DiscardProposed | None = None
    ended: Literal["discarded", "withdrawn"] | None = None

    @property
    def open(self) -> bool:
        """Whether a proposal waits for another person."""
        return self.proposal is not None and self.ended is None


def decide(
    state: Discard, command: DiscardCommand, facts: Facts, now: datetime
) -> list[ParkedEvent] | Refusal:
    """The events of a command; what is done already gives none."""
    lying, who = facts.get(Lying) or Lying(), facts.actor.id if facts.actor else ""
    match command:
        case ProposeDiscard():
            return _propose(state, command, lying, who)
        case ConfirmDiscard():
            return _confirm(state, lying, who)
        case WithdrawDiscard():
            if state.proposal is None or state.ended == "discarded":
                return _not_open(state)
            return _withdrawn(state, "taken_back")
        case OvertakeDiscard():
            return _withdrawn(state, "replayed")
        case _:
            assert_never(command)


def evolve(state: Discard, event: ParkedEvent) -> Discard:
    """The state after an event."""
    match event:
        case DiscardProposed():
            return Discard(event)
        case Discarded():
            return replace(state, ended="discarded")
        case DiscardWithdrawn():
            return replace(state, ended="withdrawn")
        case _:
            assert_never(event)


def _propose(state: Discard, command: ProposeDiscard, lying: Lying, who: str) -> list[ParkedEvent] | Refusal:
    if command.group == OUTBOX:
        detail = "what the broker refused is an event of our own log, and is never discarded: send it again"
        return Refusal(OUTBOX, detail, field="group")
    # The events of a discard go to the open topic. By its place the topic is known to who asks; by a stream's
    # id a record there is answered as if it was not, so that nobody learns which streams there are.
    if isinstance(command.record, AtPlace) and command.record.topic.endswith(_RESTRICTED):
        return Refusal("restricted", "a record of a restricted topic is not discarded", field="record")
    if lying.record is None or lying.record.topic.endswith(_RESTRICTED):
        return Refusal("not_parked", "no such record is parked in this group", field="record")
    if state.proposal and state.open:
        known = (state.proposal.proposed_by, state.proposal.reason_code)
        if known == (who, command.reason_code):
            return []
        return Refusal(
            "discard_proposed", "a proposal about this record waits for another person", "proposed"
        )
    if refused := _out_of_turn(lying):
        return refused
    id_ = discard_id(lying.record)
    return [
        DiscardProposed(discard_id=id_, record=lying.record, reason_code=command.reason_code, proposed_by=who)
    ]


def _confirm(state: Discard, lying: Lying, who: str) -> list[ParkedEvent] | Refusal:
    proposal = state.proposal
    if proposal is None or state.ended == "withdrawn":
        return _not_open(state)
    if who == proposal.proposed_by:
        return Refusal("two_persons", "who proposed it does not confirm it: another person does", "proposed")
    if state.ended == "discarded":
        return []
    if lying.record != proposal.record:
        return Refusal("not_parked", "the record is not parked any more as it was proposed", "proposed")
    if refused := _out_of_turn(lying):
        return refused
    return [Discarded.model_validate(proposal.model_dump() | {"confirmed_by": who})]


def _withdrawn(state: Discard, why: Literal["taken_back", "replayed"]) -> list[ParkedEvent]:
    if state.proposal is None or not state.open:
        return []
    return [DiscardWithdrawn.model_validate(state.proposal.model_dump() | {"why": why})]


def _not_open(state: Discard) -> Refusal:
    return Refusal("not_proposed", "no proposal waits under this id", state.ended, "discard_id")


def _out_of_turn(lying: Lying) -> Refusal | None:
    """Only what a stream waits for is discarded, and only where nothing before it is still to come."""
    if lying.behind:
        return Refusal("not_first", "another record of the stream waits before this one", field="record")
    if lying.missing:
        return Refusal("gap", "a version before it has not come: its owner is asked for it", field="record")
    return None
