-- Where subjects were enrolled (services/retrieval/projections/guards.py).
CREATE TABLE known_subject (
    subject_id uuid PRIMARY KEY,
    trial_id   uuid,
    site_id    uuid
);
