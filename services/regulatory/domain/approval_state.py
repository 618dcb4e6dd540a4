"""What is remembered of an ethics approval, and how its events change that."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, assert_never
from uuid import UUID

from services.regulatory.deadlines import APPROVAL_WARNINGS
from shared.contracts.regulatory import (
    ApprovalEvent,
    IrbApprovalActivated,
    IrbApprovalClosed,
    IrbApprovalCorrected,
    IrbApprovalExpiring,
    IrbApprovalLapsed,
    IrbApprovalReinstated,
    IrbApprovalRenewed,
    IrbApprovalSuspended,
    IrbApprovalTerminated,
    IrbLapseAnnulled,
    IrbRenewalRecorded,
)

Ended = Literal["renewed", "terminated", "closed"]
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Approval:
    """State of one approval. `early` are reports that came before the approval itself was known.

    `sites` are those not renewed yet, `warned` the closest warning given, `renewals` those still to come.
    """

    begun: IrbApprovalActivated | None = None
    early: tuple[ApprovalEvent, ...] = ()
    sites: tuple[UUID, ...] = ()
    expires_on: date = date.max
    zone: str = "UTC"
    warned: int | None = None
    lapsed: bool = False
    suspended: bool = False
    renewals: tuple[IrbRenewalRecorded, ...] = ()
    successors: frozenset[UUID] = frozenset()
    corrected: IrbApprovalCorrected | None = None
    ended: Ended | None = None

    def uncovered(self) -> tuple[UUID, ...]:
        """The sites at which no renewal follows without a day between."""
        after = self.expires_on + ONE_DAY
        covered = {site for r in self.renewals if r.effective_on <= after for site in r.site_ids}
        return tuple(site for site in self.sites if site not in covered)


def evolve(state: Approval, event: ApprovalEvent) -> Approval:
    """The state after an event."""
    if state.begun is None and not isinstance(event, IrbApprovalActivated):
        return replace(state, early=(*state.early, event))
    match event:
        case IrbApprovalActivated(site_ids=sites, expires_on=day, zone=zone):
            begun = replace(state, begun=event, early=(), sites=sites, expires_on=day, zone=zone)
            return replace(begun, warned=_warned_before(event))
        case IrbApprovalExpiring(days_left=left):
            return replace(state, warned=min(days for days in APPROVAL_WARNINGS if left <= days))
        case IrbApprovalLapsed():
            return replace(state, lapsed=True)
        case IrbLapseAnnulled():
            return replace(state, lapsed=False)
        case IrbRenewalRecorded():
            return replace(
                state,
                renewals=(*state.renewals, event),
                successors=state.successors | {event.successor_id},
            )
        case IrbApprovalRenewed(site_ids=renewed, successor_id=successor):
            sites = tuple(site for site in state.sites if site not in renewed)
            waiting = tuple(r for r in state.renewals if r.successor_id != successor)
            ended: Ended | None = state.ended if sites else "renewed"
            return replace(state, sites=sites, renewals=waiting, ended=ended)
        case IrbApprovalSuspended():
            return replace(state, suspended=True)
        case IrbApprovalReinstated():
            return replace(state, suspended=False)
        case IrbApprovalTerminated():
            return replace(state, ended="terminated")
        case IrbApprovalClosed():
            return replace(state, ended="closed")
        case IrbApprovalCorrected(expires_on=day, zone=zone):
            return replace(state, expires_on=day, zone=zone, warned=None, corrected=event)
        case _:
            assert_never(event)


def _warned_before(event: IrbApprovalActivated) -> int | None:
    """The closest warning that lay before the takeover: whoever kept the approval until then gave it."""
    if event.adopted_on is None:
        return None
    left = (event.expires_on - event.adopted_on).days
    return min((days for days in APPROVAL_WARNINGS if left <= days), default=None)
