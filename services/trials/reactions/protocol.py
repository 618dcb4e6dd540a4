"""What boards approve reaches the protocol, and so does the country of a site that is chosen later."""

import re
from datetime import date, timedelta
from uuid import UUID

from services.trials.commands.protocol import RecordProtocolApproval, ReviewProtocol
from services.trials.projections.protocol_guards import TrialProtocol
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.regulatory import (
    IrbApprovalActivated,
    IrbApprovalCorrected,
    IrbApprovalTerminated,
    IrbApproved,
    ReviewKind,
)
from shared.contracts.trials.site import SiteSelected

# A board that looks at a report or a closure approves no version of the protocol.
_OF_A_VERSION: frozenset[ReviewKind] = frozenset({"initial", "continuing", "amendment"})
# How versions are named here; a board's name for one that fits no version of ours never becomes one.
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,63}")


def needs(message: Recorded[SiteSelected]) -> tuple[Need, ...]:
    return (Need(TrialProtocol, (message.data.trial_id,)),)


def react(message: Recorded[SiteSelected], facts: Facts) -> list[Command]:
    """A site that is chosen after its board has approved may follow the protocol now."""
    known = facts.get(TrialProtocol, message.data.trial_id)
    return [ReviewProtocol(trial_id=message.data.trial_id)] if known else []


def approved(event: IrbApproved) -> list[Command]:
    """The version that a board approved at its sites, also before anybody has drafted it here."""
    return approval_of(event) if event.kind in _OF_A_VERSION else []


def approval_of(event: IrbApproved | IrbApprovalActivated) -> list[Command]:
    """The approval of a version, where what the board's letter calls it is the name of one."""
    if not _VERSION.fullmatch(event.protocol_version):
        return []
    return [
        RecordProtocolApproval(
            trial_id=event.trial_id,
            version=event.protocol_version,
            approval_id=event.approval_id,
            site_ids=event.site_ids,
            effective_on=event.effective_on,
            expires_on=event.expires_on,
        )
    ]


def corrected(event: IrbApprovalCorrected, sites: list[tuple[UUID, UUID]]) -> list[Command]:
    """Other dates of an approval, in each trial of its sites."""
    return _dated(event, sites, event.effective_on, event.expires_on)


def ended(event: IrbApprovalTerminated, sites: list[tuple[UUID, UUID]]) -> list[Command]:
    """An approval that its board ended brings a version in force at no further site."""
    return _dated(event, sites, None, event.terminated_on - timedelta(days=1))


def _dated(
    event: IrbApprovalCorrected | IrbApprovalTerminated,
    sites: list[tuple[UUID, UUID]],
    first: date | None,
    last: date,
) -> list[Command]:
    return [
        RecordProtocolApproval(
            trial_id=trial,
            approval_id=event.approval_id,
            site_ids=event.site_ids,
            effective_on=first,
            expires_on=last,
        )
        for trial in dict.fromkeys(trial for trial, _ in sites)
    ]
