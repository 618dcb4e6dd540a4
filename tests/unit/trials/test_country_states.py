"""Every pair of a country's states: a step happens by its command, every other is refused or kept marked."""

from datetime import date, timedelta
from functools import reduce
from itertools import product
from typing import Any, get_args
from uuid import UUID

import pytest

from services.trials.commands.country import (
    AnswerInformationRequest,
    CloseCountry,
    OpenCountry,
    PlanCountry,
    RecordCountryDecision,
    RecordInformationRequest,
    SubmitCountry,
    country_id,
)
from services.trials.domain.country import Country, decide, evolve, wake_at
from services.trials.projections.guards import TrialGuard
from services.trials.rules.country import BY_SPONSOR, GUARDS, TRANSITIONS
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.country import (
    CountryEvent,
    CountryInformationAnswered,
    CountryInformationRequested,
    CountryLapseAnnulled,
    CountryMilestoneAchieved,
    CountryStatus,
)
from tests.unit.trials.trials_world import NOW, TRIAL

TODAY = NOW.date()
STATUSES: tuple[CountryStatus, ...] = get_args(CountryStatus)
ZONE, OF, REQUEST = "Europe/Amsterdam", {"trial_id": TRIAL, "country": "NL"}, UUID(int=80)
PLAN = PlanCountry(**OF, zone=ZONE, submit_on=date(2026, 1, 10), open_on=date(2026, 4, 1))  # type: ignore[arg-type]
D: Any = {"decided_on": date(2026, 3, 1)}
# What an authority's word implies: between them nobody stated what must have been.
IMPLIED: dict[tuple[str, str], tuple[str, ...]] = {
    ("submitted", "under_assessment"): ("validated", "under_assessment"),
    **{
        (before, to): (*between, to)
        for to in ("authorised", "authorised_with_conditions", "refused")
        for before, between in (
            ("submitted", ("validated", "under_assessment")),
            ("validated", ("under_assessment",)),
            ("rfi_open", ("under_assessment",)),
        )
    },
}


def command(to: CountryStatus, on: date = date(2026, 3, 1)) -> Any:
    match to:
        case "submitted":
            return SubmitCountry(**OF, submitted_on=on)  # type: ignore[arg-type]
        case "open":
            return OpenCountry(**OF, opened_on=on)  # type: ignore[arg-type]
        case "closed":
            return CloseCountry(**OF, closed_on=on)  # type: ignore[arg-type]
        case "planned":
            return PLAN
        case "rfi_open":
            return RecordInformationRequest(
                **OF,  # type: ignore[arg-type]
                request_id=REQUEST,
                asked_on=on,
                due_on=on + timedelta(days=30),
            )
        case _:
            return RecordCountryDecision(**OF, decision=to, decided_on=on)  # type: ignore[arg-type]


def told(country: Country, given: Any, *facts: object) -> list[CountryEvent] | Refusal:
    return decide(country, given, Facts(*facts), NOW)


def after(country: Country, *given: Any) -> Country:
    for one in given:
        made = told(country, one)
        assert not isinstance(made, Refusal), made
        country = reduce(evolve, made, country)
    return country


WAYS: dict[CountryStatus, tuple[CountryStatus, ...]] = {
    "planned": (),
    "submitted": ("submitted",),
    "validated": ("submitted", "validated"),
    "invalid": ("submitted", "invalid"),
    "lapsed": ("submitted", "lapsed"),
    "under_assessment": ("submitted", "validated", "under_assessment"),
    "rfi_open": ("submitted", "validated", "under_assessment", "rfi_open"),
    "authorised": ("submitted", "authorised"),
    "authorised_with_conditions": ("submitted", "authorised_with_conditions"),
    "refused": ("submitted", "refused"),
    "open": ("submitted", "authorised", "open"),
    "halted": ("submitted", "authorised", "open", "halted"),
    "closed": ("submitted", "authorised", "open", "closed"),
}


def at(status: CountryStatus, on: date = date(2026, 2, 1)) -> Country:
    country = after(Country(), PLAN, *(command(step, on) for step in WAYS[status]))
    assert country.status == status
    return country


def step(before: CountryStatus, to: CountryStatus) -> Any:
    """The command that takes a country from one state to another."""
    if (before, to) == ("halted", "open"):
        return RecordCountryDecision(**OF, decision="reopened", **D)  # type: ignore[arg-type]
    if (before, to) == ("rfi_open", "under_assessment"):
        return AnswerInformationRequest(**OF, request_id=REQUEST, answered_on=date(2026, 3, 1))  # type: ignore[arg-type]
    return command(to)


