"""Signed anchors over all chains of a service's log, kept in its database and outside, and their check."""
