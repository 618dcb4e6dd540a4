"""What decisions need of a trial."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from services.trials.domain.permissions import Permitted
from shared.contracts.trials.hold import PermissionsChanged
from shared.contracts.trials.registry import PartialDate, RegistryFacts
from shared.contracts.trials.trial import (
    TrialAuthorised,
    TrialEvent,
    TrialPlanRecorded,
    TrialRegistered,
    TrialStatus,
    TrialStatusChanged,
)

Events = list[TrialEvent | PermissionsChanged]


@dataclass(frozen=True)
class Adopted:
    """What a takeover said of a trial beside its plan; without `since` no step told the status it had."""

    status: TrialStatus | None = None
    since: date | None = None
    reason: str | None = None
    authorised: frozenset[tuple[str, date]] = frozenset()


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
    adopted: Adopted | None = None
    accrual_closed: bool = False
    permitted: Permitted = field(default_factory=Permitted)


def adopted(trial: Trial, event: TrialEvent | PermissionsChanged) -> Adopted:
    """What a takeover has said of the trial once it has told the event, too."""
    known = trial.adopted or Adopted(trial.status)
    match event:
        case TrialRegistered(status=status):
            return Adopted(status)
        case TrialAuthorised(country=country, effective_on=day):
            return replace(known, authorised=known.authorised | {(country, day)})
        case TrialStatusChanged(after=status, changed_on=day, reason=reason):
            return replace(known, status=status, since=day, reason=reason)
        case _:
            return known
