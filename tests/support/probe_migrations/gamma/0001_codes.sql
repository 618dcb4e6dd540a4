CREATE TABLE code (code_id uuid PRIMARY KEY, trial_id uuid, arm text, restricted boolean);
