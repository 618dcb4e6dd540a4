"""Budgets: versions that never reach back, milestones that are due once, and the sponsor's own plan."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.commands.budget import Line, ReachMilestone, ReportCost
from services.trials.domain import budget, trial_budget
from services.trials.projections.budgets import Payable, SiteBudget, TrialBudget
from services.trials.reactions import budget as reaction
from services.trials.rules.budget import OF_AN_ITEM, PAYS_ON
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.budget import (
    CostReported,
    PaymentMilestoneReached,
    PaymentMilestoneUnpriced,
    SiteBudgetAgreed,
    TrialBudgetAgreed,
)
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.site_steps import SiteClosed
from shared.contracts.trials.subject import SubjectStatus, SubjectStatusChanged
from tests.unit.trials.money import (
    ENROLMENT,
    JANUARY,
    SCREEN_FAILURE,
    START_UP,
    TODAY,
    VISIT_2,
    agree,
    made,
    plan,
    visit,
)
from tests.unit.trials.test_trials_chain import activate, enrol, gates_open, selected
from tests.unit.trials.test_trials_properties import folded
from tests.unit.trials.trials_world import NOW, SITE, SUBJECT, TRIAL, World, recorded

DAY = timedelta(days=1)


def due(world: World) -> list[tuple[str, int, int, str]]:
    told = world.events(PaymentMilestoneReached)
    return [(one.line, one.version, one.amount_minor, one.currency) for one in told]


def lines_due(world: World) -> set[str]:
    return {key[3] for kind, key in folded(world.told) if kind is Payable}


def refused(decision: Any) -> tuple[str, str | None]:
    assert isinstance(decision, Refusal)
    return decision.rule, decision.field


def test_an_enrolment_makes_its_line_due_once_by_the_budget_in_force(running: World) -> None:
    running.do(agree(ENROLMENT))
    running.do(enrol())
    assert due(running) == [("V1", 1, 90_000, "USD")]
    (told,) = running.events(PaymentMilestoneReached)
    assert (told.milestone, told.reached_on, told.subject_id) == ("subject_enrolled", TODAY, SUBJECT)


def test_the_same_cause_is_never_due_twice(world: World) -> None:
    selected(world)
    world.do(agree())
    world.do(visit())
    assert world.do(visit()) == []
    assert due(world) == [("V2", 1, 90_000, "USD")]


def test_a_milestone_before_any_budget_waits_for_the_first_that_covers_its_day(world: World) -> None:
    gates_open(world)
    world.do(activate())
    world.do(enrol())
    assert [one.milestone for one in world.events(PaymentMilestoneUnpriced)] == [
        "site_activated",
        "subject_enrolled",
    ]
    assert lines_due(world) == {""}
    agreed, *waited = made(world, agree(START_UP, ENROLMENT))
    assert isinstance(agreed, SiteBudgetAgreed)
    assert [one.line for one in waited] == ["START", "V1"]
    assert lines_due(world) == {"START", "V1"}


def test_what_is_agreed_from_a_later_day_on_pays_nothing_that_was_before(running: World) -> None:
    running.do(enrol())
    (agreed,) = made(running, agree(ENROLMENT, start=TODAY + DAY))
    assert agreed.effective_from == TODAY + DAY
    running.do(enrol(TODAY + DAY, UUID(int=4), "S-002"))
    assert due(running) == [("V1", 1, 90_000, "USD")]


def test_a_unit_is_paid_by_the_version_in_force_on_its_day(world: World) -> None:
    selected(world)
    world.do(agree())
    world.do(agree(VISIT_2 | {"amount_minor": 95_000}, start=TODAY))
    world.do(visit(70, TODAY - DAY))
    world.do(visit(71, TODAY))
    assert due(world) == [("V2", 1, 90_000, "USD"), ("V2", 2, 95_000, "USD")]


def test_a_version_comes_after_the_one_before_it(world: World) -> None:
    selected(world)
    world.do(agree())
    assert refused(world.do(agree(START_UP))) == ("budget.overlap", "effective_from")


def test_a_version_never_reaches_back_past_what_is_priced(world: World) -> None:
    selected(world)
    world.do(agree())
    world.do(visit())
    refusal = world.do(agree(START_UP, start=TODAY))
    assert refusal == Refusal(
        "budget.priced", f"a milestone of {TODAY} is priced by version 1", "version 1", "effective_from"
    )
    assert not isinstance(world.do(agree(START_UP, start=TODAY + DAY)), Refusal)


def test_a_budget_agreed_again_changes_nothing(world: World) -> None:
    selected(world)
    world.do(agree())
    assert world.do(agree()) == []


def test_a_budget_is_for_a_site_of_the_trial(world: World) -> None:
    assert refused(world.do(agree())) == ("site.unknown", "site_id")
    selected(world)
    other = agree().model_copy(update={"trial_id": UUID(int=99)})
    assert refused(world.do(other)) == ("site.other_trial", "trial_id")


def test_what_happens_and_no_line_pays_is_due_nowhere(running: World) -> None:
    running.do(agree(VISIT_2))
    running.do(enrol())
    assert not due(running)
    assert "subject_enrolled" not in {one.milestone for one in running.events(PaymentMilestoneUnpriced)}


def test_a_visit_that_somebody_reports_is_kept_until_a_line_pays_it(world: World) -> None:
    selected(world)
    world.do(agree(START_UP))
    (kept,) = made(world, visit())
    assert isinstance(kept, PaymentMilestoneUnpriced)
    assert world.do(visit()) == []
    world.do(agree(VISIT_2, start=TODAY - DAY))
    assert due(world) == [("V2", 2, 90_000, "USD")]


def test_a_version_that_has_not_begun_is_replaced(world: World) -> None:
    selected(world)
    world.do(agree(VISIT_2, start=TODAY + 30 * DAY))
    assert not isinstance(world.do(agree(VISIT_2 | {"amount_minor": 1}, start=TODAY)), Refusal)
    world.do(visit())
    world.do(visit(71, TODAY + 30 * DAY))
    assert [amount for _, _, amount, _ in due(world)] == [1, 1]


def test_a_day_told_wrongly_keeps_no_later_version_out(world: World) -> None:
    selected(world)
    world.do(agree())
    world.do(visit(on=TODAY + 9_000 * DAY))
    assert not isinstance(world.do(agree(START_UP, start=TODAY)), Refusal)


def test_a_milestone_of_a_day_to_come_is_kept_and_marked(world: World) -> None:
    selected(world)
    world.do(agree())
    told, deviation = made(world, visit(on=TODAY + 2 * DAY))
    assert told.breaks == deviation.rules == ("payment.in_future",)
    assert isinstance(deviation, DeviationReported)
    assert deviation.category == "payment"


@pytest.mark.parametrize(
    ("after", "milestone"),
    [("screening", "subject_screened"), ("ineligible", "screen_failed"), ("eligible", None)],
)
def test_a_subject_screened_or_failed_is_a_milestone(after: SubjectStatus, milestone: str | None) -> None:
    ids: Any = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT}
    moved = SubjectStatusChanged(**ids, before="candidate", after=after, changed_on=TODAY)
    message = recorded(moved, SUBJECT)
    made = reaction.react(message, Facts())
    assert [(one.milestone, one.cause) for one in made if isinstance(one, ReachMilestone)] == (
        [(milestone, message.id)] if milestone else []
    )


def test_a_site_that_closes_is_a_milestone_of_that_day() -> None:
    closed = SiteClosed(
        trial_id=TRIAL,
        site_id=SITE,
        visited_on=TODAY - 9 * DAY,
        report_ref="etmf:cov",
        ip_reconciled_on=TODAY - 5 * DAY,
        documents_filed_on=TODAY - 4 * DAY,
        closed_on=TODAY - DAY,
    )
    (made,) = reaction.react(recorded(closed, SITE), Facts())
    assert isinstance(made, ReachMilestone)
    assert (made.milestone, made.reached_on, made.subject_id) == ("site_closed", TODAY - DAY, None)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"unit": "pass_through"}, "no milestone"),
        ({"due_on": "screen_failed"}, "subject_screened, subject_enrolled, visit_done"),
        ({"item": "VISIT 1"}, "item"),
        ({"due_on": "visit_done"}, "item"),
        ({"amount_minor": 0}, "greater than or equal to 1"),
        ({"planned": 0}, "greater than or equal to 1"),
        ({"currency": "dollars"}, "pattern"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_field(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Line(**ENROLMENT | wrong)


def test_a_code_stands_once_in_a_budget() -> None:
    with pytest.raises(ValidationError, match="each code once"):
        agree(ENROLMENT, ENROLMENT)


def test_every_milestone_pays_for_one_unit_alone() -> None:
    named = [milestone for milestones in PAYS_ON.values() for milestone in milestones]
    assert len(named) == len(set(named))
    assert set(named) >= OF_AN_ITEM


amounts = st.integers(1, 10**12)


@given(
    st.lists(st.tuples(st.sampled_from(["USD", "EUR", "JPY"]), amounts), min_size=1, max_size=6),
    st.integers(1, 5),
)
def test_what_is_due_is_the_sum_of_the_lines_in_each_currency(
    priced: list[tuple[str, int]], visits: int
) -> None:
    world = World()
    selected(world)
    world.do(
        agree(
            *(
                VISIT_2 | {"code": f"L{n}", "currency": c, "amount_minor": a}
                for n, (c, a) in enumerate(priced)
            )
        )
    )
    for n in range(visits):
        world.do(visit(700 + n))
        world.do(visit(700 + n))
    rows = [row for (kind, _), row in folded(world.told).items() if kind is Payable]
    for currency in ("USD", "EUR", "JPY"):
        owed = sum(row.amount_minor for row in rows if row.currency == currency)
        assert owed == visits * sum(amount for of, amount in priced if of == currency)


def test_the_row_of_a_site_has_the_version_agreed_last(world: World) -> None:
    selected(world)
    world.do(agree())
    world.do(agree(SCREEN_FAILURE, start=TODAY, document_ref="contract-2"))
    row = folded(world.told)[SiteBudget, (SITE,)]
    assert (row.version, row.effective_from, [one.code for one in row.lines]) == (2, TODAY, ["SF"])
    assert (row.document_ref, row.agreed_by) == ("contract-2", "test")


def cost(n: int = 80, category: str = "monitoring", currency: str = "USD", **more: Any) -> ReportCost:
    said: dict[str, Any] = {
        "category": category,
        "currency": currency,
        "amount_minor": 1_000,
        "incurred_on": TODAY,
    }
    return ReportCost(trial_id=TRIAL, cost_id=UUID(int=n), **said | more)


def test_the_sponsors_budget_is_compared_with_costs_by_category_and_currency(world: World) -> None:
    world.do(plan(("monitoring", 500_000, "USD"), ("site_payments", 900_000, "USD")))
    for told in (cost(80), cost(80), cost(81), cost(82, currency="EUR"), cost(83, "safety")):
        world.do(told)
    (row,) = (row for (kind, _), row in folded(world.told).items() if kind is TrialBudget)
    assert (row.version, row.effective_from, len(row.lines)) == (1, JANUARY, 2)
    assert row.spent == {"monitoring": {"USD": 2_000, "EUR": 1_000}, "safety": {"USD": 1_000}}


def test_the_sponsors_next_budget_comes_later(world: World) -> None:
    first = plan(("monitoring", 500_000, "USD"))
    world.do(first)
    assert world.do(first) == []
    assert refused(world.do(plan(("safety", 1, "USD")))) == ("budget.overlap", "effective_from")
    (second,) = made(world, plan(("safety", 1, "USD"), start=TODAY))
    assert isinstance(second, TrialBudgetAgreed)
    assert second.version == 2


def test_the_sponsors_budget_that_has_not_begun_is_replaced(world: World) -> None:
    world.do(plan(("monitoring", 1, "USD"), start=TODAY + 30 * DAY))
    assert not isinstance(world.do(plan(("monitoring", 2, "USD"))), Refusal)


def test_a_category_stands_once_in_a_currency() -> None:
    plan(("safety", 1, "USD"), ("safety", 1, "EUR"))
    with pytest.raises(ValidationError, match="each category once"):
        plan(("safety", 1, "USD"), ("safety", 2, "USD"))


def test_a_cost_of_a_day_to_come_is_kept_and_marked(world: World) -> None:
    told, deviation = made(world, cost(incurred_on=TODAY + 2 * DAY))
    assert isinstance(told, CostReported)
    assert told.breaks == deviation.rules == ("cost.in_future",)


def test_site_payments_are_no_cost_that_anyone_reports() -> None:
    with pytest.raises(ValidationError, match="category"):
        cost(category="site_payments")


def test_time_alone_makes_nothing_due() -> None:
    assert budget.decide(budget.Budget(), Wake(stream=SITE), Facts(), NOW) == []
    assert trial_budget.decide(trial_budget.TrialBudget(), Wake(stream=SITE), Facts(), NOW) == []


def test_an_event_about_something_else_changes_no_trial_budget() -> None:
    from services.trials.projections import budgets

    known = TrialBudget(UUID(int=5), TRIAL)
    unpriced = PaymentMilestoneUnpriced(
        trial_id=TRIAL, site_id=SITE, milestone="site_activated", reached_on=TODAY, cause=UUID(int=6)
    )
    assert budgets.fold_trial_budget(known, recorded(unpriced, SITE), (UUID(int=5),)) == known
