-- The feeds that end with their subject or their site (projections/feeds.py).
CREATE TABLE site_feeds_due (
    site_id  uuid PRIMARY KEY,
    trial_id uuid,
    feeds    jsonb NOT NULL DEFAULT '{}'
);
