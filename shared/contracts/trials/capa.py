"""Corrective and preventive actions: opened for what went wrong, closed once they are seen to work."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event

CapaKind = Literal["corrective", "preventive", "both"]
CapaStatus = Literal["opened", "planned", "implemented", "effective", "closed"]
SourceKind = Literal["finding", "deviation", "kri_breach"]


class OfCapa(Event):
    """What every event of an action says; without a site it is the whole trial's."""

    capa_id: UUID
    trial_id: UUID
    site_id: UUID | None = None


class CapaOpened(OfCapa):
    """Something has to be put right, or kept from happening again; `sources` are what it was opened for."""

    type: ClassVar[str] = "trials.capa.opened.v1"
    kind: CapaKind
    category: str
    source_kind: SourceKind
    sources: tuple[UUID, ...]
    opened_on: date
    zone: str


class CapaPlanned(OfCapa):
    """What will be done, by whom (an opaque id), until which local day."""

    type: ClassVar[str] = "trials.capa.planned.v1"
    owner: str
    due_on: date
    document_ref: str


class CapaOverdue(OfCapa):
    """The local day by which it was to be implemented has passed, and it is not."""

    type: ClassVar[str] = "trials.capa.overdue.v1"
    due_on: date


class CapaImplemented(OfCapa):
    """What was planned is done. `implemented_by` is the opaque id of who says so."""

    type: ClassVar[str] = "trials.capa.implemented.v1"
    implemented_on: date
    implemented_by: str
    document_ref: str | None = None


class CapaEffectivenessChecked(OfCapa):
    """Another person looked whether it works; where it does not, the action is open again."""

    type: ClassVar[str] = "trials.capa.effectiveness_checked.v1"
    effective: bool
    checked_on: date
    checked_by: str
    document_ref: str | None = None


class CapaClosed(OfCapa):
    """It works, and nothing is left to do."""

    type: ClassVar[str] = "trials.capa.closed.v1"
    closed_on: date


CapaEvent = CapaOpened | CapaPlanned | CapaOverdue | CapaImplemented | CapaEffectivenessChecked | CapaClosed
