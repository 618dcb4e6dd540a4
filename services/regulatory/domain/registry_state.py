"""What is remembered of a trial's registry duties, and how their events change that."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from shared.contracts.regulatory import (
    RegistryAct,
    RegistryDutiesReleased,
    RegistryDutyArisen,
    RegistryEvent,
    RegistryUpdated,
)

Told = tuple[str, RegistryAct, date, str | None, str | None]


@dataclass(frozen=True)
class RegistryRecord:
    """`duties` are open, `arisen` all that ever were, by `causes`; `told` are the acts heard.

    `superseded` are those in whose place others came. `sites` has what the registry has to know of each,
    `met` the codes that were met at least once.
    """

    duties: Mapping[UUID, RegistryDutyArisen] = field(default_factory=dict)
    arisen: frozenset[UUID] = frozenset()
    superseded: frozenset[UUID] = frozenset()
    causes: frozenset[UUID | None] = frozenset()
    met: frozenset[str] = frozenset()
    told: frozenset[Told] = frozenset()
    sites: Mapping[UUID, str | None] = field(default_factory=dict)
    updated_on: date = date.min
    status: str | None = None
    exempt: bool = False

    def open(self, code: str) -> list[RegistryDutyArisen]:
        """The open duties of this code."""
        return [duty for duty in self.duties.values() if duty.clock.code == code]


def evolve(state: RegistryRecord, event: RegistryEvent) -> RegistryRecord:
    """The state after an event."""
    match event:
        case RegistryDutyArisen(duty_id=id_):
            left = {key: duty for key, duty in state.duties.items() if key not in event.supersedes}
            known = replace(state, duties=left | {id_: event}, arisen=state.arisen | {id_})
            known = replace(known, causes=state.causes | {event.clock.anchor_event})
            known = replace(known, superseded=state.superseded.union(event.supersedes))
            if event.subject_kind == "site":
                return replace(known, sites=dict(state.sites) | {event.subject_id: event.status})
            return replace(known, status=event.status) if event.status else known
        case RegistryUpdated(meets=meets):
            met = {duty.clock.code for key, duty in state.duties.items() if key in meets}
            left = {key: duty for key, duty in state.duties.items() if key not in meets}
            known = replace(state, duties=left, met=state.met | met, told=state.told | {told(event)})
            if event.breaks or event.registry != "ctgov":
                return known
            return replace(known, updated_on=max(state.updated_on, event.updated_on))
        case RegistryDutiesReleased(duties=ids, exempt=exempt):
            left = {key: duty for key, duty in state.duties.items() if key not in ids}
            return replace(state, duties=left, exempt=state.exempt or exempt)
        case _:
            assert_never(event)


def told(event: RegistryUpdated) -> Told:
    """What makes an act the same as one heard before."""
    return event.registry, event.act, event.updated_on, event.status, event.document_ref
