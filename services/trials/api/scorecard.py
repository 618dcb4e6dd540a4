"""The scorecard of an organisation: figures from the events of those trials that the asker reaches."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Request

from services.trials.rules.kri import MONTH
from services.trials.rules.scorecard import WEIGHTS, Figure, scorecard
from shared.contracts.trials.engagement import Criterion
from shared.http.problems import ProblemError
from shared.http.seen import seen
from shared.rules.dates import local_date
from shared.runtime import clock

# Who runs or ran which trial on which days, with the trials of a programme that it works for; by function it
# runs none, and by area none of a programme: which of its trials are of the area no event tells. Of these
# trials the sites that were chosen are its own, on days on which it worked and they had not ended; days of
# several engagements count once.
_FIGURES = """
WITH run AS (
    SELECT t.trial_id, e.organisation, e.model, e.countries,
           daterange(e.began_on, greatest(e.began_on, coalesce(e.ended_on, $2::date)), '[]') AS days
    FROM engagement e, LATERAL (
        SELECT e.of_trial AS trial_id WHERE e.of_trial IS NOT NULL
        UNION ALL SELECT trial_id FROM trial
        WHERE programme_id = e.of_programme AND e.model <> 'therapeutic_area') t
    WHERE e.began_on IS NOT NULL AND e.model <> 'functional'
), chosen AS (
    SELECT c.site_id, c.trial_id, s.country, c.activated_on, c.approved_on, daterange(
        c.first_on, greatest(c.first_on, coalesce(s.closed_on, 'infinity')), '[]') AS days
    FROM (SELECT *, least(selected_on, activated_on) AS first_on FROM cycle_time) c
    JOIN site s USING (site_id)
    WHERE c.selected_on IS NOT NULL AND c.trial_id IN (SELECT trial_id FROM run WHERE organisation = $1)
), work AS (
    SELECT r.organisation, c.site_id, range_agg(r.days * c.days) AS days
    FROM run r JOIN chosen c USING (trial_id)
    WHERE r.days && c.days AND (r.model <> 'regional' OR r.countries ? c.country) GROUP BY 1, 2
), its AS (
    SELECT c.site_id, c.country, c.activated_on, c.approved_on, w.days, CASE
        WHEN c.activated_on IS NULL THEN '{}'
        ELSE w.days * datemultirange(daterange(c.activated_on, NULL)) END AS active
    FROM work w JOIN chosen c USING (site_id) WHERE w.organisation = $1
), started AS (
    SELECT activated_on - approved_on AS days FROM its
    WHERE days @> activated_on AND activated_on >= approved_on
), owned AS (
    SELECT count(*) FILTER (WHERE outcome = 'met') AS met, count(*) AS n FROM owned_deadline
    WHERE owned_by = $1
)
SELECT (SELECT met FROM owned) AS met, (SELECT n FROM owned) AS owned,
    (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FROM started) AS cycle_days,
    (SELECT count(*) FROM started) AS started,
    (SELECT count(*) FROM its) AS sites,
    (SELECT count(*) FROM its WHERE NOT isempty(active)) AS activated,
    (SELECT count(*) FROM its i WHERE EXISTS (
        SELECT FROM work w
        WHERE w.site_id = i.site_id AND w.organisation <> $1 AND w.days && i.days)) AS shared_sites,
    (SELECT coalesce(json_agg(DISTINCT country ORDER BY country), '[]')::text
     FROM its WHERE NOT isempty(active)) AS countries,
    (SELECT sum(upper(part) - lower(part)) FROM its, unnest(its.active) part) AS site_days,
    (SELECT count(*) FROM deviation d JOIN its USING (site_id)
     WHERE NOT d.annulled AND its.active @> d.occurred_on) AS deviations,
    (SELECT coalesce(sum(jsonb_array_length(v.findings)), 0) FROM monitoring_visit v JOIN its USING (site_id)
     WHERE v.approved_by IS NOT NULL AND its.active @> v.conducted_on) AS findings,
    (SELECT count(DISTINCT r.trial_id) FROM run r JOIN trial t USING (trial_id), trial asked
     WHERE r.organisation = $1 AND asked.trial_id = $3 AND t.trial_id <> $3 AND EXISTS (
         SELECT FROM jsonb_array_elements_text(t.registry -> 'conditions') c
         JOIN jsonb_array_elements_text(asked.registry -> 'conditions') a ON lower(a) = lower(c))) AS alike,
    (SELECT jsonb_array_length(registry -> 'conditions') > 0 FROM trial WHERE trial_id = $3) AS conditions
"""
_KNOWN = """
SELECT engagement_id, of_trial, name, weights, scores FROM engagement
WHERE organisation = $1 ORDER BY changed_at DESC, engagement_id
"""


async def organisation_scorecard(
    request: Request, organisation_id: UUID, engagement: UUID | None = None, trial: UUID | None = None
) -> dict[str, Any]:
    """What the organisation is worth, by the asker's own trials: each score with figure, n, source and how.

    `sites`: how many it worked at; `shared_sites`: those of them at which another organisation did as well on
    some of the same days, so that their figures are those of both.

    `engagement`: by the weights of this evaluation. `trial`: the one whose conditions count as alike, without
    it that of the engagement. The total is null while a criterion that counts is missing.
    """
    async with seen(request) as tx:
        known = await tx.fetch(_KNOWN, organisation_id)
        chosen = next((one for one in known if one["engagement_id"] == engagement), None)
        about = trial or (chosen["of_trial"] if chosen else None)
        found = await tx.fetchrow(_FIGURES, organisation_id, local_date(clock.now(), "UTC"), about)
    if not known or (engagement and chosen is None):
        raise ProblemError(404, "unknown", "there is no engagement of this organisation, or not this one")
    told = dict(found or {})
    weights = json.loads(chosen["weights"] or "null") if chosen else None
    return {
        "organisation_id": organisation_id,
        "name": known[0]["name"],
        "engagement_id": engagement,
        "trial_id": about,
        "countries": json.loads(told["countries"]),
        "sites": told["sites"],
        "shared_sites": told["shared_sites"],
        **scorecard(_figures(told), _entered(known), weights or WEIGHTS),
    }


def _figures(told: Mapping[str, Any]) -> dict[Criterion, Figure]:
    """The figures of those criteria of which any event tells."""
    months = (told["site_days"] or 0) / MONTH
    figures: dict[Criterion, Figure] = {}
    if told["conditions"]:
        figures["therapeutic_expertise"] = Figure(told["alike"], told["alike"])
    if told["owned"]:
        figures["on_time_delivery"] = Figure(told["met"] / told["owned"], told["owned"])
    if told["started"]:
        figures["cycle_time"] = Figure(told["cycle_days"], told["started"])
    if months:
        found = told["deviations"] + told["findings"]
        figures["quality"] = Figure(found / months, found)
    if told["sites"]:
        figures["coverage"] = Figure(told["activated"] / told["sites"], told["sites"])
    return figures


def _entered(known: list[Any]) -> dict[Criterion, dict[str, Any]]:
    """Of each criterion the entry that speaks of the latest day, whichever engagement it was made in."""
    latest: dict[Criterion, dict[str, Any]] = {}
    for one in known:
        for name, score in json.loads(one["scores"]).items():
            if name not in latest or score["as_of"] > latest[name]["as_of"]:
                latest[name] = score
    return latest
