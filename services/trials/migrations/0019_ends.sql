-- The day from which a country's authorisation opens no gate any more (projections/countries.py).
ALTER TABLE country_guard ADD COLUMN closed_on date;
