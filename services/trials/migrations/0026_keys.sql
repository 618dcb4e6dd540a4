-- Ids that a sender chooses are one thing only within the stream that told of it: no trial takes the row of another.
ALTER TABLE action_item DROP CONSTRAINT action_item_pkey, ADD PRIMARY KEY (visit_id, item_id);
ALTER TABLE indicator_run DROP CONSTRAINT indicator_run_pkey, ADD PRIMARY KEY (trial_id, run_id);
ALTER TABLE design_input DROP CONSTRAINT design_input_pkey, ADD PRIMARY KEY (trial_id, input_id);
ALTER TABLE urgent_change DROP CONSTRAINT urgent_change_pkey, ADD PRIMARY KEY (trial_id, change_id);
ALTER TABLE payable DROP CONSTRAINT payable_pkey, ADD PRIMARY KEY (trial_id, site_id, cause, line);
ALTER TABLE retention_risk DROP CONSTRAINT retention_risk_pkey, ADD PRIMARY KEY (trial_id, site_id, subject_id);
ALTER TABLE erasure DROP CONSTRAINT erasure_pkey, ADD PRIMARY KEY (trial_id, subject_id);
