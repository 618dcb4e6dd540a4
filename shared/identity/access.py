"""What a token or a machine's key says of its bearer: roles, and what they reach."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.rules.grants import EVERYTHING, Grants


class DeniedError(Exception):
    """Token, key or signature count for nothing here. The text says why, and nothing of their content."""


class Access(BaseModel):
    """Roles, and what they reach. `sponsors`: ids, or `["*"]` for all; `sites`: each with its trial.

    `organisations`: those for which the bearer works, a CRO or a vendor.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    roles: Annotated[tuple[Annotated[str, Field(pattern="^[a-z_]{1,60}$")], ...], Field(min_length=1)]
    sponsors: tuple[Literal["*"]] | tuple[UUID, ...] = ()
    trials: tuple[UUID, ...] = ()
    sites: dict[UUID, UUID] = {}
    organisations: tuple[UUID, ...] = ()

    def grants(self) -> Grants:
        """The sets for which it stands."""
        ids = frozenset(one for one in self.sponsors if isinstance(one, UUID))
        if self.sponsors == ("*",):
            return EVERYTHING
        organisations = frozenset(self.organisations)
        return Grants(ids, frozenset(self.trials), self.sites, organisations=organisations)
