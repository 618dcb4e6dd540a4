-- Rows of services/retrieval/projections: requests, legs, the custody ledger, and what decisions read.
CREATE TABLE request (
    request_id       uuid PRIMARY KEY,
    trial_id         uuid,
    site_id          uuid,
    subject_id       uuid,
    case_id          uuid,
    followup_id      uuid,
    purpose          text,
    priority         text,
    needed_by        date,
    questions        jsonb NOT NULL DEFAULT '[]',
    status           text NOT NULL DEFAULT 'open',
    frozen_by        jsonb NOT NULL DEFAULT '[]',
    access_withdrawn boolean NOT NULL DEFAULT false,
    legs             integer NOT NULL DEFAULT 0,
    delivered        integer NOT NULL DEFAULT 0,
    sealed           integer NOT NULL DEFAULT 0,
    days_gross       integer,
    days_net         integer,
    correlation_id   uuid,
    opened_at        timestamptz,
    changed_at       timestamptz
);

CREATE INDEX request_trial ON request (trial_id, needed_by);
CREATE INDEX request_case ON request (case_id);
CREATE INDEX request_needed ON request (status, needed_by);

CREATE TABLE leg (
    leg_id        uuid PRIMARY KEY,
    request_id    uuid,
    trial_id      uuid,
    case_id       uuid,
    custodian     text,
    record_types  jsonb NOT NULL DEFAULT '[]',
    range_from    date,
    range_to      date,
    status        text,
    since         timestamptz,
    basis         text,
    expires_on    date,
    warnings      jsonb NOT NULL DEFAULT '[]',
    defects       jsonb NOT NULL DEFAULT '[]',
    method        text,
    attempt       integer NOT NULL DEFAULT 0,
    first_sent_on date,
    calls         integer NOT NULL DEFAULT 0,
    calls_due     integer NOT NULL DEFAULT 0,
    reason        text,
    leg           jsonb
);

CREATE INDEX leg_request ON leg (request_id);
CREATE INDEX leg_status ON leg (status, since);

CREATE TABLE custody (
    event_id      uuid,
    document_ref  text,
    request_id    uuid,
    leg_id        uuid,
    seq           integer,
    act           text,
    holder        text,
    actor         text,
    at            timestamptz,
    sha256        text,
    pages         integer,
    received_on   date,
    reason        text,
    disclosure_id uuid,
    accountable   boolean,
    PRIMARY KEY (event_id, document_ref)
);

CREATE INDEX custody_request ON custody (request_id, seq);
CREATE INDEX custody_document ON custody (document_ref);

CREATE TABLE subject_access (
    subject_id uuid PRIMARY KEY,
    withdrawn  boolean NOT NULL DEFAULT false
);

CREATE TABLE scope_holds (
    scope_id uuid PRIMARY KEY,
    holds    jsonb NOT NULL DEFAULT '[]'
);

CREATE TABLE scope_requests (
    scope_id uuid PRIMARY KEY,
    requests jsonb NOT NULL DEFAULT '[]'
);
