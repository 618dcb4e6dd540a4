"""Reactions: the events of a batch become commands of this service, in the consumer's transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid5

from opentelemetry.trace import SpanKind

from shared.contracts.message import Actor, Facts, Recorded
from shared.runtime import refusals, rows, telemetry
from shared.runtime.cause import Cause, Work
from shared.runtime.database import Connection
from shared.runtime.execute import Executor
from shared.runtime.service import Reaction


async def react(
    tx: Connection, executor: Executor, work: Work, reaction: Reaction, messages: Sequence[Recorded[Any]]
) -> None:
    """Run what the messages ask of this service. A refusal becomes an event, never a silence."""
    acting = [m for m in messages if reaction.acts_on(m)]
    if not acting:
        return
    foreign = await _lock(tx, executor, work, reaction, acting)
    service, topic = executor.service.name, f"{reaction.source}.events"
    for message in acting:
        attributes = telemetry.messaging(
            "process",
            topic,
            messaging__consumer__group__name=f"{service}.{reaction.source}",
            cloudevents__event_id=str(message.id),
            cloudevents__event_type=message.type,
            trialwire__correlation_id=str(message.correlation_id),
            trialwire__trial_id=message.trial_id and str(message.trial_id),
        )
        parent, links = telemetry.context_of(message.traceparent), telemetry.link_to(message.traceparent)
        with telemetry.span(f"process {topic}", SpanKind.CONSUMER, attributes, parent, links):
            needs = reaction.needs(message)
            facts = await executor.facts(tx, work, needs) if executor.owns(needs) else foreign
            for n, command in enumerate(reaction.react(message, facts)):
                await refusals.run(tx, executor, work, command, _cause(service, message, n))
    await executor.flush(tx, work)


async def _lock(
    tx: Connection, executor: Executor, work: Work, reaction: Reaction, messages: Sequence[Recorded[Any]]
) -> Facts:
    """Load every stream that the reactions will touch, locked in one order for all consumers: no deadlocks.

    Answers with the rows that they need: those of foreign events do not change while this transaction runs.
    """
    facts = await rows.facts(tx, [need for m in messages for need in reaction.needs(m)])
    commands = [c for m in messages for c in reaction.react(m, facts)]
    wanted = {c.stream_id: executor.service.aggregate_for(c) for c in commands if not c.external_ids()}
    await executor.load(tx, work, wanted)
    return facts


def _cause(service: str, message: Recorded[Any], n: int) -> Cause:
    return Cause(
        actor=Actor(service, "service"),
        command_id=uuid5(message.id, f"{service}:{n}"),
        correlation_id=message.correlation_id,
        causation_id=message.id,
        sponsor_id=message.sponsor_id,
    )
