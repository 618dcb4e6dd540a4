-- Rows of the regulatory service: guards first, then what its queries show.
CREATE TABLE known_trial (
    trial_id uuid PRIMARY KEY,
    owner    text,
    title    text
);

CREATE TABLE open_holds (
    scope_id  uuid PRIMARY KEY,
    open      jsonb NOT NULL DEFAULT '[]',
    lifted_on date
);

CREATE TABLE review (
    review_id        uuid PRIMARY KEY,
    trial_id         uuid,
    correlation_id   uuid,
    site_ids         jsonb NOT NULL DEFAULT '[]',
    kind             text,
    board            text,
    zone             text,
    renews           uuid,
    status           text,
    asked_at         text,
    path             text,
    protocol_version text,
    submitted_on     date,
    approval_id      uuid,
    changed_at       timestamptz
);

CREATE INDEX review_trial ON review (trial_id);

CREATE TABLE approval (
    approval_id      uuid PRIMARY KEY,
    review_id        uuid,
    trial_id         uuid,
    correlation_id   uuid,
    site_ids         jsonb NOT NULL DEFAULT '[]',
    protocol_version text,
    effective_on     date,
    expires_on       date,
    zone             text,
    status           text,
    suspended        boolean NOT NULL DEFAULT false,
    days_left        integer,
    successor_id     uuid,
    changed_at       timestamptz
);

CREATE INDEX approval_trial ON approval (trial_id);
CREATE INDEX approval_expiry ON approval (expires_on);

CREATE TABLE report (
    report_id       uuid PRIMARY KEY,
    case_id         uuid,
    trial_id        uuid,
    correlation_id  uuid,
    case_version    integer,
    kind            text,
    obligation_code text,
    destination     text,
    legal_due       date,
    operational_due date,
    zone            text,
    deadlines       jsonb NOT NULL DEFAULT '[]',
    status          text,
    attempts        integer NOT NULL DEFAULT 0,
    filed_on        date,
    receipt_on      date,
    ack_code        text,
    errors          jsonb NOT NULL DEFAULT '[]',
    breaks          jsonb NOT NULL DEFAULT '[]',
    changed_at      timestamptz
);

CREATE INDEX report_case ON report (case_id);
CREATE INDEX report_trial ON report (trial_id, operational_due);

CREATE TABLE ind (
    ind_id          uuid PRIMARY KEY,
    number          text,
    correlation_id  uuid,
    trial_ids       jsonb NOT NULL DEFAULT '[]',
    receipt_on      date,
    review_ends_on  date,
    zone            text,
    early_notice_on date,
    status          text,
    in_effect       jsonb NOT NULL DEFAULT '[]',
    effective_on    date,
    basis           text,
    changed_at      timestamptz
);

CREATE TABLE clinical_hold (
    hold_id         uuid PRIMARY KEY,
    correlation_id  uuid,
    trial_ids       jsonb NOT NULL DEFAULT '[]',
    ind_id          uuid,
    kind            text,
    effects         jsonb NOT NULL DEFAULT '[]',
    authority       text,
    reason          text,
    received_on     date,
    letter_ref      text,
    lifted_on       date,
    lift_letter_ref text,
    changed_at      timestamptz
);

CREATE INDEX clinical_hold_trials ON clinical_hold USING gin (trial_ids);

CREATE TABLE trial_hold (
    hold_id    uuid PRIMARY KEY,
    trial_id   uuid,
    source     text,
    scope_kind text,
    scope_id   uuid,
    effects    jsonb NOT NULL DEFAULT '[]',
    since      date,
    until      date,
    ended      text,
    cause      uuid
);

CREATE INDEX trial_hold_trial ON trial_hold (trial_id);
