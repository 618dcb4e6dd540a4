"""What of the world a principal may touch: whose trials, which trials, which sites, what was handed over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True)
class Grants:
    """Sets that add up; empty sets reach nothing.

    `sponsors`: all of theirs. `trials`: all of these. `sites`, each with its trial: what is the site's own,
    and of its trial what concerns the trial as a whole. `everything`: the house's own staff and machines.
    `organisations`: the part of the work that was handed to one of these, and nothing around it.
    `restricted` adds nothing to reach: of what is reached, it shows what would reveal an allocation too.
    """

    sponsors: frozenset[UUID] = frozenset()
    trials: frozenset[UUID] = frozenset()
    sites: Mapping[UUID, UUID] = field(default_factory=dict)
    everything: bool = False
    organisations: frozenset[UUID] = frozenset()
    restricted: bool = False

    def reach(
        self, sponsor: UUID | None, trial: UUID | None, site: UUID | None, holder: UUID | None = None
    ) -> bool:
        """Whether a stream of this sponsor, trial and site is within them; a site counts with its trial.

        `holder` is the organisation to which the part of the stream in question was handed.
        """
        return (
            self.everything
            or sponsor in self.sponsors
            or trial in self.trials
            or holder in self.organisations
            or (site is not None and site in self.sites and self.sites[site] == trial)
        )


EVERYTHING = Grants(everything=True)
