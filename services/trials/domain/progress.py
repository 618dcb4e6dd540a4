"""Enrolment against target: what sites have done, summed up by country and trial, with the day to come."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from services.trials.domain.forecast import Pace, SiteRecord, forecast, pace
from services.trials.projections.enrolment_guards import EnrolmentTargets, Target

# Sites in these go on recruiting as they did; a suspended one may go on, but nobody knows when.
RECRUITING = ("activated", "enrolling")


@dataclass(frozen=True)
class SiteProgress:
    """What a site has done; `told_on` is the day of the last word on its status."""

    site_id: UUID
    name: str | None = None
    country: str | None = None
    status: str | None = None
    activated_on: date | None = None
    told_on: date | None = None
    screened: int = 0
    eligible: int = 0
    failed: int = 0
    enrolled: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


def record(site: SiteProgress, today: date, open_trial: bool) -> SiteRecord | None:
    """The site as the model of recruitment sees it; None where it was never activated."""
    if site.activated_on is None:
        return None
    recruiting = site.status in RECRUITING
    last = today if recruiting or site.told_on is None else max(site.told_on, site.activated_on)
    return SiteRecord(site.enrolled, max(1, (last - site.activated_on).days + 1), recruiting and open_trial)


def progress(
    sites: Sequence[SiteProgress], targets: EnrolmentTargets, today: date, open_trial: bool
) -> dict[str, Any]:
    """Trial, countries and sites with target, counts and screen failures; the first two with a forecast."""
    planned: dict[tuple[str, str], Target] = {(t.level, t.scope): t for t in targets.all()}
    records = {site.site_id: record(site, today, open_trial) for site in sites}
    known = pace([found for found in records.values() if found])

    def summed(level: str, scope: str, some: Sequence[SiteProgress]) -> dict[str, Any]:
        target = planned.get((level, scope))
        return _counts(some, target) | _coming(known, [records[s.site_id] for s in some], some, target, today)

    countries = sorted({s.country for s in sites if s.country} | {c for at, c in planned if at == "country"})
    return {
        "trial": summed("trial", "", sites),
        "countries": [
            {"country": country} | summed("country", country, [s for s in sites if s.country == country])
            for country in countries
        ],
        "sites": [_site(site, planned.get(("site", str(site.site_id)))) for site in sites],
    }


def _site(site: SiteProgress, target: Target | None) -> dict[str, Any]:
    about = {
        "site_id": site.site_id,
        "name": site.name,
        "country": site.country,
        "status": site.status,
        "activated_on": site.activated_on,
    }
    return about | _counts([site], target)


def _counts(sites: Iterable[SiteProgress], target: Target | None) -> dict[str, Any]:
    """Counts of the sites; the screen-failure rate is failed / decided, a ratio, None without decisions."""
    some = list(sites)
    reasons: Counter[str] = Counter()
    for site in some:
        reasons.update(site.reasons)
    failed, decided = sum(s.failed for s in some), sum(s.failed + s.eligible for s in some)
    return {
        "target": target.target if target else None,
        "first_on": target.first_on if target else None,
        "last_on": target.last_on if target else None,
        "screened": sum(s.screened for s in some),
        "failed": failed,
        "screen_failure_rate": round(failed / decided, 4) if decided else None,
        "failure_reasons": dict(sorted(reasons.items())),
        "enrolled": sum(s.enrolled for s in some),
    }


def _coming(
    known: Pace | str,
    records: Iterable[SiteRecord | None],
    some: Sequence[SiteProgress],
    target: Target | None,
    today: date,
) -> dict[str, Any]:
    found = forecast(
        known,
        [one for one in records if one],
        target.target if target else None,
        sum(site.enrolled for site in some),
        today,
    )
    planned = target.last_on if target else None
    return {
        "forecast": asdict(found),
        "late": found.middle > planned if found.middle and planned else None,
    }
