"""What tests of the protocol, the design and the statistics begin with."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.trials.commands.protocol import (
    DraftProtocolVersion,
    RecordProtocolApproval,
    RecordProtocolSubmission,
    ReportUrgentChange,
)
from services.trials.commands.trial import RegisterTrial
from services.trials.projections.protocol_guards import SiteProtocol, TrialProtocol
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, World

TODAY = NOW.date()
DAY = timedelta(days=1)
FIRST, CHANGE = UUID(int=41), UUID(int=42)


def draft(version: str = "1.0", **given: Any) -> DraftProtocolVersion:
    about: dict[str, Any] = {"trial_id": TRIAL, "version": version, "dated_on": date(2026, 1, 5)}
    if "amends" in given:
        about |= {"sections": ("5.2",), "reason": "eligibility"}
    return DraftProtocolVersion(**about | given)


def submit(version: str = "1.0", on: date = TODAY - 9 * DAY, **given: Any) -> RecordProtocolSubmission:
    about: dict[str, Any] = {"country": "US", "submission": "0012", "submitted_on": on}
    return RecordProtocolSubmission(trial_id=TRIAL, version=version, **about | given)


def approve(
    version: str | None = "1.0", on: date = TODAY - 5 * DAY, approval: UUID = FIRST, *sites: UUID
) -> RecordProtocolApproval:
    return RecordProtocolApproval(
        trial_id=TRIAL,
        version=version,
        approval_id=approval,
        site_ids=sites or (SITE,),
        effective_on=on,
        expires_on=on + 364 * DAY,
    )


def urgent(version: str = "2.0", on: date = TODAY - DAY, **given: Any) -> ReportUrgentChange:
    about: dict[str, Any] = {
        "change_id": CHANGE,
        "site_ids": (SITE,),
        "country": "US",
        "zone": "America/New_York",
        "reason": "hazard",
    }
    return ReportUrgentChange(trial_id=TRIAL, version=version, implemented_on=on, **about | given)


def registered(route: str = "us_ind") -> World:
    """A trial that its sponsor registered, and nothing else."""
    world = World()
    world.do(RegisterTrial(trial_id=TRIAL, title="A trial", sponsor="A sponsor", route=route))  # type: ignore[arg-type]
    return world


def status(world: World, version: str = "1.0") -> Any:
    found = world.guard(TrialProtocol, TRIAL)
    return found.versions.get(version) if found else None


def at_site(world: World, on: date = TODAY, site: UUID = SITE) -> str | None:
    """The version in force at a site on a day."""
    row = world.guard(SiteProtocol, site)
    found = row.on(on) if row else None
    return found.version if found else None
