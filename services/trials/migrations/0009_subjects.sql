-- Consent versions and the subjects they reach (consent_guards.py), the way of a subject, enrolment and diversity.
CREATE TABLE site_consents (
    site_id  uuid PRIMARY KEY,
    trial_id uuid,
    releases jsonb NOT NULL DEFAULT '[]'
);

CREATE TABLE site_subjects (
    site_id  uuid PRIMARY KEY,
    trial_id uuid,
    subjects jsonb NOT NULL DEFAULT '{}'
);

ALTER TABLE subject
    ADD COLUMN status_on date,
    ADD COLUMN status_reason text,
    ADD COLUMN screened_on date,
    ADD COLUMN eligible boolean,
    ADD COLUMN failed jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN consent_version text,
    ADD COLUMN consent_language text,
    ADD COLUMN consented_on date,
    ADD COLUMN reconsent text,
    ADD COLUMN reconsent_version text,
    ADD COLUMN reconsent_due_on date,
    ADD COLUMN last_visit text,
    ADD COLUMN last_visit_on date,
    ADD COLUMN died_on date;
CREATE INDEX subject_status ON subject (trial_id, status, subject_id);
CREATE INDEX subject_reconsent ON subject (trial_id, subject_id) WHERE reconsent IS NOT NULL;

-- Targets and counts that decisions on them read (enrolment_guards.py).
CREATE TABLE enrolment_targets (
    trial_id uuid PRIMARY KEY,
    planned  integer,
    chosen   jsonb NOT NULL DEFAULT '{}',
    stated   jsonb NOT NULL DEFAULT '[]'
);

CREATE TABLE enrolment_count (
    trial_id uuid PRIMARY KEY,
    sites    jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE target_reached (
    trial_id   uuid,
    level      text,
    scope      text,
    target     integer,
    enrolled   integer,
    reached_on date,
    PRIMARY KEY (trial_id, level, scope)
);

CREATE TABLE subgroup_target (
    trial_id  uuid,
    dimension text,
    band      text,
    share     double precision,
    PRIMARY KEY (trial_id, dimension, band)
);

-- The scope stands first in the key: whoever reaches one site of the trial sees that site's counts alone.
CREATE TABLE subgroup_counts (
    scope    text,
    trial_id uuid,
    country  text,
    site_id  uuid,
    as_of    date,
    source   text,
    enrolled integer,
    counts   jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (scope, trial_id)
);
CREATE INDEX subgroup_counts_trial ON subgroup_counts (trial_id);
