-- Protocol versions and where they are in force, designs, signed sample sizes, analysis plans.
CREATE TABLE trial_protocol (
    trial_id uuid PRIMARY KEY,
    versions jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE site_protocol (
    site_id  uuid PRIMARY KEY,
    trial_id uuid,
    country  text,
    versions jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX site_protocol_trial ON site_protocol (trial_id, site_id);

CREATE TABLE trial_arms (
    trial_id uuid PRIMARY KEY,
    arms     jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE protocol_version (
    trial_id      uuid,
    version       text,
    ordinal       integer NOT NULL DEFAULT 0,
    status        text,
    dated_on      date,
    amends        text,
    substantial   boolean,
    countries     jsonb NOT NULL DEFAULT '[]',
    sections      jsonb NOT NULL DEFAULT '[]',
    reason        text,
    document_ref  text,
    sha256        text,
    submitted     jsonb NOT NULL DEFAULT '{}',
    authorised    jsonb NOT NULL DEFAULT '{}',
    approvals     jsonb NOT NULL DEFAULT '[]',
    given_up      text,
    changed_at    timestamptz,
    PRIMARY KEY (trial_id, version)
);

CREATE TABLE urgent_change (
    change_id          uuid PRIMARY KEY,
    trial_id           uuid,
    version            text,
    sites              jsonb NOT NULL DEFAULT '[]',
    country            text,
    implemented_on     date,
    reason             text,
    board_by           date,
    board_citation     text,
    board_told_on      date,
    authority_by       date,
    authority_citation text,
    authority_told_on  date,
    breaks             jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX urgent_change_trial ON urgent_change (trial_id, change_id);

CREATE TABLE design (
    trial_id    uuid,
    version     text,
    arms        jsonb NOT NULL DEFAULT '[]',
    epochs      jsonb NOT NULL DEFAULT '[]',
    encounters  jsonb NOT NULL DEFAULT '[]',
    masking     text,
    masked      jsonb NOT NULL DEFAULT '[]',
    assignment  text,
    model       text,
    reason      text,
    recorded_at timestamptz,
    PRIMARY KEY (trial_id, version)
);

CREATE TABLE design_input (
    input_id          uuid PRIMARY KEY,
    trial_id          uuid,
    version           text,
    endpoint          text,
    estimand          text,
    hypothesis        text,
    effect            jsonb,
    null_value        double precision,
    alpha             double precision,
    sides             integer,
    power             double precision,
    allocation_ratio  double precision,
    drop_out          double precision,
    method            text,
    software          text,
    software_version  text,
    arms              jsonb NOT NULL DEFAULT '[]',
    total             integer,
    events            integer,
    recomputed        integer,
    recomputed_events integer,
    recomputed_by     text,
    difference_ratio  double precision,
    reason            text,
    signed_by         text,
    signed_at         timestamptz,
    superseded_by     uuid
);
CREATE INDEX design_input_trial ON design_input (trial_id, input_id);

CREATE TABLE analysis_plan (
    trial_id   uuid PRIMARY KEY,
    plans      jsonb NOT NULL DEFAULT '[]',
    milestones jsonb NOT NULL DEFAULT '{}'
);
