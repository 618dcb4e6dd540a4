"""Events of the contract with a site: its negotiation step by step, its execution."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event

ContractStep = Literal["draft_sent", "comments", "budget_agreed", "legal_review", "signed_by_site"]
ContractStatus = ContractStep | Literal["executed", "abandoned"]
Party = Literal["sponsor", "cro", "site"]


class ContractStepTaken(Event):
    """The negotiation came to a step on the local day `on`; `to_act` is whose turn it is then.

    `days` is for how many calendar days the step before it lasted.
    """

    type: ClassVar[str] = "trials.contract.step_taken.v1"
    trial_id: UUID
    site_id: UUID
    contract_id: UUID
    kind: Literal["agreement", "amendment"]
    step: ContractStep
    on: date
    to_act: Party
    before: ContractStep | None = None
    days: int | None = None
    document_ref: str | None = None


class ContractExecuted(Event):
    """All parties have signed; the contract counts from `effective_on` until `expires_on`, if that is set.

    `days` is how many calendar days the whole negotiation took.
    """

    type: ClassVar[str] = "trials.contract.executed.v1"
    trial_id: UUID
    site_id: UUID
    contract_id: UUID
    kind: Literal["agreement", "amendment"]
    executed_on: date
    effective_on: date
    expires_on: date | None = None
    document_ref: str
    sha256: str | None = None
    days: int


class ContractAbandoned(Event):
    """The negotiation ended without a contract; `reason` is a code."""

    type: ClassVar[str] = "trials.contract.abandoned.v1"
    trial_id: UUID
    site_id: UUID
    contract_id: UUID
    reason: str
    on: date


ContractEvent = ContractStepTaken | ContractExecuted | ContractAbandoned
