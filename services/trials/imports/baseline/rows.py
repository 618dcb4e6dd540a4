"""What each line of a baseline is as a command; ids follow from the names in the files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from services.trials.imports.baseline.cells import GATES
from services.trials.imports.baseline.files import Cells
from services.trials.rules import NAMESPACE


class LineError(Exception):
    """A line that names what the files do not hold, or what was not loaded; `column` is where."""

    def __init__(self, column: str, detail: str) -> None:
        super().__init__(detail)
        self.column, self.detail = column, detail


@dataclass
class Known:
    """What was loaded so far, by its name in the files, and the record that vouches for all of it."""

    document_ref: str
    programmes: dict[str, UUID] = field(default_factory=dict)
    trials: dict[str, UUID] = field(default_factory=dict)
    sites: dict[tuple[str, str], UUID] = field(default_factory=dict)
    zones: dict[tuple[str, str], str] = field(default_factory=dict)
    subjects: dict[tuple[str, str], UUID] = field(default_factory=dict)
    cases: dict[tuple[str, str], UUID] = field(default_factory=dict)
    approvals: Mapping[tuple[str, str], list[Cells]] = field(default_factory=dict)

    def trial(self, cells: Cells) -> UUID:
        return _named(self.trials, cells["trial"], "trial", "trials.csv")

    def site(self, cells: Cells, name: str, column: str) -> UUID:
        return _named(self.sites, (cells["trial"], name), column, "sites.csv")


def _named(known: Mapping[Any, UUID], name: Any, column: str, file: str) -> UUID:
    if name not in known:
        raise LineError(column, f"no line of that name in {file} was loaded")
    return known[name]


def programme(known: Known, cells: Cells) -> dict[str, Any]:
    """A programme of its sponsor."""
    body = {name: value for name, value in cells.items() if name != "programme"}
    return body | {"programme_id": _of_sponsor(cells, "programme")}


def trial(known: Known, cells: Cells) -> dict[str, Any]:
    """A trial; one that is known by its NCT number keeps the id that it has."""
    body = {name: value for name, value in cells.items() if name not in ("trial", "programme")}
    if "programme" in cells:
        programme_id = _named(known.programmes, cells["programme"], "programme", "programmes.csv")
        body["programme_id"] = str(programme_id)
    return body | {"trial_id": _of_sponsor(cells, "trial")}


def _of_sponsor(cells: Cells, kind: str) -> str:
    """The id of what bears this name at its sponsor."""
    sponsor = " ".join(cells["sponsor"].casefold().split())
    return str(uuid5(NAMESPACE, f"baseline|{kind}|{sponsor}|{cells[kind]}"))


def site(known: Known, cells: Cells) -> dict[str, Any]:
    """A site with the evidence for its gates; for its board's gate, the approvals that name it."""
    trial_id = known.trial(cells)
    site_id = (
        _id(cells["site_id"], "site_id") if "site_id" in cells else uuid5(trial_id, f"site|{cells['site']}")
    )
    given, own = dict(cells.get("gates", {})), known.approvals.get((cells["trial"], cells["site"]), [])
    if others := given.pop("*", None):
        given = {gate: others for gate in GATES if gate != "irb_current" or not own} | given
    evidence: list[dict[str, Any]] = [
        {
            "gate": gate,
            "evidence_id": str(uuid5(site_id, f"evidence|{gate}")),
            "valid_from": first,
            "valid_to": last,
            "document_ref": known.document_ref,
        }
        for gate, (first, last) in given.items()
    ]
    evidence += [
        {
            "gate": "irb_current",
            "evidence_id": str(approval_id(trial_id, one["approval"])),
            "valid_from": one["effective_on"],
            "valid_to": one["expires_on"],
        }
        for one in own
    ]
    body = {name: value for name, value in cells.items() if name not in ("site", "trial", "gates")}
    return body | {"trial_id": str(trial_id), "site_id": str(site_id), "evidence": evidence}


def approval(known: Known, cells: Cells) -> dict[str, Any]:
    """An approval at its sites; their zone where it names none."""
    trial_id = known.trial(cells)
    sites = [str(known.site(cells, name, "sites")) for name in cells["sites"]]
    zone = cells.get("zone") or known.zones[cells["trial"], cells["sites"][0]]
    dates = {name: cells[name] for name in ("protocol_version", "effective_on", "expires_on")}
    ids = {"trial_id": str(trial_id), "approval_id": str(approval_id(trial_id, cells["approval"]))}
    return dates | ids | {"site_ids": sites, "zone": zone}


def subject(known: Known, cells: Cells) -> dict[str, Any]:
    """A subject by its code."""
    trial_id, site_id = known.trial(cells), known.site(cells, cells["site"], "site")
    body = {name: value for name, value in cells.items() if name not in ("subject", "trial", "site")}
    code = cells["subject"]
    ids = {"trial_id": str(trial_id), "site_id": str(site_id)}
    return body | ids | {"subject_id": str(subject_id(trial_id, code)), "subject_code": code}


def case(known: Known, cells: Cells) -> dict[str, Any]:
    """An open case of a subject."""
    names = ("case", "trial", "site", "subject")
    body = {name: value for name, value in cells.items() if name not in names}
    return body | _of_subject(known, cells) | {"case_id": str(_case_id(known, cells))}


def request(known: Known, cells: Cells) -> dict[str, Any]:
    """An open record request with one of its custodians."""
    names = ("request", "trial", "site", "subject", "case")
    body = {name: value for name, value in cells.items() if name not in names}
    request_id = uuid5(known.trial(cells), f"request|{cells['request']}")
    body |= {"request_id": str(request_id), "leg_id": str(uuid5(request_id, f"leg|{cells['custodian']}"))}
    if "case" in cells:
        body["case_id"] = str(_named(known.cases, (cells["trial"], cells["case"]), "case", "cases.csv"))
    return body | _of_subject(known, cells)


def _of_subject(known: Known, cells: Cells) -> dict[str, str]:
    subject_id = _named(known.subjects, (cells["trial"], cells["subject"]), "subject", "subjects.csv")
    ids = {"trial_id": str(known.trial(cells)), "subject_id": str(subject_id)}
    return ids | ({"site_id": str(known.site(cells, cells["site"], "site"))} if "site" in cells else {})


def _case_id(known: Known, cells: Cells) -> UUID:
    return uuid5(known.trial(cells), f"case|{cells['case']}")


def approval_id(trial_id: UUID, name: str) -> UUID:
    return uuid5(trial_id, f"approval|{name}")


def subject_id(trial_id: UUID, code: str) -> UUID:
    return uuid5(trial_id, f"subject|{code}")


def _id(text: str, column: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise LineError(column, "is no id") from None


BODIES = {
    "programmes": programme,
    "trials": trial,
    "sites": site,
    "approvals": approval,
    "subjects": subject,
    "cases": case,
    "requests": request,
}
