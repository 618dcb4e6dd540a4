"""What of the world a principal may touch: whose trials, which trials, which sites."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True)
class Grants:
    """Sets that add up; empty sets reach nothing.

    `sponsors`: all of theirs. `trials`: all of these. `sites`, each with its trial: what is the site's own,
    and of its trial what concerns the trial as a whole. `everything`: the house's own staff and machines.
    """

    sponsors: frozenset[UUID] = frozenset()
    trials: frozenset[UUID] = frozenset()
    sites: Mapping[UUID, UUID] = field(default_factory=dict)
    everything: bool = False

    def reach(self, sponsor: UUID | None, trial: UUID | None, site: UUID | None) -> bool:
        """Whether a stream of this sponsor, trial and site is within them; a site counts with its trial."""
        return (
            self.everything
            or sponsor in self.sponsors
            or trial in self.trials
            or (site is not None and site in self.sites and self.sites[site] == trial)
        )


EVERYTHING = Grants(everything=True)
