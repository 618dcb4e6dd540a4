-- Cases as they are shown, and what decisions must know of trials, sites and subjects.
CREATE TABLE known_trial (
    trial_id uuid PRIMARY KEY,
    title    text,
    route    text,
    status   text,
    owner    text
);

CREATE TABLE known_site (
    site_id   uuid PRIMARY KEY,
    trial_id  uuid,
    zone      text,
    activated boolean NOT NULL DEFAULT false
);

CREATE TABLE known_subject (
    subject_id   uuid PRIMARY KEY,
    trial_id     uuid,
    site_id      uuid,
    subject_code text,
    enrolled_on  date,
    withdrawn_on date,
    withdrew     jsonb NOT NULL DEFAULT '[]'
);

CREATE TABLE safety_case (
    case_id                   uuid PRIMARY KEY,
    trial_id                  uuid,
    site_id                   uuid,
    subject_id                uuid,
    sponsor_id                uuid,
    correlation_id            uuid,
    status                    text,
    version                   integer NOT NULL DEFAULT 0,
    received_on               date,
    zone                      text,
    new_info_on               date,
    seriousness               jsonb NOT NULL DEFAULT '[]',
    serious                   boolean NOT NULL DEFAULT false,
    fatal_or_life_threatening boolean NOT NULL DEFAULT false,
    causality_excluded        boolean NOT NULL DEFAULT false,
    term_code                 text,
    dictionary                text,
    assessment                jsonb,
    determination_on          date,
    clocks                    jsonb NOT NULL DEFAULT '[]',
    obligations               jsonb NOT NULL DEFAULT '[]',
    followup_id               uuid,
    waiting                   jsonb NOT NULL DEFAULT '[]',
    filed                     jsonb NOT NULL DEFAULT '[]',
    acknowledged              jsonb NOT NULL DEFAULT '[]',
    searches                  integer NOT NULL DEFAULT 0,
    corrections               integer NOT NULL DEFAULT 0,
    breaks                    jsonb NOT NULL DEFAULT '[]',
    opened_at                 timestamptz,
    changed_at                timestamptz
);

CREATE INDEX safety_case_trial ON safety_case (trial_id, received_on);
CREATE INDEX safety_case_subject ON safety_case (subject_id);
CREATE INDEX safety_case_correlation ON safety_case (correlation_id);
