-- Outreach campaigns, support for sites, retention risk (recruitment.py of projections).
CREATE TABLE campaign (
    campaign_id    uuid PRIMARY KEY,
    trial_id       uuid,
    name           text,
    channel        text,
    status         text,
    countries      jsonb NOT NULL DEFAULT '[]',
    begins_on      date,
    ends_on        date,
    currency       text,
    budget         bigint,
    spend          bigint,
    spend_currency text,
    as_of          date,
    referrals      integer NOT NULL DEFAULT 0,
    screened       integer NOT NULL DEFAULT 0,
    consented      integer NOT NULL DEFAULT 0,
    enrolled       integer NOT NULL DEFAULT 0,
    breaks         jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX campaign_trial ON campaign (trial_id, campaign_id);

CREATE TABLE support_request (
    request_id   uuid PRIMARY KEY,
    trial_id     uuid,
    site_id      uuid,
    kind         text,
    status       text,
    requested_on date,
    needed_by    date,
    answered_on  date,
    reason       text,
    overdue      boolean NOT NULL DEFAULT false,
    closed_on    date,
    outcome      text
);
CREATE INDEX support_request_trial ON support_request (trial_id, request_id);

CREATE TABLE retention_risk (
    subject_id  uuid PRIMARY KEY,
    trial_id    uuid,
    site_id     uuid,
    assessed_on date,
    factors     jsonb NOT NULL DEFAULT '[]',
    score       integer NOT NULL DEFAULT 0,
    level       text,
    action      text
);
CREATE INDEX retention_risk_trial ON retention_risk (trial_id, score, subject_id);
