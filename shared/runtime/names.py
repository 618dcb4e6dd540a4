"""Streams and sponsors by the names that others give them, and whose each trial is."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.contracts.message import Command, Identifier, Recorded
from shared.rules.grants import Grants
from shared.runtime.cause import Work
from shared.runtime.database import Connection
from shared.runtime.store import HOUSE

_FOUND = """
SELECT e.id FROM unnest($1::text[], $2::text[]) WITH ORDINALITY n(system, value, nth)
JOIN es.external_id e ON e.system = n.system AND e.value = n.value
WHERE e.owner IN ($3, $4) ORDER BY n.nth, e.owner = $3 DESC LIMIT 1
"""
_BOUND = """
INSERT INTO es.external_id (system, value, id, owner)
SELECT system, value, $3, $4 FROM unnest($1::text[], $2::text[]) n(system, value) ON CONFLICT DO NOTHING
"""
_SPONSOR = "SELECT id FROM es.external_id WHERE system = 'sponsor' AND value = $1"


class UnknownTrialError(Exception):
    """The service has not heard of the trial that the command names."""


async def find(tx: Connection, names: Sequence[Identifier], owner: UUID) -> UUID | None:
    """The stream behind the first of these names that is known: by this owner, else by the house."""
    known: UUID | None = await tx.fetchval(_FOUND, *_columns(names), owner, HOUSE)
    return known


async def bind(tx: Connection, command: Command, grants: Grants) -> Command:
    """Give a command that names its stream by external ids the id behind them, a new one at first use.

    A name that somebody of limited reach gives is their sponsor's: it neither finds nor takes another's.
    """
    names = command.external_ids()
    if not names:
        return command
    sponsor = command.sponsor_name()
    mine = await _sponsor_by_name(tx, _plain(sponsor)) if sponsor else HOUSE
    wanted = await find(tx, names, mine) or _own_id(command)
    done = await tx.execute(_BOUND, *_columns(names), wanted, HOUSE if grants.everything else mine)
    if done == f"INSERT 0 {len(names)}":  # nobody knew any of them
        return command.bound_to(wanted)
    return command.bound_to(await find(tx, names, mine) or wanted)


def _columns(names: Sequence[Identifier]) -> tuple[list[str], list[str]]:
    return [name.system for name in names], [name.value for name in names]


def _plain(name: str) -> str:
    """A sponsor's name as it is known: no case, no more than one space."""
    return " ".join(name.casefold().split())


def _own_id(command: Command) -> UUID:
    try:
        return command.stream_id
    except ValueError:  # it has none: its names are all that the sender knows
        return uuid7()


class Trials:
    """Whose each trial is. That never changes, so what was read or written once is not asked for again."""

    def __init__(self, keep: int = 100_000) -> None:
        self._sponsors: dict[UUID, UUID] = {}
        self._keep = keep

    async def sponsor_of(self, tx: Connection, work: Work, command: Command) -> UUID:
        """The sponsor of a stream that begins: the one it names, or the trial's."""
        if name := command.sponsor_name():
            return await _sponsor_by_name(tx, _plain(name))
        return await self.of(tx, work, command.trial_id)

    async def of(self, tx: Connection, work: Work, trial: UUID | None) -> UUID:
        """The trial's sponsor; UnknownTrialError where the service has not heard of it."""
        if known := trial and (self._sponsors.get(trial) or work.trials.get(trial)):
            return known
        found = await tx.fetchval("SELECT sponsor_id FROM es.trial WHERE trial_id = $1", trial)
        if trial is None or found is None:
            raise UnknownTrialError(f"trial {trial} is not known to this service")
        self.keep({trial: UUID(str(found))})
        return UUID(str(found))

    async def hear(self, tx: Connection, work: Work, messages: Sequence[Recorded[Any]]) -> None:
        """Remember whose each trial is that a stream begins about: a command about it may come next."""
        heard = {m.trial_id: m.sponsor_id for m in messages if m.trial_id and self.unheard(m)}
        if new := sorted(heard.keys() - work.trials.keys(), key=str):
            await tx.execute(
                "INSERT INTO es.trial SELECT * FROM unnest($1::uuid[], $2::uuid[]) ON CONFLICT DO NOTHING",
                new,
                [heard[trial] for trial in new],
            )
            work.trials |= heard

    def unheard(self, message: Recorded[Any]) -> bool:
        """Whether a stream begins about a trial of which this process has not heard."""
        new = message.version == 1 and message.trial_id and message.sponsor_id != HOUSE
        return bool(new) and message.trial_id not in self._sponsors

    def keep(self, trials: Mapping[UUID, UUID]) -> None:
        """Remember what is committed."""
        if len(self._sponsors) > self._keep:
            self._sponsors.clear()
        self._sponsors |= trials


async def _sponsor_by_name(tx: Connection, name: str) -> UUID:
    found = await tx.fetchval(_SPONSOR, name)
    if found is None:
        await tx.execute(
            "INSERT INTO es.external_id (system, value, id) VALUES ('sponsor', $1, $2)"
            " ON CONFLICT DO NOTHING",
            name,
            uuid7(),
        )
        found = await tx.fetchval(_SPONSOR, name)
    return UUID(str(found))
