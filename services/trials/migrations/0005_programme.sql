-- Programmes above the trials, and a trial in each of its countries.
CREATE TABLE programme_guard (
    programme_id uuid PRIMARY KEY,
    sponsor_name text NOT NULL DEFAULT ''
);

CREATE TABLE programme_standing (
    trial_id       uuid PRIMARY KEY,
    programme_id   uuid,
    phases         jsonb NOT NULL DEFAULT '[]',
    phase          text,
    milestones     jsonb NOT NULL DEFAULT '{}',
    authorisations jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE programme (
    programme_id   uuid PRIMARY KEY,
    product        text,
    comparators    jsonb NOT NULL DEFAULT '[]',
    indication     text,
    sponsor_name   text,
    phase          text NOT NULL DEFAULT 'preclinical',
    phase_since    date,
    decisions      jsonb NOT NULL DEFAULT '[]',
    milestones     jsonb NOT NULL DEFAULT '[]',
    authorisations jsonb NOT NULL DEFAULT '[]',
    trials         integer NOT NULL DEFAULT 0,
    changed_at     timestamptz
);

ALTER TABLE trial ADD COLUMN programme_id uuid;
ALTER TABLE trial ADD COLUMN by_invitation boolean NOT NULL DEFAULT false;
CREATE INDEX trial_programme ON trial (programme_id, trial_id) WHERE programme_id IS NOT NULL;

CREATE TABLE country_guard (
    country_id uuid PRIMARY KEY,
    halted_on  date,
    halt       integer,
    effects    jsonb NOT NULL DEFAULT '[]'
);

CREATE TABLE country (
    country_id   uuid PRIMARY KEY,
    trial_id     uuid,
    country      text,
    zone         text,
    status       text,
    planned      jsonb NOT NULL DEFAULT '{}',
    achieved     jsonb NOT NULL DEFAULT '{}',
    questions    jsonb NOT NULL DEFAULT '{}',
    due_on       date,
    document_ref text,
    breaks       jsonb NOT NULL DEFAULT '[]',
    changed_at   timestamptz
);
CREATE INDEX country_trial ON country (trial_id, country_id);
