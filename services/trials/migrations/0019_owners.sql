-- The organisation of a trial's plan, which a return of obligations asks for (projections/guards.py).
ALTER TABLE trial_guard ADD COLUMN owner_id uuid;
UPDATE trial_guard g SET owner_id = t.owner_id FROM trial t WHERE t.trial_id = g.trial_id AND t.owner_id IS NOT NULL;
