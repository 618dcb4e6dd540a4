"""Who a patient is: entered by the site or the subject, kept in retrieval's vault only (domain.md 0.10)."""

from datetime import date
from typing import Annotated

from pydantic import Field

from shared.rules.vault_commands import COPY
from shared.vault.particulars import Particulars, PatientData, Private


class RecordNumber(Particulars):
    """The number by which a custodian knows the patient."""

    custodian: Private
    number: Private


class PatientIdentity(Particulars):
    """What a custodian needs to find the right patient."""

    family_name: Private
    given_names: Private
    birth_date: Annotated[date, Field(ge=date(1890, 1, 1), le=date(2199, 12, 31)), PatientData()]
    former_names: Annotated[tuple[Private, ...], Field(max_length=10)] = ()
    address_lines: Annotated[tuple[Private, ...], Field(max_length=6)] = ()
    phone: Private | None = None
    email: Private | None = None
    record_numbers: Annotated[tuple[RecordNumber, ...], Field(max_length=20)] = ()


KINDS = {"identity": PatientIdentity}
DOCUMENTS = (
    "medical_record", "authorization_form", "waiver", "certificate", "correspondence", "invoice", COPY,
)  # fmt: skip
