-- Streams, events and the outbox of one service; every name is qualified, so no search path matters.
CREATE TABLE es.stream (
    stream_id uuid PRIMARY KEY,
    stream_type text NOT NULL,
    sponsor_id uuid NOT NULL,
    trial_id uuid,
    site_id uuid,
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

-- Appends events, each stream at the version that it is expected at, or raises 40001. Arrays of one element a
-- stream (p_expected 0: it begins), then of one an event in the order of the log, where p_of counts to its stream.
-- The row lock of a stream is held to the commit: it serialises one stream and nothing else. The shared advisory
-- lock lets a rebuild draw a line under the log for milliseconds.
CREATE FUNCTION es.append(
    p_streams uuid[], p_stream_types text[], p_sponsors uuid[], p_trials uuid[], p_sites uuid[], p_correlations uuid[],
    p_keys text[], p_buckets smallint[], p_topics text[], p_expected bigint[],
    p_of int[], p_ids uuid[], p_types text[], p_data text[], p_meta text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ts timestamptz := clock_timestamp();
    us text := (extract(epoch FROM ts) * 1000000)::bigint::text;
    versions bigint[] := p_expected;
    heads bytea[];
    at bigint[];
    before bytea[];
    after bytea[];
    s int;
    head bytea;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7002);
    FOR i IN 1..cardinality(p_streams) LOOP
        IF p_expected[i] = 0 THEN
            INSERT INTO es.stream
            VALUES (p_streams[i], p_stream_types[i], p_sponsors[i], p_trials[i], p_sites[i], p_correlations[i],
                    p_keys[i], p_buckets[i], p_topics[i], 0, sha256(es.ns('genesis', p_streams[i]::text)))
            ON CONFLICT DO NOTHING RETURNING head_hash INTO head;
        ELSE
            SELECT head_hash INTO head FROM es.stream
            WHERE stream_id = p_streams[i] AND version = p_expected[i] AND sponsor_id = p_sponsors[i] FOR UPDATE;
        END IF;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'wrong expected version' USING ERRCODE = '40001';
        END IF;
        heads[i] := head;
    END LOOP;
    FOR i IN 1..cardinality(p_ids) LOOP
        s := p_of[i];
        versions[s] := versions[s] + 1;
        at[i] := versions[s];
        before[i] := heads[s];
        heads[s] := sha256(heads[s] || es.ns(p_streams[s]::text, versions[s]::text, p_ids[i]::text, p_types[i],
                                             p_sponsors[s]::text, p_keys[s], p_data[i], p_meta[i], us));
        after[i] := heads[s];
    END LOOP;
    FOR i IN 1..cardinality(p_streams) LOOP
        UPDATE es.stream SET version = versions[i], head_hash = heads[i] WHERE stream_id = p_streams[i];
    END LOOP;
    INSERT INTO es.event (stream_id, version, event_id, type, sponsor_id, key, data, meta, recorded_at, prev_hash, hash)
    SELECT p_streams[e.of], e.version, e.id, e.type, p_sponsors[e.of], p_keys[e.of], e.data, e.meta, ts, e.before, e.after
    FROM unnest(p_of, at, p_ids, p_types, p_data, p_meta, before, after) WITH ORDINALITY
        e(of, version, id, type, data, meta, before, after, n) ORDER BY e.n;
    INSERT INTO es.outbox (bucket, stream_id, version, topic)
    SELECT p_buckets[e.of], p_streams[e.of], e.version, p_topics[e.of]
    FROM unnest(p_of, at) WITH ORDINALITY e(of, version, n) ORDER BY e.n;
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

-- Sets when to look at each stream again; NULL: time alone changes nothing of it.
CREATE FUNCTION es.set_wakes(p_streams uuid[], p_at timestamptz[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(p_streams) > 0 THEN
        DELETE FROM es.wake w USING unnest(p_streams, p_at) u(id, at) WHERE w.stream_id = u.id AND u.at IS NULL;
        INSERT INTO es.wake SELECT u.id, u.at FROM unnest(p_streams, p_at) u(id, at) WHERE u.at IS NOT NULL
            ON CONFLICT (stream_id) DO UPDATE SET at = excluded.at;
    END IF;
END $$;
