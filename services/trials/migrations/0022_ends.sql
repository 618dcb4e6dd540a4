-- The day from which a country's authorisation opens no gate any more (projections/countries.py).
ALTER TABLE country_guard ADD COLUMN closed_on date;

-- Whether anybody consented at a site: from then on it enrols (projections/guards.py).
ALTER TABLE site_guard ADD COLUMN consented boolean NOT NULL DEFAULT false;

-- Our own figure beside a signed one may be larger than any that is planned (rules/sample_size.py).
ALTER TABLE design_input ALTER COLUMN recomputed TYPE bigint, ALTER COLUMN recomputed_events TYPE bigint;

-- When the board of each site knew of an urgent change (projections/protocol.py).
ALTER TABLE urgent_change ADD COLUMN board_told jsonb NOT NULL DEFAULT '{}';

-- The day from which no site uses a protocol version (projections/protocol.py).
ALTER TABLE protocol_version ADD COLUMN superseded_on date;
