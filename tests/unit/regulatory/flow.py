"""The streams of the regulatory service in memory: deciders, folds and reactions, nothing else."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from typing import Any, get_args
from uuid import UUID, uuid5

from services.regulatory import commands
from services.regulatory.domain import approval, hold, ind, investigator_notice, registry, report, review
from services.regulatory.handlers import SERVICE
from shared.contracts.message import Actor, Command, Event, Facts, Need, Recorded, Refusal, wire_type
from shared.rules import deadlines

T0 = datetime(2026, 3, 2, 15, tzinfo=UTC)
ID = UUID("8d1f0f5e-7b52-4f0a-8a52-0d4b8a1d7c11")
_KINDS: tuple[tuple[Any, Any, Any], ...] = (
    (commands.ReviewCommand, review.Review(), review),
    (commands.ApprovalCommand, approval.Approval(), approval),
    (commands.IndCommand, ind.Ind(), ind),
    (commands.HoldCommand, hold.Hold(), hold),
    (commands.RegistryCommand, registry.RegistryRecord(), registry),
    (commands.NoticeCommand, investigator_notice.InvestigatorNotices(), investigator_notice),
    (commands.ReportCommand, report.SafetyReport(), report),
    (deadlines.DeadlineCommand, deadlines.Deadline(), deadlines),
)


def recorded(event: Event, stream: UUID = ID, version: int = 1, source: str = "safety") -> Recorded[Any]:
    """The event in an envelope whose ids follow from the stream and its version."""
    return Recorded(
        id=uuid5(stream, str(version)),
        type=wire_type(type(event), source),
        source=source,
        stream_id=stream,
        version=version,
        sponsor_id=ID,
        trial_id=getattr(event, "trial_id", None),
        time=T0,
        data=event,
        actor=Actor("t", "tester"),
        correlation_id=ID,
    )


@dataclass
class Flow:
    """What the service holds after the messages and commands it was given."""

    now: datetime = T0
    events: dict[UUID, list[Event]] = field(default_factory=dict)
    rows: dict[tuple[type, tuple[Any, ...]], Any] = field(default_factory=dict)
    heard: int = 0

    def hear(self, event: Event, at: datetime = T0) -> Recorded[Any]:
        """An event of trials comes: one after another, of one stream."""
        self.heard += 1
        message = recorded(event, uuid5(ID, "trials"), self.heard, "trials")
        message.time = at
        self.deliver(message)
        return message

    def deliver(self, message: Recorded[Any]) -> None:
        """A message of a foreign topic arrives."""
        self._fold(message)
        told = SERVICE.reactions_to(message.source)
        for command in told.react(message, self._facts(told.needs(message))):
            self.run(command)

    def run(self, command: Command) -> list[Event] | Refusal:
        """A command, and all that this service's own events make of it."""
        decision = self._execute(command)
        own = SERVICE.reactions_to("regulatory")
        waiting = deque([] if isinstance(decision, Refusal) else self._messages(command.stream_id, decision))
        while waiting:
            message = waiting.popleft()
            for next_command in own.react(message, self._facts(own.needs(message))):
                made = self._execute(next_command)
                assert not isinstance(made, Refusal)
                waiting.extend(self._messages(next_command.stream_id, made))
        return decision

    def table(self, row: type) -> list[Any]:
        return [found for (kind, _), found in self.rows.items() if kind is row and found is not None]

    def _execute(self, command: Command) -> list[Event] | Refusal:
        initial, module = next((i, m) for union, i, m in _KINDS if type(command) in get_args(union))
        known = self.events.setdefault(command.stream_id, [])
        state = reduce(module.evolve, known, initial)
        decision: list[Event] | Refusal = module.decide(
            state, command, self._facts(command.needs()), self.now
        )
        if not isinstance(decision, Refusal):
            known += decision
            for message in self._messages(command.stream_id, decision):
                self._fold(message)
        return decision

    def _messages(self, stream: UUID, events: list[Event]) -> list[Recorded[Any]]:
        first = len(self.events[stream]) - len(events) + 1
        return [recorded(event, stream, first + n, "regulatory") for n, event in enumerate(events)]

    def _facts(self, needs: tuple[Need, ...]) -> Facts:
        found = (self.rows.get((need.row, need.key)) for need in needs)
        return Facts(*(row for row in found if row is not None))

    def _fold(self, message: Recorded[Any]) -> None:
        for one, key in SERVICE.projections_of(message.source).touched(message):
            self.rows[one.row, key] = one.fold(self.rows.get((one.row, key)), message, key)
