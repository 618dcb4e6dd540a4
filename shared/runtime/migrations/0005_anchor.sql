-- The database's copy of each signed anchor; the folder's copy also has the heads that changed.
CREATE TABLE es.anchor (
    number bigint PRIMARY KEY CHECK (number > 0),
    service text NOT NULL,
    taken_at timestamptz NOT NULL,
    upto_pos bigint NOT NULL,
    streams bigint NOT NULL,
    root bytea NOT NULL,
    previous text NOT NULL,
    key_id text NOT NULL,
    signature bytea NOT NULL
);

CREATE FUNCTION es.no_change_of_anchors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'anchors are append-only';
END $$;
CREATE TRIGGER anchor_append_only BEFORE UPDATE OR DELETE ON es.anchor
    FOR EACH ROW EXECUTE FUNCTION es.no_change_of_anchors();
CREATE TRIGGER anchor_not_truncated BEFORE TRUNCATE ON es.anchor
    FOR EACH STATEMENT EXECUTE FUNCTION es.no_change_of_anchors();
