"""Where the trial stands, what holds it, and how many deviations count."""

PART = {
    "lifecycle": """
SELECT jsonb_build_object('status', t.status, 'reason', t.status_reason, 'holds', (
    SELECT coalesce(jsonb_agg(to_jsonb(h) ORDER BY h.since, h.hold_id), '[]') FROM (
        SELECT * FROM hold WHERE trial_id = t.trial_id AND status = 'open'
        ORDER BY since, hold_id LIMIT 50) h))
""",
    "holds": """
SELECT jsonb_build_object('open', count(*) FILTER (WHERE status = 'open'), 'count', count(*),
                          'all', '/v1/trials/' || t.trial_id || '/holds')
FROM hold WHERE trial_id = t.trial_id
""",
    "deviations": """
SELECT count(*) FROM deviation d WHERE d.trial_id = t.trial_id AND NOT d.annulled
""",
}
