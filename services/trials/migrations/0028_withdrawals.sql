-- Why a subject withdrew, as a code (projections/subjects.py).
ALTER TABLE subject ADD COLUMN withdrawn_reason text;
