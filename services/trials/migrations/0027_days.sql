-- What a report is judged by on its day (projections/guards.py): the statuses a trial had; its targets stand elsewhere.
ALTER TABLE trial_guard ADD COLUMN statuses jsonb NOT NULL DEFAULT '[]', DROP COLUMN target;
ALTER TABLE site_guard DROP COLUMN target;
