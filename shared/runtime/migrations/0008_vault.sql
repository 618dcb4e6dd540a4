-- The vault of one service: whose key, which documents, which particulars. Every name is qualified. A service without
-- a vault has these tables empty, as it has those of deadlines.
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
CREATE INDEX subject_destroyed ON vault.subject (subject_id) WHERE destroyed_at IS NOT NULL;

CREATE FUNCTION vault.no_return() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a destroyed key does not come back';
END $$;
CREATE TRIGGER subject_stays_erased BEFORE UPDATE OR DELETE ON vault.subject
    FOR EACH ROW WHEN (OLD.destroyed_at IS NOT NULL) EXECUTE FUNCTION vault.no_return();

-- `object` names the bytes and `ref` the document, so that a second try never overwrites the bytes of the first.
-- swept_at: the object is gone, or goes with the next sweep. A row with nothing else but that is an object that
-- never got its row; the sweep claims its name, so that a late row for it is refused.
CREATE TABLE vault.document (
    object uuid PRIMARY KEY,
    ref uuid UNIQUE,
    subject_id uuid REFERENCES vault.subject,
    sponsor_id uuid,
    sha256 bytea,
    size bigint,
    media_type text,
    stored_at timestamptz,
    swept_at timestamptz,
    CHECK (num_nulls(ref, subject_id, sponsor_id, sha256, size, media_type, stored_at) IN (0, 7)),
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

-- The vault's documents and subjects as pages show them (shared/rules/vault_rows.py), by the rules of rows.
CREATE TABLE document (
    document_ref uuid PRIMARY KEY,
    vault_id     uuid,
    subject_id   uuid,
    trial_id     uuid,
    site_id      uuid,
    kind         text,
    media_type   text,
    sha256       text,
    size         bigint,
    organisation_id uuid,
    stored_at    timestamptz,
    stored_by    text,
    sealed       text,
    reads        integer NOT NULL DEFAULT 0,
    last_read_at timestamptz,
    last_read_by text
);
CREATE INDEX document_of_subject ON document (subject_id, stored_at);
CREATE INDEX document_of_trial ON document (trial_id, stored_at);

CREATE TABLE vault_subject (
    subject_id   uuid PRIMARY KEY,
    trial_id     uuid,
    site_id      uuid,
    organisation_ids jsonb NOT NULL DEFAULT '[]',
    handed       jsonb NOT NULL DEFAULT '{}',
    documents    integer NOT NULL DEFAULT 0,
    particulars  jsonb NOT NULL DEFAULT '[]',
    closed_at    timestamptz,
    destroyed_at timestamptz
);
CREATE INDEX vault_subject_closed ON vault_subject (subject_id) WHERE closed_at IS NOT NULL;
