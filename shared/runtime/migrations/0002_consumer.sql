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
