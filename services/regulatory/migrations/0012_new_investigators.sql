-- The day on which a trial was taken over in mid-life: notices that were due before it are not asked for again.
ALTER TABLE known_trial ADD COLUMN adopted_on date;
