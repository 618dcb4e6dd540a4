"""Fields that several commands of retrieval share: codes instead of free text, ids that repeat themselves."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.contracts.message import Command
from shared.contracts.retrieval import Document, ElementResult

NAMESPACE = UUID("5b8f0c0a-3c57-5f0e-8f0e-2f0a5d6a7c31")

# A code is no place for a name: events carry codes and references only.
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Pages = Annotated[int, Field(ge=1, le=1_000_000)]
Minor = Annotated[int, Field(ge=0, le=10**12)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


def in_vault(reference: str) -> UUID | None:
    """The document of our vault that a reference names; None where it is a name in another archive."""
    try:
        return UUID(reference)
    except ValueError:
        return None


class CheckedElement(ElementResult):
    """What a person found about one element: there or not, and on which page."""

    code: Code
    page: Annotated[int, Field(ge=1)] | None = None


class NewDocument(Document):
    """A document that the vault holds already, by reference."""

    document_ref: Reference
    sha256: Sha256
    pages: Pages


class OfRequest(Command):
    """A command about one record request."""

    request_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.request_id


class OfLeg(OfRequest):
    """A command about one provider leg of a record request."""

    leg_id: UUID
