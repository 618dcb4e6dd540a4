-- What each consumer group has read and applied; this, not Kafka's committed offset, is the truth.
CREATE TABLE es.kafka_offset (
    grp text NOT NULL,
    topic text NOT NULL,
    part int NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (grp, topic, part)
) WITH (fillfactor = 50);

CREATE TABLE es.seen (
    grp text NOT NULL,
    stream_id uuid NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (grp, stream_id)
) WITH (fillfactor = 70);

CREATE TABLE es.blocked_stream (
    grp text NOT NULL,
    stream_id uuid NOT NULL,
    topic text NOT NULL,
    version bigint NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    asked_at timestamptz,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (grp, stream_id)
);

CREATE TABLE es.parked_event (
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
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (grp, topic, part, koffset)
);
CREATE INDEX parked_stream ON es.parked_event (grp, stream_id, version);

-- What a group must know of a batch: the next offset of each partition, locked, so that a zombie waits here and
-- then finds its records applied; and, as they are once the lock is held, the versions seen and what is blocked.
CREATE FUNCTION es.take(p_grp text, p_topics text[], p_parts int[], p_streams uuid[])
RETURNS TABLE (topic text, part int, next_offset bigint, stream_id uuid, version bigint, reason text)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT o.topic, o.part, o.next_offset, NULL::uuid, NULL::bigint, NULL::text
        FROM es.kafka_offset o JOIN unnest(p_topics, p_parts) u(topic, part) USING (topic, part)
        WHERE o.grp = p_grp ORDER BY o.topic, o.part FOR UPDATE OF o;
    RETURN QUERY SELECT NULL::text, NULL::int, NULL::bigint, s.stream_id, s.version, NULL::text
        FROM es.seen s WHERE s.grp = p_grp AND s.stream_id = ANY (p_streams);
    RETURN QUERY SELECT NULL::text, NULL::int, NULL::bigint, b.stream_id, NULL::bigint, b.reason
        FROM es.blocked_stream b WHERE b.grp = p_grp AND b.stream_id = ANY (p_streams);
END $$;

-- How far a group has come: next offsets, which never go back, and streams from one version to another. One that is
-- new to the group (before 0) is inserted without a look for a conflict: the fence lets nobody else in.
CREATE FUNCTION es.advance(
    p_grp text, p_topics text[], p_parts int[], p_next bigint[], p_streams uuid[], p_before bigint[], p_after bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO es.seen SELECT p_grp, u.id, u.after FROM unnest(p_streams, p_before, p_after) u(id, before, after)
        WHERE u.before = 0;
    UPDATE es.seen s SET version = u.after FROM unnest(p_streams, p_before, p_after) u(id, before, after)
        WHERE s.grp = p_grp AND s.stream_id = u.id AND u.before > 0;
    INSERT INTO es.kafka_offset AS o
        SELECT p_grp, u.topic, u.part, u.next FROM unnest(p_topics, p_parts, p_next) u(topic, part, next)
        ORDER BY u.topic, u.part ON CONFLICT (grp, topic, part)
        DO UPDATE SET next_offset = greatest(o.next_offset, excluded.next_offset);
END $$;

-- Goes past records that ask nothing of the group, if they are all next: the offsets are where the first of each
-- partition lies, the streams are at the versions before, none is blocked. Else changes nothing and answers false.
CREATE FUNCTION es.pass(
    p_grp text, p_topics text[], p_parts int[], p_first bigint[], p_next bigint[],
    p_streams uuid[], p_before bigint[], p_after bigint[]
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    n int;
BEGIN
    PERFORM FROM es.kafka_offset o JOIN unnest(p_topics, p_parts) u(topic, part) USING (topic, part)
        WHERE o.grp = p_grp ORDER BY o.topic, o.part FOR UPDATE OF o;
    SELECT count(*) INTO n FROM es.kafka_offset o
        JOIN unnest(p_topics, p_parts, p_first) u(topic, part, first) USING (topic, part)
        WHERE o.grp = p_grp AND o.next_offset = u.first;
    IF n < cardinality(p_topics)
        OR EXISTS (SELECT FROM es.blocked_stream b WHERE b.grp = p_grp AND b.stream_id = ANY (p_streams))
        OR EXISTS (SELECT FROM unnest(p_streams, p_before) u(id, before)
                   LEFT JOIN es.seen s ON s.grp = p_grp AND s.stream_id = u.id
                   WHERE coalesce(s.version, 0) <> u.before)
    THEN
        RETURN false;
    END IF;
    PERFORM es.advance(p_grp, p_topics, p_parts, p_next, p_streams, p_before, p_after);
    RETURN true;
END $$;
