"""The contract with a site: negotiated step by step, executed or abandoned."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, assert_never

from services.trials.commands.site_contract import (
    AbandonContract,
    ContractCommand,
    ExecuteContract,
    TakeContractStep,
)
from services.trials.projections.guards import SiteGuard
from services.trials.rules.contract_states import TO_ACT, TRANSITIONS
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.site_contract import (
    ContractAbandoned,
    ContractEvent,
    ContractExecuted,
    ContractStatus,
    ContractStepTaken,
)
from shared.rules.dates import local_date


@dataclass(frozen=True)
class Contract:
    """What decisions need of a contract: its first day, and since when it has its status."""

    last: ContractStepTaken | None = None
    status: ContractStatus | None = None
    opened_on: date = date.min
    since: date = date.min


def decide(
    contract: Contract, command: ContractCommand | Wake, facts: Facts, now: datetime
) -> list[ContractEvent] | Refusal:
    """The events of a command; a step that was taken on that day already causes none."""
    match command:
        case Wake():
            return []
        case TakeContractStep():
            return _step(contract, command, facts, now)
        case ExecuteContract():
            return _execute(contract, command, facts, now)
        case AbandonContract():
            return _abandon(contract, command, facts, now)
        case _:
            assert_never(command)


def evolve(contract: Contract, event: ContractEvent) -> Contract:
    match event:
        case ContractStepTaken(step=step, on=day):
            opened = contract.opened_on if contract.status else day
            return Contract(event, step, opened, day)
        case ContractExecuted(executed_on=day):
            return replace(contract, status="executed", since=day)
        case ContractAbandoned(on=day):
            return replace(contract, status="abandoned", since=day)
        case _:
            assert_never(event)


def _step(
    contract: Contract, command: TakeContractStep, facts: Facts, now: datetime
) -> list[ContractEvent] | Refusal:
    last = contract.last
    kind: Literal["agreement", "amendment"] = last.kind if last else command.kind
    if contract.status == command.step and contract.since == command.on:
        return []
    if refusal := _refused(contract, command, command.step, "on", command.on, facts, now):
        return refusal
    return [
        ContractStepTaken(
            trial_id=command.trial_id,
            site_id=command.site_id,
            contract_id=command.contract_id,
            kind=kind,
            step=command.step,
            on=command.on,
            to_act=command.to_act or TO_ACT[command.step],
            before=last.step if last else None,
            days=(command.on - contract.since).days if last else None,
            document_ref=command.document_ref,
        )
    ]


def _execute(
    contract: Contract, command: ExecuteContract, facts: Facts, now: datetime
) -> list[ContractEvent] | Refusal:
    if contract.status == "executed" and contract.since == command.executed_on:
        return []
    day, last = command.executed_on, contract.last
    if refusal := _refused(contract, command, "executed", "executed_on", day, facts, now):
        return refusal
    begins = command.effective_on or day
    if command.expires_on and command.expires_on < begins:
        detail = f"{command.expires_on} is before {begins}, from which it counts"
        return Refusal("contract.ends_before_it_begins", detail, contract.status, "expires_on")
    return [
        ContractExecuted(
            **command.model_dump(exclude={"effective_on"}),
            kind=last.kind if last else "agreement",
            effective_on=begins,
            days=(day - contract.opened_on).days,
        )
    ]


def _abandon(
    contract: Contract, command: AbandonContract, facts: Facts, now: datetime
) -> list[ContractEvent] | Refusal:
    if contract.status == "abandoned":
        return []
    refusal = _refused(contract, command, "abandoned", "on", command.on, facts, now)
    return refusal or [ContractAbandoned(**command.model_dump())]


def _refused(
    contract: Contract,
    command: ContractCommand,
    to: ContractStatus,
    field: str,
    day: date,
    facts: Facts,
    now: datetime,
) -> Refusal | None:
    """Why this step is not possible, or not on this day of the site."""
    site = facts.get(SiteGuard, command.site_id)
    if site is None or site.trial_id != command.trial_id:
        return Refusal("site.unknown", "the trial has no such site", None, "site_id")
    if contract.last and contract.last.site_id != command.site_id:
        return Refusal("contract.other_site", "the contract is with another site", contract.status, "site_id")
    if contract.status is None and to != "draft_sent":
        return Refusal("contract.unknown", "a contract begins with its draft", None, "contract_id")
    if contract.status and to not in TRANSITIONS[contract.status]:
        detail = f"{contract.status} does not lead to {to}"
        return Refusal("contract.transition", detail, contract.status)
    if day < contract.since:
        detail = f"{day} is before {contract.status} on {contract.since}"
        return Refusal("contract.date_before_cause", detail, contract.status, field)
    if day > local_date(now, site.zone or "Etc/GMT-14"):
        return Refusal("contract.date_in_future", f"{day} has not come yet", contract.status, field)
    return None
