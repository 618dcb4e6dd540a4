-- Which import first told of a subject, where one did.
ALTER TABLE subject ADD COLUMN source text;
