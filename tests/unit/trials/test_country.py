"""Countries: reports that do not fit, authorisations that open gates, halts that hold the country's sites."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.commands.country import PlanCountry, RecordCountryDecision, RecordInformationRequest
from services.trials.commands.site import IdentifySite, SelectSite
from services.trials.domain.country import Country
from services.trials.projections import countries as rows
from services.trials.projections.guards import SiteGuard
from shared.contracts.message import Refusal
from shared.contracts.trials.country import CountryMilestoneAchieved, CountryPlanned
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.hold import HoldApplied, HoldLifted
from shared.contracts.trials.site import GateEvidenceRecorded
from shared.contracts.trials.trial import TrialAuthorised
from shared.rules.countries import CTR_COUNTRIES, country_codes
from tests.support.touched import touched
from tests.unit.trials.test_country_states import OF, PLAN, after, at, command, step, told
from tests.unit.trials.test_trials_chain import register, selected
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, World

TODAY = NOW.date()
DUTCH, US = UUID(int=90), SITE


def decision(what: str, on: date = date(2026, 3, 1), **fields: Any) -> RecordCountryDecision:
    return RecordCountryDecision(**OF | {"decision": what, "decided_on": on} | fields)  # type: ignore[arg-type]


def select(world: World, site_id: UUID = DUTCH, country: str = "NL") -> None:
    world.do(IdentifySite(trial_id=TRIAL, site_id=site_id, name="A site"))
    where: dict[str, Any] = {"trial_id": TRIAL, "site_id": site_id, "qualification_waived": "known_site"}
    world.do(SelectSite(**where, zone="Europe/Amsterdam", country=country))


def opened() -> World:
    world = World()
    selected(world)
    for act in (PLAN, command("submitted", date(2026, 1, 5)), command("authorised", date(2026, 2, 1))):
        world.do(act)
    world.do(command("open", date(2026, 2, 10)))
    return world


def holds(world: World, site_id: UUID) -> list[tuple[str, bool]]:
    guard = world.guard(SiteGuard, site_id)
    return [(hold.source, hold.open) for hold in guard.holds] if guard else []


@pytest.mark.parametrize("code", ["XX", "EU", "UK", "ZZ"])
def test_a_code_that_is_no_country_s_is_refused_with_the_field(code: str) -> None:
    with pytest.raises(ValidationError, match="not the ISO 3166 code of a country") as told:
        PlanCountry(trial_id=TRIAL, country=code, zone="UTC")
    assert told.value.errors()[0]["loc"] == ("country",)


def test_the_list_of_countries_is_whole() -> None:
    assert len(country_codes()) == 249
    assert len(CTR_COUNTRIES) == 30
    assert country_codes() > CTR_COUNTRIES


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"submit_on": date(2026, 2, 1), "open_on": date(2026, 1, 1)}, "open_on: before submit_on"),
        ({"authorise_on": date(2026, 2, 1), "close_on": date(2026, 1, 1)}, "close_on: before authorise_on"),
    ],
)
def test_a_plan_has_its_days_in_order(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        PlanCountry(**OF, zone="UTC", **fields)  # type: ignore[arg-type]


def test_a_question_is_not_due_before_it_is_asked() -> None:
    with pytest.raises(ValidationError, match="due_on: before asked_on"):
        RecordInformationRequest(**OF, asked_on=TODAY, due_on=TODAY - timedelta(days=1))  # type: ignore[arg-type]


def test_a_milestone_tells_the_day_planned_and_the_day_achieved() -> None:
    world = opened()
    told = {e.milestone: (e.planned, e.actual, e.inferred) for e in world.events(CountryMilestoneAchieved)}
    assert told == {
        "submitted": (date(2026, 1, 10), date(2026, 1, 5), False),
        "validated": (None, date(2026, 2, 1), True),
        "under_assessment": (None, date(2026, 2, 1), True),
        "authorised": (None, date(2026, 2, 1), False),
        "open": (date(2026, 4, 1), date(2026, 2, 10), False),
    }
    assert world.do(PLAN) == []
    assert len(world.events(CountryPlanned)) == 1


def test_conditions_do_not_change_the_day_planned_for_the_authorisation() -> None:
    plan = PLAN.model_copy(update={"authorise_on": date(2026, 2, 20)})
    (_, _, event) = told(after(Country(), plan, command("submitted")), command("authorised_with_conditions"))  # type: ignore[misc]
    assert event.planned == date(2026, 2, 20)  # type: ignore[union-attr]


def test_an_authorisation_opens_the_gate_of_the_country_s_sites_alone() -> None:
    world = opened()
    select(world)
    (authorised,) = world.events(TrialAuthorised)
    assert (authorised.country, authorised.effective_on) == ("NL", date(2026, 2, 1))
    assert [(e.site_id, e.gate) for e in world.events(GateEvidenceRecorded)] == [(DUTCH, "ha_ok")]


def test_a_refusal_opens_nothing() -> None:
    world = World()
    world.do(register())
    for act in (PLAN, command("submitted"), command("refused")):
        world.do(act)
    assert not world.events(TrialAuthorised)


def test_a_halt_holds_the_sites_of_that_country_and_its_end_lifts_just_that() -> None:
    world = opened()
    select(world)
    world.do(decision("halted", effects=("dose",)))
    assert (holds(world, DUTCH), holds(world, US)) == ([("ha_suspension", True)], [])
    assert world.events(HoldApplied)[0].effects == ("dose",)
    late = UUID(int=91)
    select(world, late)
    assert holds(world, late) == [("ha_suspension", True)]
    world.do(decision("reopened", TODAY, document_ref="a letter"))
    assert (holds(world, DUTCH), holds(world, late)) == ([("ha_suspension", False)],) * 2
    assert {lift.evidence for lift in world.events(HoldLifted)} == {"a letter"}
    after_it = UUID(int=92)
    select(world, after_it)
    assert holds(world, after_it) == []


def test_a_second_halt_is_another_hold() -> None:
    world = opened()
    select(world)
    for what, day in (("halted", 1), ("reopened", 2), ("halted", 3), ("reopened", 4)):
        world.do(decision(what, date(2026, 3, day)))
    assert holds(world, DUTCH) == [("ha_suspension", False)] * 2


def test_a_halt_without_a_site_holds_nothing() -> None:
    world = World()
    world.do(register())
    world.do(decision("halted"))
    assert not world.events(HoldApplied)


def test_a_halt_that_does_not_fit_is_kept_marked_and_stops_the_sites_until_it_ends() -> None:
    world = World()
    selected(world)
    for act in (PLAN, command("submitted"), command("authorised")):
        world.do(act)
    select(world)
    world.do(decision("halted"))
    assert holds(world, DUTCH) == [("ha_suspension", True)]
    (deviation,) = world.events(DeviationReported)
    assert (deviation.category, deviation.rules) == ("country", ("country.transition",))
    refused = world.do(command("open"))
    assert isinstance(refused, Refusal)
    assert refused.rule == "country.authority_only"
    world.do(decision("reopened", TODAY))
    assert holds(world, DUTCH) == [("ha_suspension", False)]
    assert not isinstance(world.do(command("open")), Refusal)


@pytest.mark.parametrize(
    ("on", "rule"),
    [(date(2026, 1, 1), "country.date_order"), (TODAY + timedelta(days=1), "country.in_future")],
)
def test_a_decision_of_an_impossible_day_counts_and_is_a_deviation(on: date, rule: str) -> None:
    (event,) = told(at("submitted"), decision("validated", on))  # type: ignore[misc]
    assert isinstance(event, CountryMilestoneAchieved)
    assert (event.after, event.breaks) == ("validated", (rule,))


def test_a_question_at_the_wrong_moment_is_kept_and_a_deviation() -> None:
    world = opened()
    world.do(command("rfi_open"))
    (deviation,) = world.events(DeviationReported)
    assert deviation.rules == ("country.transition",)
    assert world.do(command("rfi_open")) == []


def test_a_question_told_again_is_one_question() -> None:
    assert told(at("rfi_open"), command("rfi_open", date(2026, 2, 1))) == []


def test_an_application_waits_for_the_answer_to_every_question() -> None:
    second = command("rfi_open").model_copy(update={"request_id": UUID(int=81)})
    country = after(at("rfi_open"), second)
    waiting = after(country, step("rfi_open", "under_assessment"))
    assert (waiting.status, set(waiting.questions)) == ("rfi_open", {UUID(int=81)})


def test_a_row_shows_where_the_country_stands() -> None:
    world = opened()
    world.do(decision("validated"))
    row = folded(world)[rows.CountryRow, (command("open").stream_id,)]
    assert (row.country, row.status, row.zone) == ("NL", "open", "Europe/Amsterdam")
    assert row.planned == {"submitted": date(2026, 1, 10), "open": date(2026, 4, 1)}
    assert row.achieved["authorised"] == date(2026, 2, 1)
    assert row.breaks == ("country.transition",)


@pytest.mark.parametrize("status", ["submitted", "under_assessment"])
def test_a_row_shows_until_when_a_question_is_to_be_answered(status: Any) -> None:
    world = World()
    world.do(register())
    world.do(PLAN)
    world.do(command("submitted", date(2026, 2, 1)))
    if status != "submitted":
        world.do(decision(status, date(2026, 2, 2)))
    world.do(command("rfi_open"))
    key = (rows.CountryRow, (command("open").stream_id,))
    asked = folded(world)[key]
    assert (asked.status, asked.due_on) == (
        "submitted" if status == "submitted" else "rfi_open",
        date(2026, 3, 31),
    )
    world.do(step("rfi_open", "under_assessment"))
    answered = folded(world)[key]
    assert (answered.status, answered.due_on, answered.questions) == (status, None, {})


def test_a_row_keeps_what_a_question_broke() -> None:
    world = opened()
    world.do(command("rfi_open"))
    row = folded(world)[rows.CountryRow, (command("open").stream_id,)]
    assert (row.status, row.breaks) == ("open", ("country.transition",))


def test_a_row_passes_over_what_is_not_its_own() -> None:
    (message,) = [m for m in opened().told if isinstance(m.data, TrialAuthorised)]
    row = rows.CountryRow(UUID(int=1), status="open", changed_at=message.time)
    assert rows.fold_country(row, message, (UUID(int=1),)) == row


def folded(world: World) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for message in world.told:
        for key in touched(rows.country_keys, message):
            found[rows.CountryRow, key] = rows.fold_country(found.get((rows.CountryRow, key)), message, key)
    return found


def test_a_country_that_is_halted_twice_within_a_day_is_held_both_times() -> None:
    world = World()
    world.do(register())
    select(world)
    for act in (decision("halted"), PLAN, decision("reopened"), decision("halted")):
        world.do(act)
    assert sorted(is_open for _, is_open in holds(world, DUTCH)) == [False, True]


def test_a_halt_told_again_for_another_day_is_the_same_halt() -> None:
    world = World()
    world.do(register())
    select(world)
    for word, day in (("halted", 1), ("halted", 5), ("reopened", 9)):
        world.do(decision(word, on=date(2026, 3, day)))
    assert [is_open for _, is_open in holds(world, DUTCH)] == [False]


def stopped(world: World, site_id: UUID = DUTCH) -> list[tuple[str, ...]]:
    return [hold.effects for hold in world.guard(SiteGuard, site_id).holds if hold.open]


def test_a_halt_that_stops_something_else_takes_the_place_of_the_first() -> None:
    world = opened()
    select(world)
    world.do(decision("halted", date(2026, 3, 1), effects=("collect_data",)))
    wider = decision("halted", date(2026, 3, 5), effects=("dose", "procedures"))
    (event,) = world.do(wider)  # type: ignore[misc]
    assert (event.breaks, event.after, event.replaces) == ((), "halted", date(2026, 3, 1))  # type: ignore[union-attr]
    assert stopped(world) == [("dose", "procedures")]
    late = UUID(int=91)
    select(world, late)
    assert stopped(world, late) == [("dose", "procedures")]
    assert world.do(wider) == []
    assert world.do(decision("halted", date(2026, 3, 6), effects=("procedures", "dose"))) == []
    world.do(decision("reopened", TODAY))
    assert (stopped(world), stopped(world, late)) == ([], [])


def test_an_older_letter_that_is_told_late_adds_to_a_halt_and_takes_nothing_from_it() -> None:
    world = opened()
    select(world)
    world.do(decision("halted", date(2026, 3, 5), effects=("dose", "procedures")))
    older = decision("halted", date(2026, 3, 1), effects=("collect_data",))
    world.do(older)
    assert stopped(world) == [("dose", "procedures", "collect_data")]
    assert world.do(older) == []
    assert world.do(decision("halted", date(2026, 3, 2), effects=("dose",))) == []
    world.do(decision("halted", date(2026, 3, 7), effects=("dose",)))
    assert stopped(world) == [("dose",)]


def test_a_row_shows_a_lapse_and_that_it_was_taken_back() -> None:
    world = World(now=NOW.replace(month=2))
    world.do(register())
    for act in (PLAN, command("submitted", date(2026, 1, 5)), command("rfi_open", date(2026, 2, 1))):
        world.do(act)
    key, world.now = (rows.CountryRow, (PLAN.stream_id,)), NOW
    world.wake(PLAN.stream_id)
    lapsed = folded(world)[key]
    assert (lapsed.status, lapsed.due_on, "lapsed" in lapsed.achieved) == ("lapsed", None, True)
    world.do(step("rfi_open", "under_assessment"))
    row = folded(world)[key]
    assert (row.status, row.due_on, row.questions) == ("submitted", None, {})
    assert "lapsed" not in row.achieved
    world.do(decision("authorised", date(2026, 3, 8)))
    assert [e.country for e in world.events(TrialAuthorised)] == ["NL"]


def ha_ok(world: World) -> dict[UUID, date | None]:
    told = {e.site_id: e.valid_to for e in world.events(GateEvidenceRecorded) if e.gate == "ha_ok"}
    return {site: told[site] for site in told if "ha_ok" in world.site(site).gates.open}


def test_the_end_of_a_country_ends_what_its_authority_allowed_its_sites() -> None:
    world = opened()
    select(world)
    assert ha_ok(world) == {DUTCH: None}
    world.do(command("closed", TODAY))
    late = UUID(int=91)
    select(world, late)
    assert ha_ok(world) == {}
    world.do(decision("authorised", TODAY))
    assert ha_ok(world) == {}


steps = st.one_of(
    st.sampled_from(["submitted", "open", "closed", "rfi_open"]).map(command),  # type: ignore[arg-type]
    st.sampled_from(
        ["validated", "invalid", "lapsed", "under_assessment", "authorised", "refused", "halted", "reopened"]
    ).map(decision),
    st.builds(
        decision,
        st.just("halted"),
        st.dates(date(2026, 3, 1), date(2026, 3, 3)),
        effects=st.sampled_from([(), ("dose",), ("dose", "procedures")]),
    ),
    st.just(PLAN),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, max_size=12))
def test_no_report_is_refused_and_what_was_done_is_done_once(history: list[Any]) -> None:
    world = World()
    world.do(register())
    select(world)
    for act in history:
        decided = world.do(act)
        assert not (act.report and isinstance(decided, Refusal))
        if not isinstance(decided, Refusal):
            assert world.decide(act) == []
    halted = world.states[PLAN.stream_id][1].halted_on if PLAN.stream_id in world.states else None
    assert sum(is_open for _, is_open in holds(world, DUTCH)) == (halted is not None)
