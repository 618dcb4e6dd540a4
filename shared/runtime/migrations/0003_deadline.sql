-- Deadlines as every service shows them (shared/rules/deadline_row.py): its own, or those of others.
CREATE TABLE deadline (
    deadline_id    uuid PRIMARY KEY,
    service        text,
    trial_id       uuid,
    correlation_id uuid,
    subject_kind   text,
    subject_id     uuid,
    code           text,
    title          text,
    citation       text,
    verified       boolean,
    pack           text,
    pack_version   text,
    force          text,
    basis          text,
    days           integer,
    anchor         text,
    anchor_on      date,
    anchor_event   uuid,
    zone           text,
    due_on         date,
    owner          text,
    provisional    boolean,
    status         text,
    met_on         date,
    days_late      integer,
    successor_id   uuid,
    end_reason     text,
    armed_at       timestamptz,
    changed_at     timestamptz
);

CREATE INDEX deadline_subject ON deadline (subject_id);
CREATE INDEX deadline_trial ON deadline (trial_id, due_on);
