"""The trial's sites by status, as a whole and by country."""

PART = {
    "sites": """
SELECT coalesce(jsonb_object_agg(s.status, s.n), '{}') FROM (
    SELECT coalesce(status, 'unknown') AS status, count(*) AS n FROM site
    WHERE trial_id = t.trial_id GROUP BY 1) s
""",
    "countries": """
SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.sites DESC, c.country), '[]') FROM (
    SELECT s.country, count(*) AS sites, count(s.activated_on) AS activated,
           count(*) FILTER (WHERE s.status = 'suspended') AS suspended,
           coalesce(sum(g.enrolled), 0) AS enrolled, sum(s.target) AS target
    FROM site s LEFT JOIN site_guard g USING (site_id)
    WHERE s.trial_id = t.trial_id GROUP BY 1) c
""",
}
