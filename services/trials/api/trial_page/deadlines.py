"""Deadlines about the trial: the first by date, what is overdue, and what falls due next."""

_LIST = """
SELECT jsonb_build_object(
    'items', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.due_on, x.deadline_id), '[]') FROM (
        SELECT * FROM deadline WHERE trial_id = t.trial_id AND {which}
        ORDER BY due_on, deadline_id LIMIT 10) x),
    'count', (SELECT count(*) FROM deadline WHERE trial_id = t.trial_id AND {which}),
    'all', '/v1/deadlines?trial=' || t.trial_id || '{asked}')
"""

PART = {
    "deadlines": """
SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.due_on, x.deadline_id), '[]') FROM (
    SELECT * FROM deadline WHERE trial_id = t.trial_id ORDER BY due_on, deadline_id LIMIT 200) x
""",
    "overdue": _LIST.format(which="status = 'missed'", asked="&status=missed"),
    "next_deadlines": _LIST.format(
        which="status IN ('armed', 'at_risk')", asked="&status=armed&status=at_risk"
    ),
}
