-- Whose an act on a document is: what a row does not say, nobody sees by a rule.
ALTER TABLE custody ADD COLUMN trial_id uuid;
