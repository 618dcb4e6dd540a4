"""What the imported registry records say of the place where a site is: a guard row that a query fills."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RegistryRecord:
    """Counts over the registry's records of other trials at the same facility, and in the same city.

    The view `registry_record` (its migration) answers it from the rows of sites and trials, in the
    transaction that decides; it holds public figures alone. `speed` is in subjects per site and month, the
    median over `speed_trials` trials. `as_of` is the day of the newest record. Without `facility` the name
    matches none.
    """

    table: ClassVar[str] = "registry_record"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    facility: str | None = None
    trials: int = 0
    similar: int = 0
    speed: float | None = None
    speed_trials: int = 0
    competing_facility: int = 0
    competing_city: int = 0
    as_of: date | None = None
