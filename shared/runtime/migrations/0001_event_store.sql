-- Streams, events and the outbox of one service; every name is qualified, so no search path matters.
CREATE TABLE es.stream (
    stream_id uuid PRIMARY KEY,
    stream_type text NOT NULL,
    sponsor_id uuid NOT NULL,
    trial_id uuid,
    correlation_id uuid NOT NULL,
    key text NOT NULL,
    bucket smallint NOT NULL,
    topic text NOT NULL,
    version bigint NOT NULL,
    head_hash bytea NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX stream_correlation ON es.stream (correlation_id);

-- data and meta are text, not jsonb: the hash needs the exact bytes.
CREATE TABLE es.event (
    stream_id uuid NOT NULL REFERENCES es.stream,
    version bigint NOT NULL CHECK (version > 0),
    event_id uuid NOT NULL UNIQUE,
    type text NOT NULL,
    sponsor_id uuid NOT NULL,
    key text NOT NULL,
    data text NOT NULL CHECK (octet_length(data) <= 262144),
    meta text NOT NULL CHECK (octet_length(meta) <= 16384),
    recorded_at timestamptz NOT NULL,
    pos bigint GENERATED ALWAYS AS IDENTITY,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (stream_id, version)
);
CREATE INDEX event_pos ON es.event (pos);
CREATE INDEX event_key ON es.event (key, pos);

-- seq keeps CACHE 1, the default: a cache a session would let a later append of a stream sort before an earlier.
CREATE TABLE es.outbox (
    bucket smallint NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    stream_id uuid NOT NULL,
    version bigint NOT NULL,
    topic text NOT NULL,
    PRIMARY KEY (bucket, seq)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);

CREATE TABLE es.outbox_block (
    stream_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE es.relay_lease (bucket smallint PRIMARY KEY, owner uuid, until timestamptz NOT NULL DEFAULT '-infinity');
INSERT INTO es.relay_lease (bucket) SELECT generate_series(0, 11);
CREATE TABLE es.relay_owner (owner uuid PRIMARY KEY, seen timestamptz NOT NULL);

-- Netstrings: unambiguous, and three lines in any language that checks the chain.
CREATE FUNCTION es.ns(VARIADIC a text[]) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$
    SELECT string_agg(convert_to(octet_length(coalesce(x, '')) || ':' || coalesce(x, '') || ',', 'UTF8'), '' ORDER BY o)
    FROM unnest(a) WITH ORDINALITY u(x, o)
$$;

-- Appends at p_expected, or raises 40001. The row lock of the stream is held to the commit: it serialises one
-- stream and nothing else. The shared advisory lock lets a rebuild draw a line under the log for milliseconds.
CREATE FUNCTION es.append(
    p_stream uuid, p_type text, p_sponsor uuid, p_trial uuid, p_correlation uuid, p_key text, p_bucket smallint,
    p_topic text, p_expected bigint, p_ids uuid[], p_types text[], p_data text[], p_meta text[]
) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    n int := cardinality(p_ids);
    ts timestamptz := clock_timestamp();
    us text := (extract(epoch FROM ts) * 1000000)::bigint::text;
    s es.stream;
    h bytea;
    nh bytea;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7002);
    IF p_expected = 0 THEN
        h := sha256(es.ns('genesis', p_stream::text));
        INSERT INTO es.stream
        VALUES (p_stream, p_type, p_sponsor, p_trial, p_correlation, p_key, p_bucket, p_topic, 0, h)
        ON CONFLICT DO NOTHING RETURNING * INTO s;
    ELSE
        SELECT * INTO s FROM es.stream
        WHERE stream_id = p_stream AND version = p_expected AND sponsor_id = p_sponsor FOR UPDATE;
        h := s.head_hash;
    END IF;
    IF s.stream_id IS NULL THEN
        RAISE EXCEPTION 'wrong expected version' USING ERRCODE = '40001';
    END IF;
    FOR i IN 1..n LOOP
        nh := sha256(h || es.ns(p_stream::text, (p_expected + i)::text, p_ids[i]::text, p_types[i],
                                p_sponsor::text, s.key, p_data[i], p_meta[i], us));
        INSERT INTO es.event (stream_id, version, event_id, type, sponsor_id, key, data, meta, recorded_at,
                              prev_hash, hash)
        VALUES (p_stream, p_expected + i, p_ids[i], p_types[i], p_sponsor, s.key, p_data[i], p_meta[i], ts, h, nh);
        INSERT INTO es.outbox (bucket, stream_id, version, topic)
        VALUES (s.bucket, p_stream, p_expected + i, s.topic);
        h := nh;
    END LOOP;
    UPDATE es.stream SET version = p_expected + n, head_hash = h WHERE stream_id = p_stream;
    RETURN ts;
END $$;

CREATE FUNCTION es.no_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only';
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON es.event FOR EACH ROW EXECUTE FUNCTION es.no_change();
CREATE TRIGGER event_not_truncated BEFORE TRUNCATE ON es.event
    FOR EACH STATEMENT EXECUTE FUNCTION es.no_change();

-- Names that other systems give to our streams, and sponsors by normalised name.
CREATE TABLE es.external_id (
    system text NOT NULL,
    value text NOT NULL,
    id uuid NOT NULL,
    PRIMARY KEY (system, value)
);
CREATE INDEX external_id_of ON es.external_id (id);

-- Whose trial is it: from our own streams and from every event that names a trial.
CREATE TABLE es.trial (trial_id uuid PRIMARY KEY, sponsor_id uuid NOT NULL);

-- Idempotency keys of the API and ids of topic commands, with what was answered.
CREATE TABLE es.command (
    scope text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    response text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, key)
);
-- Commands from the topic that could not be read: where they lie and why, never their bytes.
CREATE TABLE es.bad_command (
    topic text NOT NULL,
    part int NOT NULL,
    koffset bigint NOT NULL,
    sha256 bytea NOT NULL,
    headers jsonb NOT NULL,
    error text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, part, koffset)
);

-- When an aggregate wants to look at the time again.
CREATE TABLE es.wake (stream_id uuid PRIMARY KEY, at timestamptz NOT NULL);
CREATE INDEX wake_at ON es.wake (at);
