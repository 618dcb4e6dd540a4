CREATE TABLE tally (tally_id uuid PRIMARY KEY, total bigint, last bigint, history jsonb, changed_at timestamptz);
