-- A subject's death is new information on their cases (deaths.py).
ALTER TABLE known_subject ADD COLUMN died_on date;

CREATE TABLE subject_cases (
    subject_id uuid PRIMARY KEY,
    cases      jsonb NOT NULL DEFAULT '{}'
);
