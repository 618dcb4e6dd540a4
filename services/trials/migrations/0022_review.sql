-- What nothing is left of once a hold is annulled (projections/hold_deviations.py).
CREATE TABLE hold_deviations (
    hold_id    uuid PRIMARY KEY,
    trial_id   uuid,
    deviations jsonb NOT NULL DEFAULT '{}'
);

-- Deviations that are out of the count: each leaves it once (projections/kri_folds.py).
ALTER TABLE site_counters ADD COLUMN annulled jsonb NOT NULL DEFAULT '[]';

-- On which days a site could take subjects, and whether it is over (projections/kri_guards.py).
ALTER TABLE site_counters
    ADD COLUMN recruiting_since date,
    ADD COLUMN recruited        integer NOT NULL DEFAULT 0,
    ADD COLUMN over             boolean NOT NULL DEFAULT false;

-- A lock for an analysis before the last visit (projections/trial_data.py).
ALTER TABLE trial_data ADD COLUMN interim boolean NOT NULL DEFAULT false;

-- An invoice is approved in parts (projections/invoices.py).
ALTER TABLE invoice ADD COLUMN approvals jsonb NOT NULL DEFAULT '[]';
