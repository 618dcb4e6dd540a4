-- Monitoring: visits, action items, remote reviews, corrective actions, risk indicators and what they count.
CREATE TABLE monitoring_plan (
    trial_id            uuid PRIMARY KEY,
    kris                jsonb NOT NULL DEFAULT '[]',
    tolerances          jsonb NOT NULL DEFAULT '[]',
    run_every_days      integer,
    visit_interval_days integer,
    targeted_days       integer,
    visit_from          text,
    sdv_percent         integer,
    zone                text,
    document_ref        text,
    planned_on          date,
    ended               boolean NOT NULL DEFAULT false
);

CREATE TABLE site_counters (
    site_id         uuid PRIMARY KEY,
    trial_id        uuid,
    activated_on    date,
    enrolled        integer NOT NULL DEFAULT 0,
    observed        integer NOT NULL DEFAULT 0,
    starts          bigint NOT NULL DEFAULT 0,
    ends            bigint NOT NULL DEFAULT 0,
    screened        integer NOT NULL DEFAULT 0,
    screen_failed   integer NOT NULL DEFAULT 0,
    deviations      integer NOT NULL DEFAULT 0,
    adverse_events  integer NOT NULL DEFAULT 0,
    serious         integer NOT NULL DEFAULT 0,
    serious_late    integer NOT NULL DEFAULT 0,
    forms_verified  bigint NOT NULL DEFAULT 0,
    fields_verified bigint NOT NULL DEFAULT 0,
    data            jsonb NOT NULL DEFAULT '{}',
    visits          jsonb NOT NULL DEFAULT '{}',
    closed_out      boolean NOT NULL DEFAULT false
);
CREATE INDEX site_counters_trial ON site_counters (trial_id, site_id);

CREATE TABLE monitoring_visit (
    visit_id       uuid PRIMARY KEY,
    trial_id       uuid,
    site_id        uuid,
    correlation_id uuid,
    kind           text,
    status         text,
    planned_on     date,
    conducted_on   date,
    zone           text,
    document_ref   text,
    sha256         text,
    findings       jsonb NOT NULL DEFAULT '[]',
    sdv            jsonb,
    submitted_by   text,
    approved_by    text,
    open_items     integer NOT NULL DEFAULT 0,
    reason         text,
    cause          uuid,
    kri            text,
    breaks         jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX monitoring_visit_trial
    ON monitoring_visit (trial_id, coalesce(planned_on, conducted_on, 'infinity'::date), visit_id);

CREATE TABLE action_item (
    item_id      uuid PRIMARY KEY,
    trial_id     uuid,
    site_id      uuid,
    visit_id     uuid,
    finding_id   uuid,
    code         text,
    owner        text,
    due_on       date,
    status       text NOT NULL DEFAULT 'open',
    completed_on date,
    document_ref text
);
CREATE INDEX action_item_trial ON action_item (trial_id, coalesce(due_on, 'infinity'::date), item_id);

CREATE TABLE remote_review (
    review_id      uuid PRIMARY KEY,
    trial_id       uuid,
    site_id        uuid,
    correlation_id uuid,
    status         text,
    reader         text,
    valid_from     date,
    valid_to       date,
    granted_by     text,
    withdrawn_on   date,
    withdrawn_by   text,
    withdrawn_late boolean NOT NULL DEFAULT false,
    sessions       jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX remote_review_trial ON remote_review (trial_id, review_id);

CREATE TABLE capa (
    capa_id        uuid PRIMARY KEY,
    trial_id       uuid,
    site_id        uuid,
    correlation_id uuid,
    kind           text,
    category       text,
    source_kind    text,
    sources        jsonb NOT NULL DEFAULT '[]',
    status         text,
    opened_on      date,
    owner          text,
    due_on         date,
    overdue        boolean NOT NULL DEFAULT false,
    implemented_on date,
    implemented_by text,
    checked_on     date,
    checked_by     text,
    reopened       integer NOT NULL DEFAULT 0,
    closed_on      date,
    document_ref   text
);
CREATE INDEX capa_trial ON capa (trial_id, capa_id);

CREATE TABLE indicator (
    site_id      uuid,
    kri          text,
    trial_id     uuid,
    run_id       uuid,
    cut_on       date,
    definitions  text,
    numerator    bigint,
    denominator  bigint,
    value        double precision,
    target       double precision,
    expected     double precision,
    alert_limit  double precision,
    action_limit double precision,
    verdict      text,
    reason       text,
    breach_id    uuid,
    breach_level text,
    breached_on  date,
    PRIMARY KEY (site_id, kri)
);
CREATE INDEX indicator_trial ON indicator (trial_id, site_id, kri);

CREATE TABLE indicator_run (
    run_id       uuid PRIMARY KEY,
    trial_id     uuid,
    by           text,
    started_by   text,
    started_at   timestamptz,
    cut_on       date,
    data_cut_at  timestamptz,
    data_cut_ref text,
    definitions  text,
    sites        integer,
    breaches     integer NOT NULL DEFAULT 0,
    dispersion   jsonb NOT NULL DEFAULT '[]',
    status       text NOT NULL DEFAULT 'started'
);
CREATE INDEX indicator_run_trial ON indicator_run (trial_id, coalesce(started_at, 'infinity'::timestamptz), run_id);

ALTER TABLE deviation
    ADD COLUMN status         text NOT NULL DEFAULT 'open',
    ADD COLUMN severity       text,
    ADD COLUMN important      boolean,
    ADD COLUMN serious_breach boolean NOT NULL DEFAULT false,
    ADD COLUMN assessed_on    date,
    ADD COLUMN resolved_on    date,
    ADD COLUMN capa_id        uuid;
