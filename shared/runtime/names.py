"""Streams and sponsors by the names that others give them, and whose each trial is."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.contracts.message import Command, Recorded
from shared.rules.grants import Grants
from shared.runtime.cause import Work
from shared.runtime.database import Connection
from shared.runtime.record import Envelope
from shared.runtime.store import HOUSE

_FOUND = """
SELECT DISTINCT ON (n.command) n.command, e.id
FROM unnest($1::text[], $2::text[], $3::int[], $4::uuid[])
    WITH ORDINALITY n(system, value, command, owner, nth)
JOIN es.external_id e ON e.system = n.system AND e.value = n.value
WHERE e.owner IN (n.owner, $5) ORDER BY n.command, n.nth, e.owner = n.owner DESC
"""
_BOUND = """
INSERT INTO es.external_id (system, value, id, owner)
SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[]) n(system, value, id, owner)
ORDER BY system, value ON CONFLICT DO NOTHING
"""
_SPONSORS = "SELECT value, id FROM es.external_id WHERE system = 'sponsor' AND value = ANY($1)"
_NEW_SPONSORS = """
INSERT INTO es.external_id (system, value, id)
SELECT 'sponsor', * FROM unnest($1::text[], $2::uuid[]) n(value, id) ORDER BY value ON CONFLICT DO NOTHING
"""


_PLACES = "SELECT stream_id, sponsor_id, trial_id, site_id FROM es.stream WHERE stream_id = ANY($1)"
Place = tuple[UUID, UUID | None, UUID | None]  # sponsor, trial and site of a stream


class UnknownTrialError(Exception):
    """The service has not heard of the trial that the command names."""


async def bind(tx: Connection, work: Work, commands: Sequence[Command], grants: Grants) -> list[Command]:
    """Give each command that names its stream by external ids the id behind them, a new one at first use.

    A name that somebody of limited reach gives is their sponsor's: it neither finds nor takes another's. Many
    commands take as many round trips as one; those of them that share a name share all their names.
    """
    named = [(n, name) for n, command in enumerate(commands) for name in command.external_ids()]
    if not named:
        return list(commands)
    plain = [_plain(command.sponsor_name() or "") for command in commands]
    sponsors = await _sponsors(tx, work, {name for name in plain if name})
    mine = [sponsors.get(name, HOUSE) for name in plain]
    systems, values = [name.system for _, name in named], [name.value for _, name in named]
    of, owners = [n for n, _ in named], [mine[n] for n, _ in named]

    async def found() -> dict[int, UUID]:
        """The streams behind the first name of each that is known: by this owner, else by the house."""
        rows = await tx.fetch(_FOUND, systems, values, of, owners, HOUSE)
        return {row["command"]: row["id"] for row in rows}

    known = await found()
    wanted = {n: known.get(n) or _own_id(commands[n]) for n in of}
    owning = [HOUSE] * len(named) if grants.everything else owners
    done = await tx.execute(_BOUND, systems, values, [wanted[n] for n in of], owning)
    if done != f"INSERT 0 {len(named)}":  # somebody knew some of them
        wanted |= await found()
    return [command.bound_to(wanted[n]) if n in wanted else command for n, command in enumerate(commands)]


def _plain(name: str) -> str:
    """A sponsor's name as it is known: no case, no more than one space."""
    return " ".join(name.casefold().split())


def _own_id(command: Command) -> UUID:
    try:
        return command.stream_id
    except ValueError:  # it has none: its names are all that the sender knows
        return uuid7()


class Trials:
    """Whose each trial is, and where each stream belongs. That never changes, so what was read or written
    once is not asked for again.
    """

    def __init__(self, keep: int = 100_000) -> None:
        self._sponsors: dict[UUID, UUID] = {}
        self._places: dict[UUID, Place] = {}
        self._keep = keep

    async def sponsor_of(self, tx: Connection, work: Work, command: Command) -> UUID:
        """The sponsor of a stream that begins: the one it names, or the trial's."""
        if name := command.sponsor_name():
            plain = _plain(name)
            return (await _sponsors(tx, work, {plain}))[plain]
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

    async def places(self, tx: Connection, work: Work, ids: AbstractSet[UUID]) -> Mapping[UUID, Place]:
        """Sponsor, trial and site of those ids that are streams."""
        known = {id_: place for id_ in ids if (place := self._places.get(id_))}
        asked = ids - known.keys()
        rows = await tx.fetch(_PLACES, list(asked)) if asked else ()
        found = {row["stream_id"]: (row["sponsor_id"], row["trial_id"], row["site_id"]) for row in rows}
        if len(self._places) > self._keep:
            self._places.clear()
        # What this transaction holds may have begun in it, and is no fact before its commit.
        self._places |= {id_: place for id_, place in found.items() if id_ not in work.streams}
        return known | found

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

    def may_begin(self, envelope: Envelope) -> bool:
        """Whether a stream begins with it about a trial of which this process has not heard."""
        trial = envelope.trial_id if envelope.version == 1 else None
        return trial is not None and trial not in self._sponsors

    def keep(self, trials: Mapping[UUID, UUID]) -> None:
        """Remember what is committed."""
        if len(self._sponsors) > self._keep:
            self._sponsors.clear()
        self._sponsors |= trials


async def _sponsors(tx: Connection, work: Work, names: AbstractSet[str]) -> dict[str, UUID]:
    """The sponsors of these names, new ones at first use; a transaction asks for each once."""
    for first in (True, False):
        if unknown := list(names - work.sponsors.keys()):
            if not first:
                await tx.execute(_NEW_SPONSORS, unknown, [uuid7() for _ in unknown])
            work.sponsors |= {row["value"]: row["id"] for row in await tx.fetch(_SPONSORS, unknown)}
    return work.sponsors
