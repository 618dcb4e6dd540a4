"""A whole audit of a service's log: its chains, its anchors in both places, and the one against the other."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from shared.audit import files
from shared.audit.against import Finding, lost, unanchored
from shared.audit.anchor import Anchor, from_row
from shared.audit.heads import Heads
from shared.audit.keys import PublicKeys
from shared.audit.take import COLUMNS
from shared.runtime.database import Connection
from shared.runtime.verify import verify


async def audit(
    connection: Connection, service: str, folder: Path, public_keys: PublicKeys
) -> AsyncIterator[Finding]:
    """Walk all of a service's log and anchors; each fault is a finding, none means that all is whole.

    `folder` has the service's anchors, `public_keys` are those that anchors may be signed with. A log with
    events and no anchor at all is a finding as well. What cannot show: events after the last anchor that a
    database's owner rehashes, and last anchors that are gone from both places at once.

    Holds the head of every stream in memory, some 300 bytes each: 300 MB for a million streams. Reads in one
    snapshot, so it disturbs nobody but keeps the database from cleaning up while it runs. Takes as long as it
    takes: the connection must set no time for a statement. Raises what Postgres and the file system raise.
    """
    # The list of files comes before the snapshot: whatever these anchors cover was committed before it.
    numbers = files.numbers(folder)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        async for broken in verify(connection):
            yield Finding(broken.what, broken.stream_id, broken.version)
        rows = await connection.fetch(f"SELECT {COLUMNS} FROM es.anchor ORDER BY number")  # noqa: S608
        stored = {row["number"]: from_row(row) for row in rows}
        async for finding in _Walk(connection, service, folder, public_keys, stored).over(numbers):
            yield finding


class _Walk:
    """The anchors in order; `proven` while every head so far stands under a signed root."""

    def __init__(
        self,
        connection: Connection,
        service: str,
        folder: Path,
        keys: PublicKeys,
        stored: dict[int, Anchor],
    ) -> None:
        self._connection = connection
        self._service = service
        self._folder = folder
        self._keys = keys
        self._stored = stored
        self._heads = Heads()
        self._accused: set[UUID | None] = set()
        self._proven = True
        self._before: Anchor | None = None  # None where nobody can say what came before
        self._last: Anchor | None = None

    async def over(self, numbers: list[int]) -> AsyncIterator[Finding]:
        """Every anchor that is in either place, the gaps between them, and what none of them knows."""
        there, last, expected = set(numbers), max([*numbers, *self._stored], default=0), 1
        if not last and await self._connection.fetchval("SELECT EXISTS (SELECT FROM es.event)"):
            yield Finding("anchor_missing", anchor=1, detail="nothing of this log was ever anchored")
        for number in sorted(there | self._stored.keys()):
            if number > expected:
                self._proven, self._before = False, None
                yield Finding("anchor_missing", anchor=expected, detail=f"in both places, to {number - 1}")
            expected = number + 1
            for finding in self._of_the_row(number, last):
                yield finding
            if number in there:
                async for finding in self._of_the_file(number):
                    yield finding
                continue
            # One taken since the list was made is no fault: the next audit reads it.
            if not files.path_of(self._folder, number).exists():
                self._proven = False
                yield Finding("anchor_missing", anchor=number, detail="in the folder")
            self._before = self._good_row(number)
        if self._proven and self._last:
            line, number = self._last.upto_pos, self._last.number
            async for finding in unanchored(self._connection, self._heads, line, number):
                if finding.stream_id not in self._accused:
                    yield finding

    def _of_the_row(self, number: int, last: int) -> list[Finding]:
        row = self._stored.get(number)
        if row is None:  # the last row may be on its way, or wait for the next anchor after a crash
            missing = Finding("anchor_missing", anchor=number, detail="in the database")
            return [] if number == last else [missing]
        fault = row.fault(self._service, number, self._keys)
        return [Finding(fault[0], anchor=number, detail=f"in the database: {fault[1]}")] if fault else []

    async def _of_the_file(self, number: int) -> AsyncIterator[Finding]:
        try:
            anchor = files.read(self._folder, number)
            for batch in files.heads(self._folder, number):
                self._heads.update(batch)
        except files.UnreadableAnchorError as broken:
            self._proven, self._before = False, None
            yield Finding("anchor_forged", anchor=number, detail=f"in the folder: {broken}")
            return
        if fault := anchor.fault(self._service, number, self._keys) or self._misfit(anchor):
            self._proven, self._before = False, None
            yield Finding(fault[0], anchor=number, detail=f"in the folder: {fault[1]}")
            return  # heads that nobody signed accuse nobody
        self._before = self._last = anchor
        doubt = "" if self._proven else "; but an earlier anchor's file is not whole, so this one proves less"
        for batch in files.heads(self._folder, number):
            async for finding in lost(self._connection, batch, number, doubt):
                if finding.stream_id not in self._accused:  # each stream once, at its first anchor that fails
                    self._accused.add(finding.stream_id)
                    yield finding

    def _misfit(self, anchor: Anchor) -> tuple[str, str] | None:
        """Why a signed anchor does not fit what is around it."""
        before = self._before
        if (before or anchor.number == 1) and anchor.previous != (before.digest() if before else ""):
            return "anchor_forged", "it does not follow on the one before"
        if (row := self._good_row(anchor.number)) and row != anchor:
            return "anchor_forged", "the database has another one, signed as well"
        if self._proven and (anchor.root, anchor.streams) != (self._heads.root, len(self._heads)):
            return "anchor_forged", "its heads are not those that were signed"
        return None

    def _good_row(self, number: int) -> Anchor | None:
        """The database's copy, where it is signed as it should be."""
        row = self._stored.get(number)
        return row if row and not row.fault(self._service, number, self._keys) else None
