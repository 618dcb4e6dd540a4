"""A programme taken over in mid-life: begun, with its preclinical work, what allows it, and its phase."""

from datetime import date
from uuid import uuid5

from services.trials.commands.programme import AdoptProgramme
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
    fields = command.model_dump(include={"programme_id", "product", "comparators", "indication"})
    begun = ProgrammeBegun(**fields, sponsor_name=command.sponsor, adopted_from=command.document_ref)
    if programme.begun is not None:
        known = programme.begun.model_copy(update={"adopted_from": command.document_ref})
        if known == begun and programme.begun.adopted_from:
            return []
        return Refusal("programme.already_begun", "the programme was begun otherwise", programme.phase)
    work: dict[MilestoneKind, date | None] = {
        "toxicology": command.toxicology_on,
        "laboratory": command.laboratory_on,
    }
    days = {"phase_since": command.phase_since, **{f"{kind}_on": day for kind, day in work.items()}}
    if late := next((name for name, day in days.items() if day and day > latest), None):
        return Refusal("programme.in_future", "that day has not come anywhere", None, late)
    events: list[ProgrammeEvent] = [begun, *_authorisations(command)]
    events += [
        PreclinicalMilestoneCompleted(
            programme_id=command.programme_id,
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
                programme_id=command.programme_id,
                before="preclinical",
                after=command.phase,
                evidence=(PhaseEvidence(document_ref=command.document_ref),),
                decided_on=command.phase_since,
            )
        )
    return events


def _authorisations(command: AdoptProgramme) -> list[ProgrammeAuthorisationRecorded]:
    return [
        ProgrammeAuthorisationRecorded(
            **one.model_dump(),
            programme_id=command.programme_id,
            authorisation_id=uuid5(command.programme_id, f"{one.kind}|{one.country}|{one.number}"),
            document_ref=command.document_ref,
        )
        for one in command.authorisations
    ]
