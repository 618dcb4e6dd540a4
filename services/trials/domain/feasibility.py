"""A site's questionnaire: sent, answered, reminded of once, and its score fixed."""

from datetime import datetime, timedelta
from typing import assert_never

from services.trials.commands.feasibility import (
    AnswerFeasibility,
    CompleteFeasibility,
    FeasibilityCommand,
    SendFeasibility,
)
from services.trials.domain.feasibility_score import factors, misfit, score
from services.trials.domain.lifecycle import finished
from services.trials.domain.site_state import Site
from services.trials.domain.site_transition import transition
from services.trials.projections.facilities import RegistryRecord
from services.trials.projections.guards import TrialGuard
from services.trials.rules.feasibility import REGISTRY
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.feasibility import (
    Answer,
    FeasibilityCompleted,
    FeasibilityEvent,
    FeasibilityOverdue,
    FeasibilityReceived,
    FeasibilitySent,
    Question,
)
from shared.rules.dates import local_date, start_of_day


def decide(
    site: Site, command: FeasibilityCommand, facts: Facts, now: datetime
) -> list[FeasibilityEvent] | Refusal:
    """The events of a command about the questionnaire; repeats cause none."""
    match command:
        case SendFeasibility():
            return _send(site, command, facts, now)
        case AnswerFeasibility():
            return _answer(site, command, now)
        case CompleteFeasibility():
            return _complete(site, command, facts, now)
        case _:
            assert_never(command)


def reminded_at(site: Site) -> datetime | None:
    """UTC: the local midnight after the due day of a questionnaire that waits and was not reminded of yet."""
    if site.status != "feasibility_sent" or site.asked is None or site.reminded:
        return None
    return start_of_day(site.asked.due_on + timedelta(days=1), site.asked.zone)


def reminder(site: Site, now: datetime) -> list[FeasibilityOverdue]:
    """The reminder, once the due day has passed."""
    at = reminded_at(site)
    if at is None or site.asked is None or now < at:
        return []
    sent = site.asked
    return [
        FeasibilityOverdue(
            trial_id=sent.trial_id,
            site_id=sent.site_id,
            questionnaire_id=sent.questionnaire_id,
            due_on=sent.due_on,
        )
    ]


def _send(
    site: Site, command: SendFeasibility, facts: Facts, now: datetime
) -> list[FeasibilityEvent] | Refusal:
    zone = site.local_zone
    asked = FeasibilitySent(
        trial_id=command.trial_id,
        site_id=command.site_id,
        questionnaire_id=command.questionnaire_id,
        questions=tuple(Question(**question.model_dump()) for question in command.questions),
        weights={name: command.weights.get(name, rule.weight) for name, rule in REGISTRY.items()},
        conditions=command.conditions,
        capacity=command.capacity,
        sent_on=local_date(now, zone),
        due_on=command.due_on,
        zone=zone,
    )
    if site.asked and asked == site.asked.model_copy(update={"sent_on": asked.sent_on}):
        return []
    if refusal := transition(site, "feasibility_sent"):
        return refusal
    trial = facts.get(TrialGuard, command.trial_id)
    if refusal := finished(trial):
        return refusal
    if asked.due_on < asked.sent_on:
        detail = f"answers would be due on {asked.due_on}, before {asked.sent_on}"
        return Refusal("feasibility.due_before_sent", detail, site.status, "due_on")
    return [asked]


def _answer(site: Site, command: AnswerFeasibility, now: datetime) -> list[FeasibilityEvent] | Refusal:
    answers = tuple(Answer(**answer.model_dump()) for answer in command.answers)
    sent = site.asked
    other = sent is None or sent.questionnaire_id != command.questionnaire_id
    if not other and site.answers == answers:
        return []
    if refusal := transition(site, "feasibility_received"):
        return refusal
    if sent is None or other:
        return Refusal("feasibility.other", "another questionnaire was sent", site.status, "questionnaire_id")
    if wrong := _wrong(sent, answers):
        return Refusal("feasibility.answers", wrong, site.status, "answers")
    return [
        FeasibilityReceived(
            trial_id=command.trial_id,
            site_id=command.site_id,
            questionnaire_id=sent.questionnaire_id,
            answers=answers,
            received_on=local_date(now, sent.zone),
        )
    ]


def _wrong(sent: FeasibilitySent, answers: tuple[Answer, ...]) -> str | None:
    """Which answer does not fit its question, or is one too many or missing."""
    questions = {question.code: question for question in sent.questions}
    codes = [answer.code for answer in answers]
    if sorted(codes) != sorted(questions):
        return "each question has one answer, and nothing else has"
    faults = ((answer.code, misfit(questions[answer.code], answer.value)) for answer in answers)
    return next((f"{code} {fault}" for code, fault in faults if fault), None)


def _complete(
    site: Site, command: CompleteFeasibility, facts: Facts, now: datetime
) -> list[FeasibilityEvent] | Refusal:
    if site.completed and site.completed.outcome == command.outcome:
        return []
    sent = site.asked
    if site.status != "feasibility_received" or sent is None:
        return Refusal("feasibility.not_received", "there are no answers to judge", site.status)
    today = local_date(now, sent.zone)
    record = facts.get(RegistryRecord, command.site_id)
    found = factors(sent.questions, site.answers, sent.weights, record, today)
    mean, covered = score(found)
    capacity = next((answer.value for answer in site.answers if answer.code == sent.capacity), None)
    return [
        FeasibilityCompleted(
            trial_id=command.trial_id,
            site_id=command.site_id,
            questionnaire_id=sent.questionnaire_id,
            score=mean or 0.0,
            covered=covered,
            capacity=None if capacity is None else int(capacity),
            factors=found,
            outcome=command.outcome,
            completed_on=today,
        )
    ]
