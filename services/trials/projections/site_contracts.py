"""The rows of contracts with sites: each step with its day, and whose turn it is."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.site_contract import ContractAbandoned, ContractExecuted, ContractStepTaken

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the negotiation and the local day on which it began."""

    step: str
    on: date
    to_act: str | None = None
    document_ref: str | None = None


@dataclass(frozen=True, slots=True)
class ContractRow:
    """One contract; `since` is the day of its status, `ended_on` that of its execution or its abandonment."""

    table: ClassVar[str] = "site_contract"
    key: ClassVar[tuple[str, ...]] = ("contract_id",)
    contract_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    kind: str | None = None
    status: str | None = None
    to_act: str | None = None
    opened_on: date | None = None
    since: date | None = None
    ended_on: date | None = None
    effective_on: date | None = None
    expires_on: date | None = None
    document_ref: str | None = None
    reason: str | None = None
    steps: tuple[Step, ...] = ()


Told = ContractStepTaken | ContractExecuted | ContractAbandoned


def contract_keys(message: Recorded[Told]) -> tuple[Key, ...]:
    return ((message.data.contract_id,),)


def fold_contract(row: ContractRow | None, message: Recorded[Any], key: Key) -> ContractRow:
    """The contract after an event of its own stream."""
    contract = row or ContractRow(key[0])
    match message.data:
        case ContractStepTaken() as event:
            taken = Step(event.step, event.on, event.to_act, event.document_ref)
            return replace(
                contract,
                trial_id=event.trial_id,
                site_id=event.site_id,
                kind=event.kind,
                status=event.step,
                to_act=event.to_act,
                opened_on=contract.opened_on or event.on,
                since=event.on,
                steps=(*contract.steps, taken),
            )
        case ContractExecuted() as event:
            done = replace(contract, status="executed", to_act=None, since=event.executed_on)
            return replace(
                done,
                ended_on=event.executed_on,
                effective_on=event.effective_on,
                expires_on=event.expires_on,
                document_ref=event.document_ref,
            )
        case event:
            gone = replace(contract, status="abandoned", to_act=None, since=event.on)
            return replace(gone, ended_on=event.on, reason=event.reason)
