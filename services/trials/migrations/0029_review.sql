-- What nothing is left of once a hold is annulled (projections/hold_deviations.py).
CREATE TABLE hold_deviations (
    hold_id    uuid PRIMARY KEY,
    trial_id   uuid,
    deviations jsonb NOT NULL DEFAULT '{}'
);
INSERT INTO hold_deviations
SELECT h::uuid, (array_agg(d.trial_id))[1], jsonb_object_agg(d.deviation_id, d.holds)
FROM deviation d, jsonb_array_elements_text(d.holds) h
WHERE NOT EXISTS (SELECT FROM jsonb_array_elements_text(d.rules) r WHERE r NOT LIKE '%.under\_hold')
GROUP BY 1;

-- Deviations that are out of the count, each once; on which days a site could take subjects, and whether it is
-- over (projections/kri_folds.py). Suspensions of the past are left out only by a rebuild.
ALTER TABLE site_counters
    ADD COLUMN annulled         jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN recruiting_since date,
    ADD COLUMN recruited        integer NOT NULL DEFAULT 0,
    ADD COLUMN over             boolean NOT NULL DEFAULT false;
UPDATE site_counters c
SET over = s.status IN ('closed', 'terminated'),
    recruiting_since = CASE WHEN s.status IN ('activated', 'enrolling') THEN c.activated_on END,
    recruited = CASE WHEN s.status IN ('activated', 'enrolling') THEN 0
        ELSE greatest(coalesce(stopped.on_day - c.activated_on, 0), 0) END
FROM site s LEFT JOIN (
    SELECT stream_id, min(coalesce(data::jsonb ->> 'closed_on', data::jsonb ->> 'started_on',
                                   data::jsonb ->> 'terminated_on')::date) AS on_day
    FROM es.event
    WHERE type IN ('trials.site.enrolment_closed.v1', 'trials.site.closing_started.v1',
                   'trials.site.terminated.v1')
    GROUP BY stream_id) stopped ON stopped.stream_id = s.site_id
WHERE s.site_id = c.site_id;

-- A lock for an analysis before the last visit (projections/trial_data.py).
ALTER TABLE trial_data ADD COLUMN interim boolean NOT NULL DEFAULT false;

-- An invoice is approved in parts (projections/invoices.py).
ALTER TABLE invoice ADD COLUMN approvals jsonb NOT NULL DEFAULT '[]';
UPDATE invoice SET approvals = jsonb_build_array(jsonb_build_object(
    'approval_id', NULL, 'amount_minor', approved_minor, 'currency', approved_currency, 'approved_on', approved_on))
WHERE approved_minor IS NOT NULL;
