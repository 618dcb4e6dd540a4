"""A trial in a country: the sponsor's steps are asked for, the authority's acts kept however they come."""

from datetime import date, datetime, timedelta
from typing import Any, assert_never

from services.trials.commands.country import (
    AnswerInformationRequest,
    CloseCountry,
    CountryCommand,
    OpenCountry,
    PlanCountry,
    RecordCountryDecision,
    RecordInformationRequest,
    SponsorStep,
    SubmitCountry,
)
from services.trials.domain.country_reports import annulled, decided, questioned
from services.trials.domain.country_state import PLANNED, Country, evolve
from services.trials.projections.guards import TrialGuard
from services.trials.rules.country import TRANSITIONS
from services.trials.rules.lifecycle import FINISHED
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.country import (
    CountryEvent,
    CountryInformationAnswered,
    CountryMilestoneAchieved,
    CountryPlanned,
    CountryStatus,
)
from shared.rules.dates import local_date, start_of_day

__all__ = ["Country", "decide", "evolve", "wake_at"]

Decision = list[CountryEvent] | Refusal


def decide(country: Country, command: CountryCommand | Wake, facts: Facts, now: datetime) -> Decision:
    """The events of a command; repeating one that took effect causes none."""
    today = local_date(now, country.zone)
    match command:
        case Wake():
            return _on_time(country, today)
        case PlanCountry():
            return _plan(country, command, facts)
        case SubmitCountry(submitted_on=day):
            return _step(country, command, "submitted", day, facts, today)
        case OpenCountry(opened_on=day):
            return _step(country, command, "open", day, facts, today)
        case CloseCountry(closed_on=day):
            return _step(country, command, "closed", day, facts, today)
        case RecordCountryDecision():
            return [*decided(country, command, today)]
        case RecordInformationRequest():
            return [*questioned(country, command, today)]
        case AnswerInformationRequest():
            return _answer(country, command, today)
        case _:
            assert_never(command)


def wake_at(country: Country) -> datetime | None:
    """UTC: the authority's midnight after the last day on which its earliest question can be answered."""
    due = None if country.lapse else _due(country)
    return start_of_day(due + timedelta(days=1), country.zone) if due else None


def _on_time(country: Country, today: date) -> list[CountryEvent]:
    """Without an answer in time the application lapses (R29)."""
    plan, due = country.plan, _due(country)
    if plan is None or due is None or due >= today or country.lapse:
        return []
    return [
        CountryMilestoneAchieved(
            country_id=plan.country_id,
            trial_id=plan.trial_id,
            country=plan.country,
            milestone="lapsed",
            before=country.status,
            after="lapsed",
            actual=due + timedelta(days=1),
            inferred=True,
        )
    ]


def _due(country: Country) -> date | None:
    return min((question.due_on for question in country.questions.values()), default=None)


def _plan(country: Country, command: PlanCountry, facts: Facts) -> Decision:
    if refusal := _finished(command, facts, country.status):
        return refusal
    days = {step: getattr(command, name) for name, step in PLANNED.items() if getattr(command, name)}
    planned = CountryPlanned(**_ids(command), zone=command.zone, planned=days)
    return [] if country.plan == planned else [planned]


def _step(
    country: Country, command: SponsorStep, to: CountryStatus, day: date, facts: Facts, today: date
) -> Decision:
    at = country.status
    if at == to:
        return []
    if country.halted_on and to == "open":
        return Refusal("country.authority_only", "only the authority ends its halt", at)
    if at is None or to not in TRANSITIONS.get(at, ()):
        return Refusal("country.transition", f"a country that is {at or 'not planned'} is not {to} next", at)
    if refusal := _wrong_day(country, day, today):
        return refusal
    if to != "closed" and (refusal := _finished(command, facts, at)):
        return refusal
    return [
        CountryMilestoneAchieved(
            **_ids(command),
            milestone=to,
            before=at,
            after=to,
            planned=country.planned(to),
            actual=day,
            document_ref=command.document_ref if isinstance(command, SubmitCountry) else None,
        )
    ]


def _answer(country: Country, command: AnswerInformationRequest, today: date) -> Decision:
    if command.request_id in country.answered:
        return []
    if (question := country.questions.get(command.request_id)) is None:
        return Refusal("country.no_question", "no such question waits for an answer", country.status)
    if command.answered_on < question.asked_on:
        detail = f"the question is of {question.asked_on.isoformat()}"
        return Refusal("country.date_order", detail, country.status, "answered_on")
    if refusal := _wrong_day(country, command.answered_on, today, ordered=False):
        return refusal
    if command.answered_on > question.due_on:
        detail = f"the last day for the answer was {question.due_on.isoformat()}"
        return Refusal("country.answer_late", detail, country.status, "answered_on")
    told = command.model_dump(include={"request_id", "answered_on", "document_ref"})
    others = (one.due_on for id_, one in country.questions.items() if id_ != command.request_id)
    back = annulled(country, command) if all(due >= today for due in others) else []
    return [*back, CountryInformationAnswered(**_ids(command), **told)]


def _wrong_day(country: Country, day: date, today: date, ordered: bool = True) -> Refusal | None:
    if ordered and day < country.last_on:
        detail = f"the step before it is of {country.last_on.isoformat()}"
        return Refusal("country.date_order", detail, country.status)
    if day > today:
        return Refusal("country.in_future", "the day has not come", country.status)
    return None


def _finished(command: CountryCommand, facts: Facts, at: str | None) -> Refusal | None:
    trial = facts.get(TrialGuard, command.trial_id)
    if trial and trial.status in FINISHED:
        return Refusal("trial.finished", f"the trial is {trial.status}", at)
    return None


def _ids(command: CountryCommand) -> dict[str, Any]:
    return {"country_id": command.stream_id, "trial_id": command.trial_id, "country": command.country}
