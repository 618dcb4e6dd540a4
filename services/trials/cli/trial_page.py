"""A trial's page for a person: facts a line each, then what the registry says of its plan, and its sites."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer

from shared.stack.client import table

_DAYS = {
    "start": "start",
    "primary end": "primary_completion",
    "end": "completion",
    "posted": "first_posted",
    "results": "results_posted",
}
_BUILT = (
    "allocation_type",
    "intervention_model",
    "primary_purpose",
    "observational_model",
    "time_perspective",
)
_PARTS = ("milestones", "left")
_AGES = {"from": "minimum_age", "to": "maximum_age"}
Found = Mapping[str, Any]


def tell(found: Found) -> None:
    """Print the page that `GET /v1/trials/{id}` answers with."""
    registry = found["registry"]
    for label, value in (*_facts(found).items(), *(_told_by(registry) if registry else ())):
        typer.echo(f"{label:<12} {value}")
    table(found["deadlines"], ("due_on", "status", "code", "citation", "anchor", "anchor_on", "owner"))
    sites = found["first_sites"]
    table(sites["items"], ("city", "country", "status", "registry_status", "name"))
    if more := sites["count"] - len(sites["items"]):
        typer.echo(f"{more} more: trialwire site list {found['nct'] or found['trial_id']}")


def _facts(found: Found) -> dict[str, Any]:
    holds = [f"{hold['source']} since {hold['since']}" for hold in found["lifecycle"]["holds"]]
    counts = sorted(found["sites"].items())
    return {
        "trial": f"{found['nct'] or ''} {found['title']}",
        "id": found["trial_id"],
        "correlation": found["correlation_id"],
        "sponsor": found["sponsor_name"],
        "status": f"{found['status']} (registry: {found['registry_status'] or 'none'})",
        "phase": f"{', '.join(found['phases']) or 'none'} ({found['study_type'] or 'type not stated'})",
        "holds": "; ".join(holds) or "none",
        "sites": ", ".join(f"{count} {status}" for status, count in counts) or "none",
        "enrolled": f"{found['enrolled']} of {found['target'] or '?'}",
        "deviations": found["deviations"],
    }


def _told_by(registry: Found) -> Iterator[tuple[str, str]]:
    """What the registry says of the trial, where it says anything; long texts stay in --json."""
    facts = {
        "official": registry["official_title"],
        "last known": registry["last_known_status"],
        "stopped": registry["why_stopped"],
        "conditions": "; ".join(registry["conditions"]),
        "studies": "; ".join(f"{one['kind']}: {one['name']}" for one in registry["interventions"]),
        "design": _design(registry["design"] or {}),
        "enrolment": _size(registry["enrolment"], registry["enrolment_kind"]),
        **{label: _day(registry[name]) for label, name in _DAYS.items()},
        "eligible": _eligible(registry["eligibility"] or {}),
        "outcomes": _counted([one["role"] for one in registry["outcomes"]]),
    }
    yield from ((label, value) for label, value in facts.items() if value)
    for one in registry["outcomes"]:
        if one["role"] == "primary":
            yield "primary", f"{one['measure']} ({one['time_frame'] or 'time not stated'})"
    for arm in registry["arms"]:
        given = f": {'; '.join(arm['interventions'])}" if arm["interventions"] else ""
        yield "arm", f"{arm['label']}{' (' + arm['kind'] + ')' if arm['kind'] else ''}{given}"
    if registry["flow"]:
        yield from (("flow", line) for line in _flow(registry["flow"]))


def _design(design: Found) -> str:
    known = [design[name] for name in _BUILT if design.get(name)]
    if masking := design.get("masking"):
        masked = f" ({', '.join(design['who_masked'])})" if design["who_masked"] else ""
        known.append(f"masking {masking}{masked}")
    return ", ".join(known)


def _size(count: int | None, kind: str | None) -> str | None:
    return None if count is None else f"{count} participants ({kind or 'kind not stated'}), by the registry"


def _day(said: Found | None) -> str | None:
    """A date as exact as the registry gives it, and whether it has come."""
    if said is None:
        return None
    return f"{said['text']} ({said['kind']})" if said["kind"] else str(said["text"])


def _eligible(who: Found) -> str:
    ages = [f"{which} {age}" for which in ("from", "to") if (age := who.get(_AGES[which]))]
    healthy = who.get("healthy_volunteers")
    volunteers = None if healthy is None else f"{'' if healthy else 'no '}healthy volunteers"
    criteria = f"criteria of {len(who['criteria'])} characters" if who.get("criteria") else None
    return ", ".join(filter(None, [who.get("sex"), " ".join(ages), volunteers, criteria]))


def _counted(roles: Sequence[str]) -> str:
    return ", ".join(f"{roles.count(role)} {role}" for role in dict.fromkeys(roles))


def _flow(flow: Found) -> Iterator[str]:
    """A line a group for each period: who came to which milestone, and why participants left."""
    for period in flow["periods"]:
        for group, title in flow["groups"].items():
            counts = [
                [(row["name"], row["participants"].get(group)) for row in period[part]] for part in _PARTS
            ]
            came = ", ".join(f"{name} {count}" for name, count in counts[0] if count is not None)
            left = ", ".join(f"{name} {count}" for name, count in counts[1] if count)
            if came:
                yield f"{period['title']}, {title}: {came}{'; left: ' + left if left else ''}"
