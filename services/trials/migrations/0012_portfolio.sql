-- What the portfolio is filtered and sorted by, and how long a site's steps took (projections/cycle_times.py).
ALTER TABLE trial
    ADD COLUMN conditions            jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN start_on              date,
    ADD COLUMN primary_completion_on date;

CREATE INDEX trial_by_name ON trial (lower(left(coalesce(title, ''), 60)), trial_id);
CREATE INDEX trial_by_change ON trial (coalesce(changed_at, 'epoch'::timestamptz), trial_id);
-- With what row policies ask for, so that an index alone answers.
CREATE INDEX site_by_country ON site (country, trial_id, site_id, status);
CREATE INDEX site_by_status ON site (status, trial_id, site_id);
CREATE INDEX hold_open ON hold (trial_id) WHERE status = 'open';
CREATE INDEX deadline_late ON deadline (status, trial_id) WHERE status IN ('missed', 'at_risk');
CREATE INDEX subject_first ON subject (site_id, enrolled_on);

CREATE TABLE cycle_time (
    site_id      uuid PRIMARY KEY,
    trial_id     uuid,
    country      text,
    zone         text,
    approvals    jsonb NOT NULL DEFAULT '{}',
    contracts    jsonb NOT NULL DEFAULT '{}',
    selected_on  date,
    approved_on  date,
    contract_on  date,
    activated_on date
);
CREATE INDEX cycle_time_trial ON cycle_time (trial_id, site_id);
