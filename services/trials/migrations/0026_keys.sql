-- A key that begins with the trial would make its row one of the whole trial, which every site of it sees.
-- Ids that a sender chooses are one thing only within the stream that told of it: no trial takes the row of another.
ALTER TABLE action_item DROP CONSTRAINT action_item_pkey, ADD PRIMARY KEY (visit_id, item_id);
ALTER TABLE indicator_run DROP CONSTRAINT indicator_run_pkey, ADD PRIMARY KEY (run_id, trial_id);
ALTER TABLE design_input DROP CONSTRAINT design_input_pkey, ADD PRIMARY KEY (input_id, trial_id);
ALTER TABLE urgent_change DROP CONSTRAINT urgent_change_pkey, ADD PRIMARY KEY (change_id, trial_id);
ALTER TABLE payable DROP CONSTRAINT payable_pkey, ADD PRIMARY KEY (site_id, trial_id, cause, line);
ALTER TABLE retention_risk DROP CONSTRAINT retention_risk_pkey, ADD PRIMARY KEY (site_id, trial_id, subject_id);
ALTER TABLE erasure DROP CONSTRAINT erasure_pkey, ADD PRIMARY KEY (subject_id, trial_id);
