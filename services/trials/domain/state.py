"""What decisions need of a trial."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.trials.domain.permissions import Permitted
from shared.contracts.trials.hold import PermissionsChanged
from shared.contracts.trials.registry import PartialDate, RegistryFacts
from shared.contracts.trials.trial import TrialEvent, TrialPlanRecorded, TrialStatus

Events = list[TrialEvent | PermissionsChanged]


@dataclass(frozen=True)
class Trial:
    """`managed`: its sponsor runs the lifecycle, so a registry's status is noted and moves nothing.

    `sites` maps the registry's locations to a digest of what can change of them; `pause` is the open hold
    that the registry's SUSPENDED stands for; `permitted` what was last told of its permissions.
    `accrual_closed`: since then no signature opened it again, whatever pauses there were.
    """

    status: TrialStatus | None = None
    managed: bool = False
    plan: TrialPlanRecorded | None = None
    facts: RegistryFacts | None = None
    updated: PartialDate | None = None
    as_of: date | None = None
    sites: Mapping[UUID, str] = field(default_factory=dict)
    pause: UUID | None = None
    authorised: Mapping[str, tuple[date, UUID]] = field(default_factory=dict)
    by_invitation: bool = False
    accrual_closed: bool = False
    permitted: Permitted = field(default_factory=Permitted)
