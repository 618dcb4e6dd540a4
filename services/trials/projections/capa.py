"""The rows of corrective and preventive actions."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar, assert_never
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.capa import (
    CapaClosed,
    CapaEffectivenessChecked,
    CapaEvent,
    CapaImplemented,
    CapaOpened,
    CapaOverdue,
    CapaPlanned,
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CapaRow:
    """One action; `overdue`: its day has passed while it was planned, `reopened` counts failed checks."""

    table: ClassVar[str] = "capa"
    key: ClassVar[tuple[str, ...]] = ("capa_id",)
    capa_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None
    correlation_id: UUID | None = None
    kind: str | None = None
    category: str | None = None
    source_kind: str | None = None
    sources: tuple[UUID, ...] = ()
    status: str | None = None
    opened_on: date | None = None
    owner: str | None = None
    due_on: date | None = None
    overdue: bool = False
    implemented_on: date | None = None
    implemented_by: str | None = None
    checked_on: date | None = None
    checked_by: str | None = None
    reopened: int = 0
    closed_on: date | None = None
    document_ref: str | None = None


def capa_keys(message: Recorded[CapaEvent]) -> tuple[Key, ...]:
    return ((message.data.capa_id,),)


def fold_capa(row: CapaRow | None, message: Recorded[Any], key: Key) -> CapaRow:
    """The action after an event of its stream."""
    event: CapaEvent = message.data
    capa = row or CapaRow(key[0], event.trial_id, event.site_id, message.correlation_id)
    match event:
        case CapaOpened():
            told = event.model_dump(exclude={"capa_id", "trial_id", "site_id", "zone"})
            return replace(capa, **told, status="opened")
        case CapaPlanned():
            told = event.model_dump(include={"owner", "due_on", "document_ref"})
            return replace(capa, **told, status="planned", overdue=False)
        case CapaOverdue():
            return replace(capa, overdue=True)
        case CapaImplemented():
            told = event.model_dump(include={"implemented_on", "implemented_by"})
            return replace(capa, **told, status="implemented", overdue=False)
        case CapaEffectivenessChecked(effective=works):
            told = event.model_dump(include={"checked_on", "checked_by"})
            status, again = ("effective", 0) if works else ("opened", 1)
            return replace(capa, **told, status=status, reopened=capa.reopened + again)
        case CapaClosed(closed_on=day):
            return replace(capa, closed_on=day, status="closed")
        case _:
            assert_never(event)