@pytest.mark.parametrize(
    ("before", "to"), [(a, b) for a, b in product(STATUSES, STATUSES) if b not in (a, "planned")]
)
def test_a_pair_of_states_is_a_step_or_is_not(before: CountryStatus, to: CountryStatus) -> None:
    country = at(before)
    given = step(before, to)
    made = told(country, given)
    if to in TRANSITIONS.get(before, ()):
        assert after(country, given).status == to
        return
    if way := IMPLIED.get((before, to)):
        assert not isinstance(made, Refusal)
        steps = [(e.after, e.inferred) for e in made if isinstance(e, CountryMilestoneAchieved)]
        assert steps == [(one, one != to) for one in way]
        return
    if to in BY_SPONSOR:
        assert isinstance(made, Refusal)
        assert made.rule == "country.transition"
        return
    if (before, to) in (("submitted", "rfi_open"), ("validated", "rfi_open")):
        # A question during validation leaves the application submitted; one after it implies assessment.
        assert after(country, given).status == ("submitted" if before == "submitted" else "rfi_open")
        return
    assert not isinstance(made, Refusal)
    (event,) = made
    assert isinstance(event, CountryMilestoneAchieved | CountryInformationRequested)
    assert event.breaks == ("country.transition",)
    assert after(country, given).status == before
    assert told(after(country, given), given) == []


@pytest.mark.parametrize("status", STATUSES)
def test_a_plan_moves_no_state_back(status: CountryStatus) -> None:
    other = PLAN.model_copy(update={"open_on": date(2026, 5, 1)})
    assert after(at(status), other).status == status


def finished() -> TrialGuard:
    return TrialGuard(TRIAL, status="completed")


@pytest.mark.parametrize(("pair", "rule"), [(pair, rule) for pair, rules in GUARDS.items() for rule in rules])
def test_every_guard_of_a_step_refuses_it_where_it_stands(pair: Any, rule: str) -> None:
    before, to = pair
    late, early = TODAY + timedelta(days=1), date(2026, 1, 31)
    if pair == ("rfi_open", "under_assessment"):
        answer = step(before, to)
        given = {"country.date_order": early, "country.in_future": late, "country.answer_late": TODAY}
        due = TODAY - timedelta(days=1) if rule == "country.answer_late" else late
        asked = at(before, due - timedelta(days=30)) if rule == "country.answer_late" else at(before)
        made = told(asked, answer.model_copy(update={"answered_on": given[rule]}))
    elif rule == "country.authority_only":
        made = told(at(before), command("open"))
    elif rule == "trial.finished":
        made = told(at(before), command(to), finished())
    else:
        made = told(at(before), command(to, late if rule == "country.in_future" else early))
    assert isinstance(made, Refusal)
    assert made.rule == rule


def test_only_steps_that_there_are_have_guards() -> None:
    assert all(to in TRANSITIONS[before] for before, to in GUARDS)


def test_a_country_of_a_finished_trial_is_not_planned() -> None:
    made = told(Country(), PLAN, finished())
    assert isinstance(made, Refusal)
    assert made.rule == "trial.finished"


def test_what_a_sponsor_asks_before_it_has_planned_is_refused() -> None:
    made = told(Country(), command("submitted"))
    assert isinstance(made, Refusal)
    assert (made.rule, made.state) == ("country.transition", None)


@pytest.mark.parametrize("status", ["submitted", "open", "closed", "validated", "halted"])
def test_the_state_that_it_has_already_is_no_step(status: CountryStatus) -> None:
    assert told(at(status), command(status)) == []


def test_an_answer_in_time_keeps_the_application_going() -> None:
    country = at("rfi_open")
    answer = step("rfi_open", "under_assessment")
    (event,) = told(country, answer)  # type: ignore[misc]
    assert isinstance(event, CountryInformationAnswered)
    answered = evolve(country, event)
    assert (answered.status, wake_at(answered)) == ("under_assessment", None)
    assert told(answered, answer) == []


def test_a_question_that_nobody_asked_has_no_answer() -> None:
    made = told(at("under_assessment"), step("rfi_open", "under_assessment"))
    assert isinstance(made, Refusal)
    assert made.rule == "country.no_question"


