"""Commands on who carries the sponsor's obligations of a trial: signed, by a written document (R25)."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID, uuid5

from pydantic import Field

from services.trials.commands.words import DocumentRef, Sha256
from services.trials.projections.guards import TrialGuard
from services.trials.rules import NAMESPACE
from shared.contracts.message import Need, Signed
from shared.contracts.trials.obligation import ObligationName
from shared.rules.dates import Day, ZoneName


class OfObligations(Signed):
    """A signed act on the ledger of a trial.

    `since` is the first day on which it holds, a local day in `zone`, which is one for the whole ledger.
    `document_ref` and `sha256` name the written description.
    """

    trial_id: UUID
    obligations: Annotated[tuple[ObligationName, ...], Field(min_length=1, max_length=100)]
    since: Day
    zone: ZoneName = "UTC"
    document_ref: DocumentRef
    sha256: Sha256

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"obligations/{self.trial_id}")


class TransferObligations(OfObligations):
    """Transfer obligations to an organisation; what is not named in writing is not transferred."""

    type: ClassVar[str] = "trials.transfer_obligations.v1"
    meaning: Literal["obligations transferred in writing"] = "obligations transferred in writing"
    organisation_id: UUID


class ReturnObligations(OfObligations):
    """Take obligations back, also those of the trial's plan: from `since` on the sponsor carries them."""

    type: ClassVar[str] = "trials.return_obligations.v1"
    meaning: Literal["obligations taken back in writing"] = "obligations taken back in writing"

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialGuard, (self.trial_id,)),)
