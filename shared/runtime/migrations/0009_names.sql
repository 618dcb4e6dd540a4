-- Names that other systems give are a sponsor's own where a sponsor gave them; what the house or a registry says is for all.
ALTER TABLE es.external_id ADD COLUMN owner uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
ALTER TABLE es.external_id DROP CONSTRAINT external_id_pkey;
ALTER TABLE es.external_id ADD PRIMARY KEY (system, value, owner);
