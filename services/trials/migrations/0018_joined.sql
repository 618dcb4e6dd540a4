-- The close-out visit that a site's end asks for (projections/guards.py).
ALTER TABLE site_guard ADD COLUMN close_out jsonb;
