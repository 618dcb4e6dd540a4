-- The organisation to which the safety obligations were transferred; the trial itself is not handed to it.
ALTER TABLE trial ADD COLUMN owner_id uuid;
