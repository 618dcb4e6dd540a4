"""The upkeep of a service's own tables: what persons discard of what is parked, and what age removes."""
