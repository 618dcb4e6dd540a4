"""Commands on the contract with a site: the steps of its negotiation, its execution, its end without one."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field
from uuid_utils.compat import uuid7

from services.trials.commands.words import Code, Sha256, Text
from services.trials.projections.guards import SiteGuard
from shared.contracts.message import Command, Need
from shared.contracts.trials.site_contract import ContractStep, Party
from shared.rules.dates import Day


class OfContract(Command):
    """A command on the stream of one contract, decided with the site's row."""

    trial_id: UUID
    site_id: UUID
    contract_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.contract_id

    def needs(self) -> tuple[Need, ...]:
        return (Need(SiteGuard, (self.site_id,)),)


class TakeContractStep(OfContract):
    """Record a step of the negotiation on its local day; the first draft begins it.

    `to_act` is whose turn it is then; without it, whose it usually is.
    """

    type: ClassVar[str] = "trials.take_contract_step.v1"
    contract_id: UUID = Field(default_factory=uuid7)
    kind: Literal["agreement", "amendment"] = "agreement"
    step: ContractStep
    on: Day
    to_act: Party | None = None
    document_ref: Text | None = None


class ExecuteContract(OfContract):
    """Record that the last party signed; it counts from `effective_on`, or from the day of the signature."""

    type: ClassVar[str] = "trials.execute_contract.v1"
    executed_on: Day
    effective_on: Day | None = None
    expires_on: Day | None = None
    document_ref: Text
    sha256: Sha256 | None = None


class AbandonContract(OfContract):
    """End the negotiation without a contract."""

    type: ClassVar[str] = "trials.abandon_contract.v1"
    reason: Code
    on: Day


ContractCommand = TakeContractStep | ExecuteContract | AbandonContract
