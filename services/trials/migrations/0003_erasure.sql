-- What keeps a trial's records, and the erasure of subjects (retention.py and erasures.py of projections).
CREATE TABLE retention (
    trial_id    uuid PRIMARY KEY,
    kept        jsonb NOT NULL DEFAULT '[]',
    legal_holds jsonb NOT NULL DEFAULT '[]',
    released    jsonb NOT NULL DEFAULT '[]'
);

CREATE TABLE erasure (
    subject_id   uuid PRIMARY KEY,
    trial_id     uuid,
    site_id      uuid,
    status       text,
    reason       text,
    requested_by text,
    requested_at timestamptz,
    decided_by   text,
    decided_at   timestamptz
);
CREATE INDEX erasure_trial ON erasure (trial_id, requested_at);

ALTER TABLE subject ADD COLUMN erased_at timestamptz;
