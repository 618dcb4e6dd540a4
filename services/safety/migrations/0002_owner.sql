-- The organisation to which the safety obligations were transferred; the trial itself is not handed to it.
ALTER TABLE known_trial ADD COLUMN owner_id uuid;