@pytest.mark.parametrize("status", ["rfi_open", "submitted"])
def test_a_question_without_an_answer_lapses_the_application_the_day_after(status: CountryStatus) -> None:
    country = after(at(status), command("rfi_open", date(2026, 2, 1)))
    due = date(2026, 3, 3)
    assert wake_at(country) == NOW.replace(month=3, day=3, hour=23)  # midnight in Amsterdam
    wake = Wake(stream=country_id(TRIAL, "NL"))
    assert decide(country, wake, Facts(), NOW.replace(day=3, hour=22)) == []
    (event,) = decide(country, wake, Facts(), NOW.replace(day=3, hour=23))  # type: ignore[misc]
    assert isinstance(event, CountryMilestoneAchieved)
    assert (event.before, event.after, event.actual) == (status, "lapsed", due + timedelta(days=1))
    lapsed = evolve(country, event)
    assert wake_at(lapsed) is None
    assert decide(lapsed, wake, Facts(), NOW) == []


def test_time_alone_moves_no_country_that_owes_no_answer() -> None:
    assert decide(at("open"), Wake(stream=country_id(TRIAL, "NL")), Facts(), NOW) == []


LAPSED = NOW.replace(day=5)


def lapsed(status: CountryStatus, *later: int) -> Country:
    """Asked on 1 February until 3 March, on `later` days until 30 days after them; lapsed by the clock."""
    country = after(at(status), command("rfi_open", date(2026, 2, 1)))
    for day in later:
        again = command("rfi_open", date(2026, 2, day)).model_copy(update={"request_id": UUID(int=80 + day)})
        country = after(country, again)
    made = decide(country, Wake(stream=country_id(TRIAL, "NL")), Facts(), LAPSED)
    assert not isinstance(made, Refusal)
    country = reduce(evolve, made, country)
    assert country.status == "lapsed"
    return country


def answer(on: date, request: UUID = REQUEST) -> AnswerInformationRequest:
    return AnswerInformationRequest(**OF, request_id=request, answered_on=on)  # type: ignore[arg-type]


@pytest.mark.parametrize(("status", "again"), [("rfi_open", "under_assessment"), ("submitted", "submitted")])
def test_an_answer_in_time_that_is_told_late_takes_the_lapse_back(
    status: CountryStatus, again: CountryStatus
) -> None:
    country = lapsed(status)
    made = told(country, answer(date(2026, 3, 3)))
    assert [type(event) for event in made] == [CountryLapseAnnulled, CountryInformationAnswered]  # type: ignore[union-attr]
    goes_on = after(country, answer(date(2026, 3, 3)), answer(date(2026, 3, 3)))
    assert (goes_on.status, goes_on.last_on, wake_at(goes_on)) == (again, date(2026, 3, 3), None)
    assert after(goes_on, command("authorised", date(2026, 3, 8))).status == "authorised"


def test_an_answer_after_its_last_day_takes_no_lapse_back() -> None:
    made = told(lapsed("rfi_open"), answer(date(2026, 3, 4)))
    assert isinstance(made, Refusal)
    assert (made.rule, made.field) == ("country.answer_late", "answered_on")


def test_a_lapse_stands_until_every_question_that_was_due_is_answered() -> None:
    country = lapsed("rfi_open", 3, 20)  # due on 3, 5 and 22 March; it is the 10th
    one = after(country, answer(date(2026, 3, 2)))
    assert (one.status, wake_at(one)) == ("lapsed", None)
    both = after(one, answer(date(2026, 3, 4), UUID(int=83)))
    assert (both.status, set(both.questions)) == ("rfi_open", {UUID(int=100)})
    assert wake_at(both) == NOW.replace(day=22, hour=23)


@pytest.mark.parametrize("status", ["rfi_open", "submitted"])
@pytest.mark.parametrize("to", ["authorised", "refused", "lapsed"])
def test_what_the_authority_decided_takes_the_place_of_a_lapse_by_the_clock(
    status: CountryStatus, to: CountryStatus
) -> None:
    country = lapsed(status)
    word = command(to, date(2026, 3, 8))
    made = told(country, word)
    assert not isinstance(made, Refusal)
    assert isinstance(made[0], CountryLapseAnnulled)
    assert isinstance(made[-1], CountryMilestoneAchieved)
    assert made[-1].breaks == ()
    decided = after(country, word)
    assert (decided.status, decided.questions, told(decided, word)) == (to, {}, [])


def test_a_lapse_that_the_authority_told_is_taken_back_by_nothing() -> None:
    country = after(lapsed("rfi_open"), command("lapsed", date(2026, 3, 8)))
    made = told(country, answer(date(2026, 3, 3)))
    assert isinstance(made, Refusal)
    assert made.rule == "country.no_question"
    assert after(country, command("authorised", date(2026, 3, 9))).status == "lapsed"


def test_what_does_not_fit_leaves_the_lapse() -> None:
    country = lapsed("rfi_open")
    assert after(country, command("halted")).status == "lapsed"
    assert after(country, command("halted")).lapse == country.lapse
