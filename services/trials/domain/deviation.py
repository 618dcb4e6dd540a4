"""A deviation from a rule: reported once, assessed and resolved by quality, annulled where there was none."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import assert_never

from services.trials.commands.deviation import (
    AnnulDeviation,
    AssessDeviation,
    MarkSeriousBreach,
    ReportDeviation,
    ResolveDeviation,
)
from services.trials.domain.broken import elsewhere, in_future
from services.trials.projections.capa import CapaRow
from services.trials.projections.holds import DeviationRow, HoldRow
from services.trials.rules.deviation import SERIOUS_BREACH_CITATION, SERIOUS_BREACH_VERIFIED
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.deviation import (
    DeviationAnnulled,
    DeviationAssessed,
    DeviationEvent,
    DeviationReported,
    DeviationResolved,
    DeviationStatus,
    SeriousBreachMarked,
)

__all__ = ["Deviation", "DeviationCommand", "DeviationEvent", "decide", "evolve"]

QualityCommand = AssessDeviation | MarkSeriousBreach | ResolveDeviation
DeviationCommand = ReportDeviation | AnnulDeviation | QualityCommand
Events = list[DeviationEvent]


@dataclass(frozen=True)
class Deviation:
    """Whether it was reported in this stream, how far it came, and whether it still counts."""

    reported: bool = False
    annulled: bool = False
    status: DeviationStatus = "open"
    assessment: DeviationAssessed | None = None
    serious_breach: bool = False


def decide(
    deviation: Deviation, command: DeviationCommand | Wake, facts: Facts, now: datetime
) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    match command:
        case ReportDeviation() if not deviation.reported:
            # Many a deviation is told in the stream of a subject or a visit: its id is taken.
            row = facts.get(DeviationRow, command.deviation_id)
            known = row is not None and row.occurred_on is not None
            return [] if known else [DeviationReported(**command.model_dump())]
        case AnnulDeviation() if not deviation.annulled:
            row = facts.get(DeviationRow, command.deviation_id)
            holds = [facts.get(HoldRow, hold) for hold in command.holds]
            standing = any(hold is None or hold.status != "annulled" for hold in holds)
            if (row and row.annulled) or elsewhere(row, command.trial_id) or standing:
                return []
            told = command.model_dump(exclude={"holds"})
            return [DeviationAnnulled(**told, site_id=row.site_id if row else None)]
        case ReportDeviation() | AnnulDeviation() | Wake():
            return []
        case _:
            return _by_quality(deviation, command, facts, now)


def _by_quality(
    deviation: Deviation, command: QualityCommand, facts: Facts, now: datetime
) -> Events | Refusal:
    """Many a deviation was told in the stream of a subject or a visit: its row is what is known of it."""
    row, who = facts.get(DeviationRow, command.deviation_id), facts.actor.id if facts.actor else ""
    if row is None or row.trial_id != command.trial_id or row.occurred_on is None:
        return Refusal("deviation.unknown", "the trial has no such deviation", None, "deviation_id")
    told = command.model_dump() | {"site_id": row.site_id}
    events: Events
    match command:
        case AssessDeviation(assessed_on=day):
            assessed = DeviationAssessed(**told, assessed_by=who)
            if deviation.assessment == assessed:
                return []
            events, allowed, field = [assessed], deviation.status != "resolved", "assessed_on"
        case MarkSeriousBreach(aware_on=day):
            if deviation.serious_breach:
                return []
            told |= {"citation": SERIOUS_BREACH_CITATION, "verified": SERIOUS_BREACH_VERIFIED}
            events, field = [SeriousBreachMarked(**told, marked_by=who)], "aware_on"
            allowed = deviation.status == "assessed"
        case ResolveDeviation(resolved_on=day):
            if deviation.status == "resolved":
                return []
            events, field = [DeviationResolved(**told)], "resolved_on"
            allowed = deviation.status == "assessed"
        case _:
            assert_never(command)
    if row.annulled or not allowed:
        rule = "deviation.annulled" if row.annulled else "deviation.transition"
        return Refusal(rule, f"the deviation is {deviation.status}", deviation.status)
    return _day(day, row.occurred_on, field, now, deviation) or _capa(command, facts, deviation) or events


def _day(day: date, since: date, field: str, now: datetime, deviation: Deviation) -> Refusal | None:
    if day < since:
        return Refusal("deviation.before_cause", f"it occurred on {since}", deviation.status, field)
    if in_future(day, now):
        return Refusal("deviation.in_future", "the day has not come anywhere", deviation.status, field)
    return None


def _capa(command: QualityCommand, facts: Facts, deviation: Deviation) -> Refusal | None:
    if not isinstance(command, ResolveDeviation) or command.capa_id is None:
        return None
    capa = facts.get(CapaRow, command.capa_id)
    if capa and capa.trial_id == command.trial_id and capa.status in ("effective", "closed"):
        return None
    state = capa.status if capa else "not known"
    refused = f"the action is {state}: another person has to see that it works"
    return Refusal("deviation.capa_not_effective", refused, deviation.status, "capa_id")


def evolve(deviation: Deviation, event: DeviationEvent) -> Deviation:
    match event:
        case DeviationReported():
            return replace(deviation, reported=True)
        case DeviationAnnulled():
            return replace(deviation, annulled=True)
        case DeviationAssessed():
            return replace(deviation, status="assessed", assessment=event)
        case SeriousBreachMarked():
            return replace(deviation, serious_breach=True)
        case DeviationResolved():
            return replace(deviation, status="resolved")
        case _:
            assert_never(event)
