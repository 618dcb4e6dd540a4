"""How many subjects enrolled, and the sites that enrolled the most."""

PART = {
    "enrolled": """
SELECT coalesce((SELECT enrolled FROM trial_count c WHERE c.trial_id = t.trial_id), 0)
""",
    "enrolment": """
SELECT jsonb_build_object(
    'sites', (
        SELECT coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.enrolled DESC, e.site_id), '[]') FROM (
            SELECT s.site_id, s.name, s.country, s.status, s.target, g.enrolled
            FROM site s JOIN site_guard g USING (site_id)
            WHERE s.trial_id = t.trial_id AND g.enrolled > 0 ORDER BY g.enrolled DESC, s.site_id LIMIT 10) e),
    'count', (SELECT count(*) FROM site s JOIN site_guard g USING (site_id)
              WHERE s.trial_id = t.trial_id AND g.enrolled > 0),
    'all', '/v1/trials/' || t.trial_id || '/sites')
""",
}
