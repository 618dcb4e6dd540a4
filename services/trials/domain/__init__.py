"""Deciders of the trials service, one module an aggregate."""
