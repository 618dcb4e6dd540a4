"""What was not asked for by a person waiting for the answer is refused by an event."""

from uuid import UUID

from shared.contracts.message import Command, CommandRefused, Refusal, wire_type
from shared.runtime import clock, store
from shared.runtime.cause import Cause, RefusedError, Work
from shared.runtime.database import Connection
from shared.runtime.execute import Executor
from shared.runtime.names import UnknownTrialError
from shared.runtime.service import Aggregate, Outcome
from shared.runtime.store import ForeignStreamError, TooLargeError


async def run(
    tx: Connection, executor: Executor, work: Work, command: Command, cause: Cause
) -> Outcome | None:
    """Run a command of a topic or a reaction; where it is refused, append CommandRefused and answer None."""
    try:
        return await executor.run(tx, work, command, cause)
    except RefusedError as refused:
        refusal = refused.refusal
    except UnknownTrialError as unknown:
        refusal = Refusal("unknown-trial", str(unknown), field="trial_id")
    except TooLargeError as large:
        refusal = Refusal("too-large", str(large))
    except ForeignStreamError:
        refusal = Refusal("other-sponsor", "the stream belongs to another sponsor")
    await record(tx, executor, work, command, cause, refusal)
    return None


async def record(
    tx: Connection, executor: Executor, work: Work, command: Command, cause: Cause, refusal: Refusal
) -> None:
    """Append the refusal as version 1 of a stream whose id is the command's."""
    event = CommandRefused(
        command_id=cause.command_id,
        command_type=wire_type(type(command), executor.service.name),
        rule=refusal.rule,
        detail=refusal.detail,
        state=refusal.state,
        field=refusal.field,
    )
    aggregate = Aggregate("refusal", _Refused, None, lambda *_: [event], lambda state, _: state)
    refused = _Refused(trial_id=command.trial_id, refused=cause.command_id)
    known = await tx.fetchval("SELECT sponsor_id FROM es.trial WHERE trial_id = $1", command.trial_id)
    stream = store.Stream(cause.command_id, 0, None, cause.sponsor_id or known or store.HOUSE)
    if not await tx.fetchval("SELECT true FROM es.stream WHERE stream_id = $1", cause.command_id):
        await executor.append(tx, work, aggregate, stream, refused, cause, [event], clock.now())


class _Refused(Command):
    """Stands for the refused command where the runtime wants one: it names the stream of the refusal."""

    type = "{service}.refused.v1"
    refused: UUID

    @property
    def stream_id(self) -> UUID:
        return self.refused
