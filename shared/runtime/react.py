"""Reactions: the events of a batch become commands of this service, in the consumer's transaction."""

from collections.abc import Sequence
from typing import Any

from opentelemetry.trace import SpanKind
from uuid_utils.compat import uuid5

from shared.contracts.message import Actor, Recorded
from shared.runtime import refusals, rows, telemetry
from shared.runtime.cause import Cause, Work
from shared.runtime.database import Connection
from shared.runtime.execute import Executor
from shared.runtime.takers import Reactions


async def react(
    tx: Connection, executor: Executor, work: Work, reactions: Reactions, messages: Sequence[Recorded[Any]]
) -> None:
    """Run what the messages ask of this service. A refusal becomes an event, never a silence."""
    acting = [(message, needs) for message in messages if (needs := reactions.acts_on(message)) is not None]
    if not acting:
        return
    service, source = executor.service.name, acting[0][0].source
    topic = f"{source}.events"
    # Rows of foreign events do not change while this transaction runs; every stream that the reactions will
    # touch is locked in one order for all consumers, so that few deadlock;
    # a batch that does is tried again.
    facts = await rows.facts(tx, [need for _, needs in acting for need in needs])
    planned = [(message, needs, reactions.react(message, facts)) for message, needs in acting]
    touched = [command for *_, commands in planned for command in commands if not command.external_ids()]
    await executor.load(tx, work, {c.stream_id: executor.service.aggregate_for(c) for c in touched})
    for message, needs, commands in planned:
        attributes = telemetry.messaging(
            "process",
            topic,
            messaging__consumer__group__name=f"{service}.{source}",
            cloudevents__event_id=str(message.id),
            cloudevents__event_type=message.type,
            trialwire__correlation_id=str(message.correlation_id),
            trialwire__trial_id=message.trial_id and str(message.trial_id),
        )
        parent, links = telemetry.context_of(message.traceparent), telemetry.link_to(message.traceparent)
        with telemetry.span(f"process {topic}", SpanKind.CONSUMER, attributes, parent, links):
            if executor.owns(needs):  # what came before in this transaction may have changed them
                commands = reactions.react(message, await executor.facts(tx, work, needs))
            for n, command in enumerate(commands):
                await refusals.run(tx, executor, work, command, _cause(service, message, n))
    await executor.flush(tx, work)


def _cause(service: str, message: Recorded[Any], n: int) -> Cause:
    return Cause(
        actor=Actor(service, "service"),
        command_id=uuid5(message.id, f"{service}:{n}"),
        correlation_id=message.correlation_id,
        causation_id=message.id,
        sponsor_id=message.sponsor_id,
    )
