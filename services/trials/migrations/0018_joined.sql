-- The close-out visit that a site's end asks for (projections/guards.py).
ALTER TABLE site_guard ADD COLUMN close_out jsonb;

-- The approved analysis plan that a lock asks for (projections/trial_data.py).
ALTER TABLE trial_data ADD COLUMN analysis_plan text;

-- What the risk indicator of data completeness divides by (projections/feeds.py).
ALTER TABLE feed ADD COLUMN days_due integer NOT NULL DEFAULT 0;
ALTER TABLE site_feeds ADD COLUMN days_due integer NOT NULL DEFAULT 0;

-- When the agreements of a site were executed (projections/cycle_times.py).
ALTER TABLE cycle_time ADD COLUMN executed jsonb NOT NULL DEFAULT '{}';
