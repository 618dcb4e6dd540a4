"""The programme: begun once, moved from phase to phase by signed decisions that name their evidence."""

from datetime import date, datetime
from typing import assert_never

from services.trials.commands.programme import (
    AddProgrammeTrial,
    AdoptProgramme,
    BeginProgramme,
    DecideProgrammePhase,
    ProgrammeCommand,
    RecordPreclinicalMilestone,
    RecordProgrammeAuthorisation,
)
from services.trials.domain.adoption_programme import adopt_programme
from services.trials.domain.programme_state import Programme, evolve
from services.trials.projections.programme_guards import Term
from services.trials.rules.programme import ORDER, PRECLINICAL, TRANSITIONS
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.programme import (
    PreclinicalMilestone,
    PreclinicalMilestoneCompleted,
    ProgrammeAuthorisation,
    ProgrammeAuthorisationRecorded,
    ProgrammeBegun,
    ProgrammeEvent,
    ProgrammePhaseChanged,
    ProgrammeTrialAdded,
)
from shared.rules.dates import latest_date

__all__ = ["Programme", "decide", "evolve"]


def decide(
    programme: Programme, command: ProgrammeCommand | Wake, facts: Facts, now: datetime
) -> list[ProgrammeEvent] | Refusal:
    """The events of a command; repeating one that took effect causes none.

    What is told of a programme that nobody began has no sponsor whose it could be, so it is not kept.
    """
    match command:
        case Wake():
            return []
        case AdoptProgramme():
            return adopt_programme(programme, command, latest_date(now))
        case BeginProgramme():
            return _begin(programme, command)
        case _ if programme.begun is None:
            return Refusal("programme.unknown", "there is no programme with this id", None, "programme_id")
        case RecordProgrammeAuthorisation():
            return _authorisation(programme, command)
        case RecordPreclinicalMilestone():
            return _milestone(programme, command, now)
        case DecideProgrammePhase():
            return _phase(programme, command, now)
        case AddProgrammeTrial():
            return _add(programme, command)
        case _:
            assert_never(command)


def _begin(programme: Programme, command: BeginProgramme) -> list[ProgrammeEvent] | Refusal:
    begun = ProgrammeBegun(**command.model_dump(exclude={"sponsor"}), sponsor_name=command.sponsor)
    if programme.begun is None:
        return [begun]
    if programme.begun.model_copy(update={"adopted_from": None}) == begun:
        return []
    return Refusal("programme.already_begun", "the programme was begun otherwise", programme.phase)


def _authorisation(programme: Programme, command: RecordProgrammeAuthorisation) -> list[ProgrammeEvent]:
    told = ProgrammeAuthorisationRecorded(**command.model_dump(exclude={"meaning"}))
    known = programme.authorisations.get(command.authorisation_id)
    if known and known.model_copy(update={"trial_ids": (), "adopted_from": None}) == told:
        return []
    return [told.model_copy(update={"trial_ids": programme.trials})]


def _milestone(
    programme: Programme, command: RecordPreclinicalMilestone, now: datetime
) -> list[ProgrammeEvent]:
    future = command.completed_on > latest_date(now)
    told = PreclinicalMilestoneCompleted(
        **command.model_dump(), breaks=("programme.in_future",) if future else ()
    )
    known = programme.milestones.get(command.milestone_id)
    same = {"trial_ids": (), "breaks": told.breaks, "adopted_from": None}
    if known and known.model_copy(update=same) == told:
        return []
    return [told.model_copy(update={"trial_ids": programme.trials})]


def _phase(
    programme: Programme, command: DecideProgrammePhase, now: datetime
) -> list[ProgrammeEvent] | Refusal:
    if command.phase == programme.phase:
        return []
    if command.phase not in TRANSITIONS[programme.phase]:
        detail = f"a programme in phase {programme.phase} does not move to {command.phase} in one step"
        return Refusal("programme.transition", detail, programme.phase, "phase")
    if refusal := _obstacle(programme, command, now):
        return refusal
    told = command.model_dump(include={"programme_id", "evidence", "reason", "decided_on"})
    return [
        ProgrammePhaseChanged(**told, before=programme.phase, after=command.phase, trial_ids=programme.trials)
    ]


def _obstacle(programme: Programme, command: DecideProgrammePhase, now: datetime) -> Refusal | None:
    day, at = command.decided_on, programme.phase
    if day < programme.decided_on:
        detail = f"the decision before it is of {programme.decided_on.isoformat()}"
        return Refusal("programme.date_order", detail, at, "decided_on")
    if day > latest_date(now):
        return Refusal("programme.in_future", "nobody has decided it yet", at, "decided_on")
    if ORDER.index(command.phase) < ORDER.index(at):
        missing = Refusal("programme.reason_required", "a step back needs a reason", at, "reason")
        return None if command.reason else missing
    done = {m.kind for m in programme.milestones.values() if m.completed_on <= day}
    if command.phase == "I" and (lacking := [kind for kind in PRECLINICAL if kind not in done]):
        detail = f"not completed by {day.isoformat()}: {', '.join(lacking)}"
        return Refusal("programme.milestone_missing", detail, at, "phase")
    if command.phase == "IV" and not _marketed(programme, day):
        detail = f"no marketing authorisation is in force on {day.isoformat()}"
        return Refusal("programme.no_marketing_authorisation", detail, at, "phase")
    return None


def _marketed(programme: Programme, on: date) -> bool:
    return any(
        Term(a.kind, a.in_effect_on, a.withdrawn_on).holds(on)
        for a in programme.authorisations.values()
        if a.kind == "marketing_authorisation"
    )


def _add(programme: Programme, command: AddProgrammeTrial) -> list[ProgrammeEvent]:
    if command.added in programme.trials:
        return []
    return [
        ProgrammeTrialAdded(
            programme_id=command.programme_id,
            trial_id=command.added,
            phase=programme.phase,
            milestones=tuple(
                PreclinicalMilestone.model_validate(m.model_dump()) for m in programme.milestones.values()
            ),
            authorisations=tuple(
                ProgrammeAuthorisation.model_validate(a.model_dump())
                for a in programme.authorisations.values()
            ),
        )
    ]
