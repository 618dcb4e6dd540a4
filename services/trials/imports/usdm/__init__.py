"""Reads a study from a document of the Unified Study Definitions Model of CDISC (USDM, v4)."""
