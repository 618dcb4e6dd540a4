-- The vault of one service: whose key, which documents, which particulars. Every name is qualified.
CREATE SCHEMA vault;

-- A known value under each master key that was ever current here: a wrong key shows before it is used.
CREATE TABLE vault.check (
    master_id text PRIMARY KEY,
    wrapped bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);

-- A subject's own key, wrapped. An erased subject keeps its row without a key, so that it never gets another.
CREATE TABLE vault.subject (
    subject_id uuid PRIMARY KEY,
    master_id text REFERENCES vault.check,
    wrapped bytea,
    made_at timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL)),
    CHECK ((wrapped IS NULL) = (master_id IS NULL))
);
CREATE INDEX subject_master ON vault.subject (master_id) WHERE wrapped IS NOT NULL;

CREATE FUNCTION vault.no_return() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a destroyed key does not come back';
END $$;
CREATE TRIGGER subject_stays_erased BEFORE UPDATE OR DELETE ON vault.subject
    FOR EACH ROW WHEN (OLD.destroyed_at IS NOT NULL) EXECUTE FUNCTION vault.no_return();

-- swept_at: the object is gone, or goes with the next sweep. A row with nothing else but that is an object that
-- never got its row; the sweep claims the reference, so that a late row for it is refused.
CREATE TABLE vault.document (
    ref uuid PRIMARY KEY,
    subject_id uuid REFERENCES vault.subject,
    sponsor_id uuid,
    sha256 bytea,
    size bigint,
    media_type text,
    stored_at timestamptz,
    swept_at timestamptz,
    CHECK (num_nulls(subject_id, sponsor_id, sha256, size, media_type, stored_at) IN (0, 6)),
    CHECK (subject_id IS NOT NULL OR swept_at IS NOT NULL)
);
CREATE INDEX document_subject ON vault.document (subject_id);

-- Small JSON documents, sealed like any other.
CREATE TABLE vault.particulars (
    subject_id uuid NOT NULL REFERENCES vault.subject,
    kind text NOT NULL,
    sealed bytea NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject_id, kind)
);
