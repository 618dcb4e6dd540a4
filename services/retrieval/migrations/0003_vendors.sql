-- Whose a leg is, and what was done while it was theirs: row policies go by these names.
ALTER TABLE leg ADD COLUMN organisation_id uuid;
ALTER TABLE custody ADD COLUMN organisation_id uuid;
ALTER TABLE request ADD COLUMN organisation_ids jsonb NOT NULL DEFAULT '[]';
