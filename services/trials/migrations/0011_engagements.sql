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

-- Who had a deadline when it was met or missed. Of those that ended before, the last to have it is taken for that one.
CREATE TABLE owned_deadline (
    deadline_id uuid PRIMARY KEY,
    trial_id    uuid,
    holder      uuid,
    outcome     text,
    owned_by    uuid
);
CREATE INDEX owned_deadline_by ON owned_deadline (owned_by) WHERE owned_by IS NOT NULL;
INSERT INTO owned_deadline (deadline_id, trial_id, holder, outcome, owned_by)
SELECT deadline_id, trial_id, organisation_id, ended, CASE WHEN ended IS NOT NULL THEN organisation_id END
FROM deadline, LATERAL (SELECT CASE WHEN status IN ('met', 'met_late', 'missed') THEN status END AS ended) e;
