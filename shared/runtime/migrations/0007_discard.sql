-- The open proposal to discard a parked record: the stream in this service's own log that tells of it.
ALTER TABLE es.parked_event ADD COLUMN discard_id uuid;
CREATE INDEX parked_discard ON es.parked_event (discard_id) WHERE discard_id IS NOT NULL;

-- Records that two persons have discarded, whole, so that nothing is lost. `passed`: the group went past their version;
-- else another record of that version took its place.
CREATE TABLE es.discarded_event (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    grp text NOT NULL,
    topic text NOT NULL,
    part int NOT NULL,
    koffset bigint NOT NULL,
    stream_id uuid,
    version bigint,
    key bytea,
    value bytea,
    headers bytea NOT NULL,
    reason text NOT NULL,
    error text NOT NULL,
    parked_at timestamptz NOT NULL,
    discard_id uuid NOT NULL,
    sha256 bytea NOT NULL,
    reason_code text NOT NULL,
    proposed_by text NOT NULL,
    confirmed_by text NOT NULL,
    passed boolean NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX discarded_stream ON es.discarded_event (grp, stream_id, version);
CREATE TRIGGER discarded_append_only BEFORE UPDATE OR DELETE ON es.discarded_event
    FOR EACH ROW EXECUTE FUNCTION es.no_change();
CREATE TRIGGER discarded_not_truncated BEFORE TRUNCATE ON es.discarded_event
    FOR EACH STATEMENT EXECUTE FUNCTION es.no_change();

-- Sets the record of a proposal aside, and its repetitions with it, byte by byte the same: a gap of another group has the
-- owner send all of a stream again. Answers whether the group is to go past its version.
CREATE FUNCTION es.set_aside(
    p_discard uuid, p_sha256 bytea, p_reason_code text, p_proposed_by text, p_confirmed_by text
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    d es.parked_event;
    past boolean;
BEGIN
    SELECT * INTO STRICT d FROM es.parked_event WHERE discard_id = p_discard;
    past := d.version IS NOT NULL AND NOT EXISTS (
        SELECT FROM es.parked_event o WHERE o.grp = d.grp AND o.stream_id = d.stream_id AND o.version = d.version
        AND (o.key, o.value, o.headers) IS DISTINCT FROM (d.key, d.value, d.headers));
    WITH gone AS (
        DELETE FROM es.parked_event p WHERE p.grp = d.grp AND (
            (p.topic, p.part, p.koffset) = (d.topic, d.part, d.koffset)
            OR p.stream_id = d.stream_id AND p.version = d.version
                AND (p.key, p.value, p.headers) IS NOT DISTINCT FROM (d.key, d.value, d.headers))
        RETURNING p.*)
    INSERT INTO es.discarded_event (grp, topic, part, koffset, stream_id, version, key, value, headers, reason, error,
        parked_at, discard_id, sha256, reason_code, proposed_by, confirmed_by, passed)
    SELECT grp, topic, part, koffset, stream_id, version, key, value, headers, reason, error,
        at, p_discard, p_sha256, p_reason_code, p_proposed_by, p_confirmed_by, past FROM gone;
    RETURN past;
END $$;

-- What is older than 30 days is deleted in batches (shared/upkeep/prune.py). Rows come in the order of their time, so
-- the index is a few pages and costs a command nothing.
CREATE INDEX command_at ON es.command USING brin (at) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX bad_command_at ON es.bad_command (at);
