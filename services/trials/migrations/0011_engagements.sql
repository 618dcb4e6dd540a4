-- Engagements of organisations, the ledger of transferred obligations, and when a site's board approved.

-- Seen with its stream: whoever reaches the sponsor. Neither the organisation nor a site sees it, so that no column is
-- named after what would open it to them.
CREATE TABLE engagement (
    engagement_id     uuid PRIMARY KEY,
    of_trial          uuid,
    of_programme      uuid,
    organisation      uuid,
    correlation_id    uuid,
    name              text,
    identifiers       jsonb NOT NULL DEFAULT '[]',
    model             text,
    functions         jsonb NOT NULL DEFAULT '[]',
    therapeutic_areas jsonb NOT NULL DEFAULT '[]',
    countries         jsonb NOT NULL DEFAULT '[]',
    status            text,
    invited_on        date,
    proposal_on       date,
    proposal_ref      text,
    selected_on       date,
    selected_for      text,
    pilot_since       date,
    pilot_until       date,
    pilot_criteria    jsonb NOT NULL DEFAULT '[]',
    pilot_outcomes    jsonb NOT NULL DEFAULT '[]',
    pilot_passed      boolean,
    began_on          date,
    contract_ref      text,
    ended_on          date,
    declined_on       date,
    declined_by       text,
    reason            text,
    scores            jsonb NOT NULL DEFAULT '{}',
    weights           jsonb,
    changed_at        timestamptz
);
CREATE INDEX engagement_organisation ON engagement (organisation, engagement_id);
CREATE INDEX engagement_trial ON engagement (of_trial, engagement_id);

CREATE TABLE obligation (
    trial_id        uuid,
    obligation      text,
    organisation_id uuid,
    zone            text,
    periods         jsonb NOT NULL DEFAULT '[]',
    spoken          boolean NOT NULL DEFAULT false,
    PRIMARY KEY (trial_id, obligation)
);
CREATE INDEX obligation_organisation ON obligation (organisation_id);

CREATE TABLE site_approval (
    site_id     uuid PRIMARY KEY,
    trial_id    uuid,
    evidence    jsonb NOT NULL DEFAULT '{}',
    approved_on date
);

CREATE INDEX deadline_organisation ON deadline (organisation_id) WHERE organisation_id IS NOT NULL;
