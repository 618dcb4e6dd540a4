-- A subject's death reaches their requests (projections/guards.py, projections/requests.py).
ALTER TABLE subject_access ADD COLUMN died_on date;
ALTER TABLE request
    ADD COLUMN subject_died_on date,
    ADD COLUMN review_legs     jsonb NOT NULL DEFAULT '[]';
