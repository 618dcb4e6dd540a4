"""What the services show after a baseline was loaded, beside what its files say."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.trials.imports.baseline.files import Cells
from services.trials.imports.baseline.load import Tally
from services.trials.imports.baseline.rows import Known
from shared.rules.dates import local_date
from shared.stack.clock import ahead
from shared.stack.home import Home

# All rows of a list that a service answers.
List = Callable[..., Iterable[dict[str, Any]]]
_ACTIVE = ("activated", "enrolling")
_IN_FORCE = ("active", "expiring")
_OPEN_CASES = ("received", "reportable")
_OPEN_REQUESTS = ("open", "frozen")
# What the services show of a trial: whose page, and the name of the trial in its query.
_PAGES: dict[str, tuple[str, str, str | None]] = {
    "sites": ("trials", "/v1/trials/{}/sites", None),
    "subjects": ("trials", "/v1/trials/{}/subjects", None),
    "approvals": ("regulatory", "/v1/approvals", "trial"),
    "cases": ("safety", "/v1/cases", "trial"),
    "requests": ("retrieval", "/v1/requests", "trial"),
}
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


def counts(tallies: Iterable[Tally], known: Known, listed: List, now: datetime) -> list[Count]:
    """The figures, of all lines that the files hold and of all that the services show of their trials.

    `now` is the business time of the services.
    """
    given = {tally.sheet.name: [line.cells for line in tally.lines] for tally in tallies}
    ids = sorted(known.trials.values())
    return [*_of_files(given, known, ids, listed, now), _deadlines(ids, listed)]


def _of_files(
    given: dict[str, list[Cells]], known: Known, ids: list[UUID], listed: List, now: datetime
) -> Iterator[Count]:
    shown: dict[str, Counter[str]] = {name: Counter() for name in _PAGES}
    settled: set[str] = set()
    for id_ in ids:
        for name, (service, path, asked) in _PAGES.items():
            rows = [*listed(service, path.format(id_), **({asked: str(id_)} if asked else {}))]
            shown[name].update(str(row["status"]) for row in rows)
            if name == "cases":
                settled |= {row["case_id"] for row in rows if row["status"] == "acknowledged"}
    wanted = {str(id_) for id_ in ids}
    trials = sum(row["trial_id"] in wanted for row in listed("trials", "/v1/trials"))
    yield Count("trials", len(given["trials"]), trials)
    active = sum(cells["status"] in _ACTIVE for cells in given["sites"])
    yield Count("active sites", active, sum(shown["sites"][status] for status in _ACTIVE))
    stated = Counter(str(cells["status"]) for cells in given["subjects"])
    for status in sorted({*stated, *shown["subjects"]}):
        yield Count(f"subjects {status}", stated[status], shown["subjects"][status])
    current = sum(_in_force(cells, known, now) for cells in given["approvals"])
    yield Count("approvals in force", current, sum(shown["approvals"][status] for status in _IN_FORCE))
    undecided = [cells for cells in given["cases"] if cells.get("determination") != "not_reportable"]
    closed = sum(_settled(cells, known, settled) for cells in undecided)
    yield Count("open cases", len(undecided) - closed, sum(shown["cases"][status] for status in _OPEN_CASES))
    requests = {(cells["trial"], cells["request"]) for cells in given["requests"]}
    yield Count("open requests", len(requests), sum(shown["requests"][status] for status in _OPEN_REQUESTS))


def _in_force(cells: Cells, known: Known, now: datetime) -> bool:
    """Until the end of its last day in the approval's zone, or in that of its first site."""
    zone = cells.get("zone") or known.zones.get((cells["trial"], cells["sites"][0]), "UTC")
    return date.fromisoformat(cells["expires_on"]) >= local_date(now, zone)


def _settled(cells: Cells, known: Known, acknowledged: Container[str]) -> bool:
    """Whether the reports settled are all that are owed: the rules of safety say which are, not the line."""
    case_id = known.cases.get((cells["trial"], cells["case"]))
    return bool(cells.get("settled")) and str(case_id) in acknowledged


def _deadlines(ids: list[UUID], listed: List) -> Count:
    rows = [
        row
        for id_ in ids
        for service in SERVICES
        for row in listed(service, "/v1/deadlines", trial=str(id_), status=_OPEN)
        if row["service"] == service  # trials shows those of the others as well
    ]
    return Count("open deadlines", None, len(rows))


def now() -> datetime:
    """Business time: that of the stack on this machine, which may be ahead of real time."""
    return datetime.now(UTC) + ahead(Home.at())
