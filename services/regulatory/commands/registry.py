"""Commands on what a public registry has to be told of a trial, and on what it was told."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID, uuid5

from pydantic import Field, StringConstraints, model_validator

from shared.contracts.message import Command, Signed
from shared.contracts.regulatory import RegistryAct, ReleaseReason
from shared.rules.dates import Day

DutyCode = Literal[
    "registry_registration_21_day",
    "registry_status_30_day",
    "registry_site_status_30_day",
    "registry_protocol_change_30_day",
    "registry_verification_12_month",
    "registry_results_1_year",
    "eu_results_summary_1_year",
]
Registry = Literal["ctgov", "ctis"]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z_]{1,63}$")]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]


class OfRegistryRecord(Command):
    """A command on the stream of what registries know of one trial."""

    trial_id: UUID

    @property
    def stream_id(self) -> UUID:
        return uuid5(self.trial_id, "registry_record")


class OweRegistry(OfRegistryRecord):
    """Something happened that a registry has to be told: day 0 is `anchor_on`, its local day.

    `listed`: the registry has the trial already.
    """

    type: ClassVar[str] = "regulatory.owe_registry.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    code: DutyCode
    anchor_on: Day
    anchor_event: UUID
    site_id: UUID | None = None
    status: Word | None = None
    listed: bool = False

    def at_site(self) -> UUID | None:
        return None  # the stream is the trial's


class HearRegistry(OfRegistryRecord):
    """The registry's own record as of its last update, with its status there."""

    type: ClassVar[str] = "regulatory.hear_registry.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    updated_on: Day
    status: str | None = None


class RecordRegistryUpdate(OfRegistryRecord):
    """Report that a registry was told: that day, by which act, and the status that it shows since then.

    Without `status` and `sites` an update covers all that changed until that day; with them, only these.
    """

    type: ClassVar[str] = "regulatory.record_registry_update.v1"
    report: ClassVar[bool] = True
    registry: Registry = "ctgov"
    act: RegistryAct = "update"
    updated_on: Day
    status: Word | None = None
    sites: tuple[UUID, ...] = Field(default=(), max_length=1000)
    document_ref: Reference | None = None

    @model_validator(mode="after")
    def _the_registry_that_it_goes_to(self) -> Self:
        if (self.act == "results_summary") != (self.registry == "ctis"):
            raise ValueError("act: a summary of results goes to ctis, everything else to ctgov")
        return self


class RecordPrimaryCompletion(OfRegistryRecord):
    """Report the day on which the last subject was examined for the primary outcome; results follow it."""

    type: ClassVar[str] = "regulatory.record_primary_completion.v1"
    report: ClassVar[bool] = True
    completed_on: Day


class ReleaseRegistryDuties(OfRegistryRecord, Signed):
    """Sign that duties are not owed; a trial that is no applicable one owes ClinicalTrials.gov none."""

    type: ClassVar[str] = "regulatory.release_registry_duties.v1"
    meaning: Literal["registry duty not owed"] = "registry duty not owed"
    duties: tuple[UUID, ...] = Field(default=(), max_length=1000)
    reason: ReleaseReason
    document_ref: Reference | None = None

    @model_validator(mode="after")
    def _some_duty(self) -> Self:
        if not self.duties and self.reason != "not_an_applicable_trial":
            raise ValueError("duties: named, unless the trial is no applicable one")
        return self


RegistryCommand = (
    OweRegistry | HearRegistry | RecordRegistryUpdate | RecordPrimaryCompletion | ReleaseRegistryDuties
)
