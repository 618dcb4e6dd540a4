"""A portfolio as large as a CRO's: rows made by Postgres itself in the tables of the trials service."""

import asyncpg

TRIALS, SUBJECTS, SITES = 10_000, 1_000_000, 100_000
LARGE_SITES, LARGE_SUBJECTS = 500, 10_000
TRIAL_N = "('00000000-0000-4000-8000-' || lpad(to_hex({n}), 12, '0'))::uuid"  # the n-th trial's id
_TRIAL = TRIAL_N.format(n="n")
_OF = TRIAL_N.format(n="1 + n % 10000")
_SITE = "('00000000-0000-4000-8001-' || lpad(to_hex({n}), 12, '0'))::uuid"

_ROWS = f"""
INSERT INTO trial (trial_id, sponsor_id, title, phases, identifiers, nct, sponsor_name, study_type, basis,
                   status, target, registry_status, registry, registered_at, changed_at, conditions, start_on,
                   primary_completion_on)
SELECT {_TRIAL}, {TRIAL_N.format(n="n % 100")},
       (ARRAY['A study of', 'Safety of', 'Efficacy of', 'An open trial of'])[1 + n % 4] || ' treatment ' || n,
       jsonb_build_array('PHASE' || 1 + n % 4),
       jsonb_build_array(jsonb_build_object('system', 'nct', 'value', 'NCT' || lpad(n::text, 8, '0'))),
       'NCT' || lpad(n::text, 8, '0'), 'Sponsor ' || n % 100, 'INTERVENTIONAL', 'registry',
       (ARRAY['draft', 'approved', 'active', 'active', 'closed_accrual', 'completed'])[1 + n % 6],
       100 + n % 900, 'RECRUITING',
       jsonb_build_object('status', 'RECRUITING', 'official_title', repeat('A long official title. ', 40),
                          'interventions', jsonb_build_array(repeat(md5(n::text), 30))),
       now() - n * interval '1 minute', now() - n * interval '1 second',
       jsonb_build_array('Condition ' || n % 200, (ARRAY['Asthma', 'Diabetes', 'Melanoma'])[1 + n % 3]),
       current_date - n % 900, current_date + n % 700
FROM generate_series(1, {TRIALS}) n;
INSERT INTO es.trial SELECT trial_id, sponsor_id FROM trial;
INSERT INTO trial_guard (trial_id, status) SELECT trial_id, status FROM trial;

INSERT INTO site (site_id, trial_id, name, city, country, zone, status, target, activated_on, changed_at)
SELECT {_SITE.format(n="n")}, CASE WHEN n > {SITES} THEN {TRIAL_N.format(n=1)} ELSE {_OF} END,
       'Hospital ' || n, 'A city',
       (ARRAY['US', 'US', 'DE', 'ES', 'FR', 'JP', 'BR', 'IN', 'PL', 'ZA'])[1 + n / 7 % 10], 'UTC',
       (ARRAY['identified', 'selected', 'activated', 'enrolling', 'enrolling', 'suspended'])[1 + n / 11 % 6],
       20, current_date - n % 300, now()
FROM generate_series(1, {SITES + LARGE_SITES}) n;
INSERT INTO site_guard (site_id, trial_id, status, enrolled) SELECT site_id, trial_id, status, 10 FROM site;

INSERT INTO subject (subject_id, trial_id, site_id, subject_code, status, enrolled_on, changed_at)
SELECT gen_random_uuid(), CASE WHEN n <= {LARGE_SUBJECTS} THEN {TRIAL_N.format(n=1)} ELSE {_OF} END,
       CASE WHEN n <= {LARGE_SUBJECTS} THEN {_SITE.format(n=f"{SITES + 1} + n % {LARGE_SITES}")}
            ELSE {_SITE.format(n=f"1 + (n - 1) % {SITES}")} END,
       'S-' || n, 'on-study', current_date - n % 500, now()
FROM generate_series(1, {SUBJECTS}) n;
INSERT INTO trial_count SELECT trial_id, count(*) FROM subject GROUP BY 1;

INSERT INTO hold (hold_id, trial_id, source, scope_kind, effects, since, status)
SELECT gen_random_uuid(), {_OF}, 'sponsor_pause', 'trial', '["enrol"]', current_date - n % 90,
       CASE WHEN n % 10 = 0 THEN 'open' ELSE 'lifted' END
FROM generate_series(1, 5000) n;
INSERT INTO deviation (deviation_id, trial_id, category, rules, occurred_on)
SELECT gen_random_uuid(), {_OF}, 'visit', '["visit.late"]', current_date - n % 400
FROM generate_series(1, 100000) n;
INSERT INTO deadline (deadline_id, trial_id, code, due_on, status, title, citation, owner)
SELECT gen_random_uuid(), CASE WHEN n <= 1000 THEN {TRIAL_N.format(n=1)} ELSE {_OF} END, 'x',
       current_date + n % 60,
       (ARRAY['met', 'met', 'met', 'met', 'armed', 'armed', 'at_risk', 'missed'])[1 + n / 10 % 8],
       'A report', '21 CFR 312.32(c)', 'sponsor'
FROM generate_series(1, 100000) n;
"""  # noqa: S608 - constants


async def fill(dsn: str) -> None:
    """10,000 trials, one with 500 sites and 10,000 subjects; 100,000 sites and 1,000,000 subjects in all."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET synchronous_commit = off; SET session_replication_role = replica")
        await connection.execute(_ROWS, timeout=200)
        await connection.execute("VACUUM ANALYZE", timeout=120)
    finally:
        await connection.close()
