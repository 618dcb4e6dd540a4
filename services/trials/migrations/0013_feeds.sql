-- Readings of other systems by the day: what was due, what came (feeds.py of projections).
CREATE TABLE feed (
    feed_id       uuid PRIMARY KEY,
    trial_id      uuid,
    site_id       uuid,
    subject_id    uuid,
    kind          text,
    source_system text,
    measures      jsonb NOT NULL DEFAULT '[]',
    begins_on     date,
    ended_on      date,
    last_day      date,
    expected      bigint NOT NULL DEFAULT 0,
    received      bigint NOT NULL DEFAULT 0,
    days_missing  integer NOT NULL DEFAULT 0,
    questionable  integer NOT NULL DEFAULT 0,
    changed_at    timestamptz
);
CREATE INDEX feed_trial ON feed (trial_id, feed_id);

CREATE TABLE site_feeds (
    site_id      uuid PRIMARY KEY,
    trial_id     uuid,
    feeds        integer NOT NULL DEFAULT 0,
    expected     bigint NOT NULL DEFAULT 0,
    received     bigint NOT NULL DEFAULT 0,
    days_missing integer NOT NULL DEFAULT 0
);
CREATE INDEX site_feeds_trial ON site_feeds (trial_id, site_id);
