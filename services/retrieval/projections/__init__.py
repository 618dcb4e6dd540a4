"""Projections of retrieval: guard rows, requests, legs, the custody ledger."""
