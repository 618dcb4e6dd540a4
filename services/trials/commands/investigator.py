"""Commands on the people of a site: who serves, what they are qualified for, which tasks they have."""

import re
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.words import Sha256, Text
from services.trials.projections.guards import SiteGuard
from services.trials.projections.staff import SiteStaff
from shared.contracts.message import Command, Identifier, Need
from shared.contracts.trials.investigator import Qualification, StaffRole, Task
from shared.rules.dates import Day

# Events can never be erased: they name a person by a number of the trade, or by an opaque id of the staff.
_SYSTEMS = {
    "npi": re.compile(r"[0-9]{10}"),
    "orcid": re.compile(r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]"),
    "licence": re.compile(r"(?=.*[0-9])[A-Z0-9][A-Z0-9./-]{1,39}"),
    "staff": re.compile(r"(?=.*[0-9])[a-z0-9][a-z0-9-]{1,63}"),
}


def _of_the_trade(given: Identifier) -> Identifier:
    pattern = _SYSTEMS.get(given.system)
    if pattern is None:
        raise ValueError(f"system is none of {', '.join(_SYSTEMS)}")
    if not pattern.fullmatch(given.value):
        raise ValueError(f"value is no {given.system} number")
    return given


PersonId = Annotated[Identifier, AfterValidator(_of_the_trade)]


class OfInvestigator(Command):
    """A command on one person at one site, decided with all who serve there."""

    trial_id: UUID
    site_id: UUID
    investigator_id: UUID

    @property
    def stream_id(self) -> UUID:
        return self.investigator_id

    def needs(self) -> tuple[Need, ...]:
        return (Need(SiteGuard, (self.site_id,)), Need(SiteStaff, (self.site_id,), alone=True))


class AddInvestigator(OfInvestigator):
    """Add a person to a site, by identifiers alone; one person at a time is its principal investigator."""

    type: ClassVar[str] = "trials.add_investigator.v1"
    investigator_id: UUID = Field(default_factory=uuid7)
    role: StaffRole
    identifiers: tuple[PersonId, ...] = Field(min_length=1, max_length=20)
    from_on: Day


class EndInvestigator(OfInvestigator):
    """End a person's service at the site; `until` is the last day."""

    type: ClassVar[str] = "trials.end_investigator.v1"
    until: Day


class RecordQualification(OfInvestigator):
    """Report a licence, curriculum or training, valid on the local days given, both inclusive.

    The same `qualification_id` with other dates takes the place of what it said before.
    """

    type: ClassVar[str] = "trials.record_qualification.v1"
    report: ClassVar[bool] = True
    qualification_id: UUID = Field(default_factory=uuid7)
    kind: Qualification
    valid_from: Day
    valid_to: Day | None = None
    document_ref: Text | None = None
    sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to: is before valid_from")
        return self


class DelegateTasks(OfInvestigator):
    """Delegate tasks to a person from a local day on, in place of those before; no task ends them."""

    type: ClassVar[str] = "trials.delegate_tasks.v1"
    tasks: tuple[Task, ...] = Field(max_length=20)
    from_on: Day
    document_ref: Text | None = None


InvestigatorCommand = AddInvestigator | EndInvestigator | RecordQualification | DelegateTasks
