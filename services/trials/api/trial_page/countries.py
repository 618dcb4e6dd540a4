"""The trial's sites by status, as a whole and by country, and the first of them by place."""

PART = {
    "sites": """
SELECT coalesce(jsonb_object_agg(s.status, s.n), '{}') FROM (
    SELECT coalesce(status, 'unknown') AS status, count(*) AS n FROM site
    WHERE trial_id = t.trial_id GROUP BY 1) s
""",
    "first_sites": """
SELECT jsonb_build_object(
    'items', (
        SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.country, x.city, x.name, x.site_id), '[]') FROM (
            SELECT site_id, name, city, state, country, status, registry_status, listed
            FROM site WHERE trial_id = t.trial_id ORDER BY country, city, name, site_id LIMIT 50) x),
    'count', (SELECT count(*) FROM site WHERE trial_id = t.trial_id),
    'all', '/v1/trials/' || t.trial_id || '/sites')
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
