-- Structured criteria of trials, and counts of matchings (matching.py of projections).
CREATE TABLE criteria (
    trial_id         uuid PRIMARY KEY,
    protocol_version text,
    criteria         jsonb NOT NULL DEFAULT '[]',
    recorded_at      timestamptz
);
-- What a trial asks for concerns it as a whole: each of its sites sees it.
INSERT INTO es.of_whole_trial VALUES ('criteria');

CREATE TABLE matching (
    run_id           uuid PRIMARY KEY,
    trial_id         uuid,
    site_id          uuid,
    protocol_version text,
    candidates       integer NOT NULL DEFAULT 0,
    eligible         integer NOT NULL DEFAULT 0,
    ineligible       integer NOT NULL DEFAULT 0,
    undecided        integer NOT NULL DEFAULT 0,
    failed           jsonb,
    unknown          jsonb,
    run_at           timestamptz
);
CREATE INDEX matching_trial ON matching (trial_id, run_at);
