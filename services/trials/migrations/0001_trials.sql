-- Projections of the trials service: guards of its decisions and the rows behind its pages.

CREATE TABLE trial_guard (
    trial_id   uuid PRIMARY KEY,
    status     text,
    route      text NOT NULL DEFAULT 'other',
    target     integer,
    holds      jsonb NOT NULL DEFAULT '[]',
    authorised jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE site_guard (
    site_id      uuid PRIMARY KEY,
    trial_id     uuid,
    status       text,
    zone         text,
    activated_on date,
    target       integer,
    enrolled     integer NOT NULL DEFAULT 0,
    holds        jsonb NOT NULL DEFAULT '[]'
);

CREATE TABLE subject_guard (
    subject_id uuid PRIMARY KEY,
    holds      jsonb NOT NULL DEFAULT '[]'
);

CREATE TABLE trial_sites (
    trial_id  uuid PRIMARY KEY,
    countries jsonb NOT NULL DEFAULT '{}',
    activated jsonb NOT NULL DEFAULT '[]'
);

CREATE TABLE trial_count (
    trial_id uuid PRIMARY KEY,
    enrolled integer NOT NULL DEFAULT 0
);

CREATE TABLE trial (
    trial_id          uuid PRIMARY KEY,
    sponsor_id        uuid,
    correlation_id    uuid,
    title             text,
    phases            jsonb NOT NULL DEFAULT '[]',
    identifiers       jsonb NOT NULL DEFAULT '[]',
    nct               text,
    sponsor_name      text,
    study_type        text,
    basis             text,
    status            text,
    status_reason     text,
    route             text,
    owner             text,
    target            integer,
    registry_status   text,
    status_unverified boolean NOT NULL DEFAULT false,
    why_stopped       text,
    registry          jsonb,
    registry_updated  text,
    authorised        jsonb NOT NULL DEFAULT '{}',
    registered_at     timestamptz,
    changed_at        timestamptz
);

CREATE INDEX trial_nct ON trial (nct);
CREATE INDEX trial_identifiers ON trial USING gin (identifiers jsonb_path_ops);

CREATE TABLE site (
    site_id         uuid PRIMARY KEY,
    trial_id        uuid,
    correlation_id  uuid,
    name            text,
    city            text,
    state           text,
    postcode        text,
    country         text,
    zone            text,
    basis           text,
    identifiers     jsonb NOT NULL DEFAULT '[]',
    registry_status text,
    listed          boolean NOT NULL DEFAULT true,
    status          text,
    irb             text,
    target          integer,
    required_gates  jsonb NOT NULL DEFAULT '[]',
    gates           jsonb NOT NULL DEFAULT '{}',
    stopped_holds   jsonb NOT NULL DEFAULT '[]',
    stopped_gates   jsonb NOT NULL DEFAULT '[]',
    activated_on    date,
    changed_at      timestamptz
);

CREATE INDEX site_trial ON site (trial_id, site_id);

CREATE TABLE subject (
    subject_id     uuid PRIMARY KEY,
    trial_id       uuid,
    site_id        uuid,
    correlation_id uuid,
    subject_code   text,
    identifiers    jsonb NOT NULL DEFAULT '[]',
    status         text,
    enrolled_on    date,
    randomised_on  date,
    last_dose_on   date,
    withdrawn_on   date,
    withdrawn_from jsonb NOT NULL DEFAULT '[]',
    breaks         jsonb NOT NULL DEFAULT '[]',
    changed_at     timestamptz
);

CREATE INDEX subject_trial ON subject (trial_id, subject_id);

CREATE TABLE hold (
    hold_id        uuid PRIMARY KEY,
    trial_id       uuid,
    correlation_id uuid,
    source         text,
    scope_kind     text,
    scope_id       uuid,
    arm            text,
    effects        jsonb NOT NULL DEFAULT '[]',
    since          date,
    until          date,
    status         text,
    reason         text,
    cause          uuid,
    evidence       text
);

CREATE INDEX hold_trial ON hold (trial_id);

CREATE TABLE deviation (
    deviation_id   uuid PRIMARY KEY,
    trial_id       uuid,
    site_id        uuid,
    subject_id     uuid,
    correlation_id uuid,
    category       text,
    rules          jsonb NOT NULL DEFAULT '[]',
    holds          jsonb NOT NULL DEFAULT '[]',
    citation       text,
    occurred_on    date,
    cause          uuid,
    annulled       boolean NOT NULL DEFAULT false
);

CREATE INDEX deviation_trial ON deviation (trial_id);
