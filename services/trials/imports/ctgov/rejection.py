"""Why a record was not imported."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rejection:
    """The record's NCT number where it was legible, the field at fault, and the true reason."""

    id: str | None
    field: str | None
    reason: str


class FieldError(ValueError):
    """A field of a record cannot be taken as it is."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
