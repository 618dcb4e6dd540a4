-- The organisation to which safety obligations were transferred: it sees its reports by row, and not the trial.
ALTER TABLE known_trial ADD COLUMN owner_id uuid;
ALTER TABLE report ADD COLUMN organisation_id uuid;
