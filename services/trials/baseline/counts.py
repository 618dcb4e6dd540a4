"""What the services show after a baseline was loaded, beside what its files say."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.trials.baseline.files import Cells
from services.trials.baseline.load import Tally

# All rows of a list that a service answers.
List = Callable[..., Iterable[dict[str, Any]]]
_ACTIVE = ("activated", "enrolling")
_IN_FORCE = ("active", "expiring")
_OPEN = ["armed", "at_risk", "missed"]
SERVICES = ("trials", "regulatory", "safety", "retrieval")


@dataclass(frozen=True)
class Count:
    """A figure of the files and of the services; None where the files state none."""

    what: str
    files: int | None
    services: int

    @property
    def differs(self) -> bool:
        return self.files is not None and self.files != self.services


def counts(tallies: Iterable[Tally], trials: Iterable[UUID], listed: List, today: date) -> list[Count]:
    """The figures, of all lines that the files hold and of all that the services show of these trials."""
    given = {tally.sheet.name: [line.cells for line in tally.lines] for tally in tallies}
    ids = sorted(trials)
    return [*_of_files(given, ids, listed, today), _deadlines(ids, listed)]


def _of_files(given: dict[str, list[Cells]], ids: list[UUID], listed: List, today: date) -> Iterator[Count]:
    shown: Counter[str] = Counter()
    known: Counter[str] = Counter()
    in_force = 0
    for id_ in ids:
        known.update(row["status"] for row in listed("trials", f"/v1/trials/{id_}/subjects"))
        shown.update(row["status"] for row in listed("trials", f"/v1/trials/{id_}/sites"))
        approvals = listed("regulatory", "/v1/approvals", trial=str(id_))
        in_force += sum(row["status"] in _IN_FORCE and not row["suspended"] for row in approvals)
    yield Count("trials", len(given["trials"]), len(ids))
    active = sum(cells["status"] in _ACTIVE for cells in given["sites"])
    yield Count("active sites", active, sum(shown[status] for status in _ACTIVE))
    stated = Counter(str(cells["status"]) for cells in given["subjects"])
    for status in sorted({*stated, *known}):
        yield Count(f"subjects {status}", stated[status], known[status])
    current = sum(date.fromisoformat(cells["expires_on"]) >= today for cells in given["approvals"])
    yield Count("approvals in force", current, in_force)


def _deadlines(ids: list[UUID], listed: List) -> Count:
    rows = [
        row
        for id_ in ids
        for service in SERVICES
        for row in listed(service, "/v1/deadlines", trial=str(id_), status=_OPEN)
    ]
    return Count("open deadlines", None, len(rows))


def today() -> date:
    """The day in UTC."""
    return datetime.now(UTC).date()
