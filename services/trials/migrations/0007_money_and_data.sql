-- Budgets, what is due by them, invoices; how far data are, and their lock (budgets.py, invoices.py, trial_data.py and
-- data_counts.py of projections). Amounts are in the minor unit of their currency.
CREATE TABLE site_budget (
    site_id        uuid PRIMARY KEY,
    trial_id       uuid,
    version        integer,
    effective_from date,
    lines          jsonb NOT NULL DEFAULT '[]',
    document_ref   text,
    agreed_by      text
);
CREATE INDEX site_budget_trial ON site_budget (trial_id);

CREATE TABLE payable (
    site_id      uuid,
    cause        uuid,
    line         text,
    trial_id     uuid,
    milestone    text,
    version      integer,
    amount_minor bigint,
    currency     text,
    reached_on   date,
    subject_id   uuid,
    item         text,
    breaks       jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (site_id, cause, line)
);
CREATE INDEX payable_trial ON payable (trial_id, reached_on, site_id);

CREATE TABLE trial_budget (
    budget_id      uuid PRIMARY KEY,
    trial_id       uuid,
    version        integer,
    effective_from date,
    lines          jsonb NOT NULL DEFAULT '[]',
    spent          jsonb NOT NULL DEFAULT '{}',
    document_ref   text,
    agreed_by      text
);
CREATE INDEX trial_budget_trial ON trial_budget (trial_id);

CREATE TABLE invoice (
    invoice_id        uuid PRIMARY KEY,
    trial_id          uuid,
    site_id           uuid,
    status            text,
    number            text,
    amount_minor      bigint,
    currency          text,
    invoiced_on       date,
    document_ref      text,
    approved_minor    bigint,
    approved_currency text,
    approved_on       date,
    payments          jsonb NOT NULL DEFAULT '[]',
    breaks            jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX invoice_trial ON invoice (trial_id, invoiced_on);

CREATE TABLE trial_data (
    trial_id         uuid PRIMARY KEY,
    status           text NOT NULL DEFAULT 'open',
    since            date,
    locks            integer NOT NULL DEFAULT 0,
    locked_on        date,
    unlock_reason    text,
    last_visit_on    date,
    tmf_completed_on date,
    tmf_ref          text,
    preconditions    jsonb NOT NULL DEFAULT '[]',
    counts           jsonb NOT NULL DEFAULT '{}',
    enrolling        jsonb NOT NULL DEFAULT '[]'
);

CREATE TABLE data_counts (
    site_id          uuid,
    source           text,
    trial_id         uuid,
    as_of            date,
    forms_expected   integer NOT NULL DEFAULT 0,
    forms_entered    integer NOT NULL DEFAULT 0,
    forms_verified   integer NOT NULL DEFAULT 0,
    queries_opened   integer NOT NULL DEFAULT 0,
    queries_answered integer NOT NULL DEFAULT 0,
    queries_closed   integer NOT NULL DEFAULT 0,
    oldest_open_days integer,
    breaks           jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (site_id, source)
);
CREATE INDEX data_counts_trial ON data_counts (trial_id, site_id, source);

CREATE TABLE trial_forms (
    trial_id uuid PRIMARY KEY,
    forms    jsonb NOT NULL DEFAULT '[]'
);
