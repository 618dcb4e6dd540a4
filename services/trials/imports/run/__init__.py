"""Importing uploads: what a reader finds goes into the log in batches of one transaction."""
