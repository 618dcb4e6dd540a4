"""The dates between which a site's cycle times lie: selection, approval, contract, activation."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.site import GateEvidenceRecorded, SiteActivated, SiteSelected
from shared.contracts.trials.site_contract import ContractExecuted
from shared.rules.dates import local_date

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CycleTimes:
    """One site's dates, local to it. Of several pieces of evidence the earliest day counts.

    `approvals` and `contracts`: the first day of each piece of evidence for the gates of board and contract.
    `executed`: the day on which each agreement was signed by all; where one is known, no evidence counts.
    """

    table: ClassVar[str] = "cycle_time"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    trial_id: UUID | None = None
    country: str | None = None
    zone: str | None = None
    approvals: dict[UUID, date] = field(default_factory=dict)
    contracts: dict[UUID, date] = field(default_factory=dict)
    executed: dict[UUID, date] = field(default_factory=dict)
    selected_on: date | None = None
    approved_on: date | None = None
    contract_on: date | None = None
    activated_on: date | None = None


def cycle_keys(
    message: Recorded[SiteSelected | SiteActivated | ContractExecuted | GateEvidenceRecorded],
) -> tuple[Key, ...]:
    match message.data:
        case SiteSelected() | SiteActivated() | ContractExecuted(kind="agreement") as event:
            return ((event.site_id,),)
        case GateEvidenceRecorded(gate="irb_current" | "contract", counts=True) as event:
            return ((event.site_id,),)
        case _:
            return ()


def fold_cycle(row: CycleTimes | None, message: Recorded[Any], key: Key) -> CycleTimes:
    """The dates after an event of the site or of its contracts; a correction takes its forerunner's place."""
    event = message.data
    times = replace(row or CycleTimes(key[0]), trial_id=event.trial_id)
    match event:
        case SiteSelected(country=country, zone=zone, selected_on=day):
            chosen_on = day or local_date(message.time, zone)
            return replace(times, country=country, zone=zone, selected_on=chosen_on)
        case SiteActivated(country=country, activated_on=day):
            return replace(times, country=country, activated_on=day)
        case ContractExecuted(contract_id=contract, executed_on=day):
            executed = dict(sorted((times.executed | {contract: day}).items()))
            return replace(times, executed=executed, contract_on=min(executed.values()))
        case GateEvidenceRecorded(gate="contract"):
            known = _with(times.contracts, event)
            return replace(times, contracts=known, contract_on=min((times.executed or known).values()))
        case _:
            known = _with(times.approvals, event)
            return replace(times, approvals=known, approved_on=min(known.values()))


def _with(known: dict[UUID, date], event: GateEvidenceRecorded) -> dict[UUID, date]:
    kept = {evidence: day for evidence, day in known.items() if evidence != event.corrects}
    return kept | {event.evidence_id: event.valid_from}
