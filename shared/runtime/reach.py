"""Whether a command may be decided on a stream: of its kind, at its version, within its actor's reach."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from shared.contracts.message import Command
from shared.runtime.cause import Cause, Work
from shared.runtime.database import Connection
from shared.runtime.names import Trials
from shared.runtime.service import Aggregate
from shared.runtime.store import ConflictError, ForeignStreamError, Stream


def unfit(stream: Stream, aggregate: Aggregate, command: Command, cause: Cause) -> Exception | None:
    """What is wrong with deciding on this stream, which may not exist yet."""
    if stream.version and not cause.grants.everything:
        named = command.trial_id in (None, stream.trial_id)  # its guard rows are read by the trial it names
        held_by = aggregate.held_by if stream.type == aggregate.name else None
        holder = held_by(stream.state, command) if held_by else None
        if not (named and cause.grants.reach(stream.sponsor_id, stream.trial_id, stream.site_id, holder)):
            return ForeignStreamError(f"{stream.id} is beyond what {cause.actor} reaches")
    if stream.type not in (None, aggregate.name):
        return ConflictError(f"{stream.id} is a {stream.type}, not a {aggregate.name}")
    if cause.expected_version not in (None, stream.version):
        return ConflictError(f"the stream is at version {stream.version}")
    if stream.sponsor_id and cause.sponsor_id and stream.sponsor_id != cause.sponsor_id:
        return ForeignStreamError(f"{stream.id} belongs to another sponsor")
    return None


def named(command: Command, cause: Cause) -> frozenset[UUID]:
    """The ids in a command, in its lists and parts too, beside its own stream's and trial's.

    Whoever reaches everything may name anything: then there are none.
    """
    if cause.grants.everything:
        return frozenset()
    return frozenset((*_ids(command), *command.also_trials())) - {command.stream_id, command.trial_id}


def _ids(value: Any) -> Iterator[UUID]:
    match value:
        case UUID():
            yield value
        case BaseModel():
            yield from _ids(vars(value))
        case Mapping():
            yield from _ids(tuple(value.values()))
        case tuple():
            for part in value:
                yield from _ids(part)


async def check(
    tx: Connection,
    trials: Trials,
    work: Work,
    stream: Stream,
    command: Command,
    cause: Cause,
    others: frozenset[UUID],
) -> None:
    """Refuse what `unfit` cannot see: to begin a stream beyond the actor's reach, several trials at once, or
    to name (`others`) a stream of another trial than the command's: a site, a subject, whatever else.

    Before the decision, whose refusal would tell of them. Raises ForeignStreamError, or UnknownTrialError for
    a trial of which the service has not heard.
    """
    if not stream.version:
        sponsor = cause.sponsor_id or await trials.sponsor_of(tx, work, command)
        if not cause.grants.reach(sponsor, command.trial_id, command.at_site()):
            raise ForeignStreamError(f"trial {command.trial_id} is beyond what {cause.actor} reaches")
    for trial in command.also_trials():
        if not cause.grants.reach(await trials.of(tx, work, trial), trial, None):
            raise ForeignStreamError(f"trial {trial} is beyond what {cause.actor} reaches")
    others -= set(command.also_trials())
    for id_, (whose, of, site) in (await trials.places(tx, work, others)).items():
        elsewhere = None not in (of, command.trial_id) and of != command.trial_id
        # Who was given single sites names no other's; what was handed over is named by its trial alone.
        own = of == command.trial_id and not (site and cause.grants.sites)
        if elsewhere or not (own or cause.grants.reach(whose, of, site)):
            raise ForeignStreamError(f"{id_} is beyond what {cause.actor} reaches")
