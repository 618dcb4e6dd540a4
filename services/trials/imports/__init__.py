"""Records of other systems: a folder of readers each, and what puts them into the log."""
