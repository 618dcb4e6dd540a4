"""A programme taken over in mid-life: begun, with its preclinical work, what allows it, and its phase."""

from datetime import date
from typing import Any
from uuid import uuid5

from services.trials.commands.programme import AdoptProgramme
from services.trials.domain.adopted import said
from services.trials.domain.programme_state import Programme
from shared.contracts.message import Refusal
from shared.contracts.trials.programme import (
    MilestoneKind,
    PhaseEvidence,
    PreclinicalMilestoneCompleted,
    ProgrammeAuthorisationRecorded,
    ProgrammeBegun,
    ProgrammeEvent,
    ProgrammePhaseChanged,
)


def adopt_programme(
    programme: Programme, command: AdoptProgramme, latest: date
) -> list[ProgrammeEvent] | Refusal:
    """The events of a takeover; of a programme taken over before, whatever became of it since, none.

    `latest` is the last local date that it is anywhere.
    """
    events = _events(command)
    if programme.begun is not None:
        if said(programme.adopted, "evidence") == said(events, "evidence"):
            return []
        return Refusal("programme.already_begun", "the programme was begun otherwise", programme.phase)
    days = {
        "phase_since": command.phase_since,
        "toxicology_on": command.toxicology_on,
        "laboratory_on": command.laboratory_on,
    }
    if late := next((name for name, day in days.items() if day and day > latest), None):
        return Refusal("programme.in_future", "that day has not come anywhere", None, late)
    return events


def _events(command: AdoptProgramme) -> list[ProgrammeEvent]:
    told: dict[str, Any] = {"programme_id": command.programme_id, "adopted_from": command.document_ref}
    fields = command.model_dump(include={"product", "comparators", "indication"})
    begun = ProgrammeBegun(**told, **fields, sponsor_name=command.sponsor)
    work: dict[MilestoneKind, date | None] = {
        "toxicology": command.toxicology_on,
        "laboratory": command.laboratory_on,
    }
    events: list[ProgrammeEvent] = [begun, *_authorisations(command, told)]
    events += [
        PreclinicalMilestoneCompleted(
            **told,
            milestone_id=uuid5(command.programme_id, f"milestone|{kind}"),
            kind=kind,
            completed_on=day,
            document_ref=command.document_ref,
        )
        for kind, day in work.items()
        if day
    ]
    if command.phase_since:
        events.append(
            ProgrammePhaseChanged(
                **told,
                before="preclinical",
                after=command.phase,
                evidence=(PhaseEvidence(document_ref=command.document_ref),),
                decided_on=command.phase_since,
            )
        )
    return events


def _authorisations(command: AdoptProgramme, told: dict[str, Any]) -> list[ProgrammeAuthorisationRecorded]:
    return [
        ProgrammeAuthorisationRecorded(
            **told,
            **one.model_dump(),
            authorisation_id=uuid5(command.programme_id, f"{one.kind}|{one.country}|{one.number}"),
            document_ref=command.document_ref,
        )
        for one in command.authorisations
    ]
