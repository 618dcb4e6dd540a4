CREATE TABLE trial_total (trial_id uuid PRIMARY KEY, total bigint, tallies jsonb);
