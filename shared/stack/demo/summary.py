"""What the chain came to: events, hops, and the milliseconds that no person was needed for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.stack.demo.watch import Seen


@dataclass(frozen=True)
class Burst:
    """All that followed by itself from one step of a person.

    A hop is an event that a service read from a topic and acted on. `ms` is the time from the act's event
    to the last one that followed, by the services' own clocks.
    """

    step: str
    events: int
    hops: int
    ms: float


def bursts(seen: Sequence[Seen], acts: Iterable[tuple[str, UUID]]) -> list[Burst]:
    """One burst a step; steps whose acts moved nothing else are left out."""
    root: dict[UUID, Seen] = {}
    known = {event.id: event for event in seen}
    step_of = {event: step for step, event in acts}
    following: dict[str, list[tuple[Seen, Seen]]] = {}
    for event in sorted(seen, key=lambda one: one.at):
        if event.cause is None or event.cause not in known:
            root[event.id] = event
            continue
        root[event.id] = first = root.get(event.cause, known[event.cause])
        if first.id in step_of:
            following.setdefault(step_of[first.id], []).append((first, event))
    return [_burst(step, pairs) for step, pairs in following.items()]


def _burst(step: str, pairs: list[tuple[Seen, Seen]]) -> Burst:
    hops = {(event.cause, event.service) for _, event in pairs}
    longest = max((event.at - first.at).total_seconds() for first, event in pairs)
    return Burst(step, len(pairs), len(hops), round(longest * 1000, 1))
