-- What public registries have to be told of trials that their sponsors run here.
ALTER TABLE known_trial ADD COLUMN managed boolean NOT NULL DEFAULT false;
ALTER TABLE known_trial ADD COLUMN listed boolean NOT NULL DEFAULT false;
ALTER TABLE known_trial ADD COLUMN first_enrolled_on date;
ALTER TABLE known_trial ADD COLUMN countries jsonb NOT NULL DEFAULT '[]';

CREATE TABLE registry_record (
    record_id  uuid PRIMARY KEY,
    trial_id   uuid,
    updated_on date,
    status     text,
    exempt     boolean NOT NULL DEFAULT false,
    duties     jsonb NOT NULL DEFAULT '{}',
    next_due   date,
    changed_at timestamptz
);
CREATE INDEX registry_record_trial ON registry_record (trial_id);
CREATE INDEX registry_record_next ON registry_record (next_due, record_id);
