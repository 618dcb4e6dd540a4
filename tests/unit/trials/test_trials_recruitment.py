"""Campaigns with what they cost, support that sites ask for, and the risk that a subject leaves."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.commands.recruitment import (
    AnswerSupport,
    AssessRetentionRisk,
    CloseSupport,
    EndCampaign,
    GivenMoney,
    PlanCampaign,
    RecordCampaignResults,
    RequestSupport,
    StartCampaign,
)
from services.trials.domain import campaign, retention_risk, support
from services.trials.projections.guards import SiteGuard, TrialGuard
from services.trials.projections.recruitment import (
    CampaignRow,
    RetentionRiskRow,
    SupportRow,
    campaign_keys,
    fold_campaign,
    fold_retention_risk,
    fold_support,
    retention_risk_keys,
    support_keys,
)
from services.trials.rules.recruitment import FACTORS, level_of
from shared.contracts.message import Command, Event, Facts, Refusal, Wake
from shared.contracts.trials.recruitment import CampaignResultsRecorded, RetentionRiskAssessed, SupportOverdue
from tests.support.touched import touched
from tests.unit.trials.trials_world import NOW, SITE, SUBJECT, TRIAL, recorded

TODAY = NOW.date()
DAY = timedelta(days=1)
ID = UUID(int=50)
OF: dict[str, Any] = {"campaign_id": ID, "trial_id": TRIAL}
PLAN = PlanCampaign(
    **OF,
    name="spring",
    channel="search",
    budget=GivenMoney(amount=100_000, currency="EUR"),
    countries=("DE",),
    begins_on=TODAY,
    ends_on=TODAY + 30 * DAY,
)
START = StartCampaign(**OF, started_on=TODAY, materials_ref="ad-1", approval="IRB-7")
END = EndCampaign(**OF, ended_on=TODAY + DAY, reason="target_reached")
AT_SITE: dict[str, Any] = {"request_id": ID, "trial_id": TRIAL, "site_id": SITE}
ASK = RequestSupport(**AT_SITE, kind="travel", requested_on=TODAY, needed_by=TODAY + DAY)
YES = AnswerSupport(**AT_SITE, accepted=True, answered_on=TODAY)
GIVEN = CloseSupport(**AT_SITE, outcome="given", closed_on=TODAY)
HERE = Facts(TrialGuard(TRIAL, "active"), SiteGuard(SITE, TRIAL, zone="America/New_York"))


def results(**more: Any) -> RecordCampaignResults:
    counts = {"referrals": 40, "screened": 20, "consented": 10, "enrolled": 4} | more
    spend = GivenMoney(amount=counts.pop("amount", 80_000), currency=counts.pop("currency", "EUR"))
    day = counts.pop("as_of", TODAY + DAY)
    return RecordCampaignResults(**OF, as_of=day, spend=spend, **counts)


def after(module: Any, initial: Any, *commands: Command, facts: Facts = HERE) -> tuple[Any, list[Event]]:
    """The state and the events once these were decided."""
    state, events = initial, list[Event]()
    for command in commands:
        found = module.decide(state, command, facts, NOW)
        assert not isinstance(found, Refusal), found
        for event in found:
            state = module.evolve(state, event)
        events += found
    return state, events


def rule(module: Any, state: Any, command: Command, facts: Facts = HERE) -> str:
    found = module.decide(state, command, facts, NOW)
    assert isinstance(found, Refusal)
    return found.rule


def running(*commands: Command) -> campaign.Campaign:
    state: campaign.Campaign = after(campaign, campaign.Campaign(), PLAN, START, *commands)[0]
    return state


def test_a_campaign_is_planned_started_counted_and_ended_each_once() -> None:
    steps: tuple[Command, ...] = (PLAN, START, results(), END)
    state, events = after(campaign, campaign.Campaign(), *steps)
    assert len(events) == 4
    for step in steps:
        assert campaign.decide(state, step, HERE, NOW) == [], step  # type: ignore[arg-type]
    assert campaign.decide(state, Wake(stream=ID), HERE, NOW) == []
    assert [need.row for need in PLAN.needs()] == [TrialGuard]
    assert {step.stream_id for step in steps} == {ID}


def test_a_campaign_starts_with_materials_that_a_board_approved() -> None:
    planned, _ = after(campaign, campaign.Campaign(), PLAN)
    missing = START.model_copy(update={"approval": None})
    assert rule(campaign, planned, missing) == "campaign.materials_not_approved"
    early = START.model_copy(update={"started_on": TODAY - DAY})
    assert rule(campaign, planned, early) == "campaign.too_early"


@pytest.mark.parametrize(
    ("state", "command", "broken"),
    [
        (campaign.Campaign(), START, "campaign.transition"),
        (after(campaign, campaign.Campaign(), PLAN, END)[0], START, "campaign.transition"),
        (campaign.Campaign(), END, "campaign.unknown"),
        (running(), PLAN.model_copy(update={"name": "other"}), "campaign.already_planned"),
        (running(), END.model_copy(update={"ended_on": TODAY - DAY}), "campaign.ends_before_it_begins"),
    ],
)
def test_a_step_out_of_turn_is_refused(state: Any, command: Command, broken: str) -> None:
    assert rule(campaign, state, command) == broken


def test_a_planned_campaign_may_end_before_it_began_and_a_finished_trial_begins_none() -> None:
    planned, _ = after(campaign, campaign.Campaign(), PLAN)
    assert isinstance(campaign.decide(planned, END, HERE, NOW), list)
    over = Facts(TrialGuard(TRIAL, "completed"))
    assert rule(campaign, campaign.Campaign(), PLAN, over) == "trial.finished"
    assert rule(campaign, planned, START, over) == "trial.finished"


@pytest.mark.parametrize(
    ("state", "told", "broken"),
    [
        (running(), results(), ()),
        (campaign.Campaign(), results(), ("campaign.not_started",)),
        (running(), results(as_of=TODAY - DAY), ("campaign.not_started",)),
        (running(), results(currency="USD"), ("campaign.other_currency",)),
        (running(), results(amount=100_001), ("campaign.over_budget",)),
        (running(results()), results(referrals=39), ("campaign.totals_fell",)),
        (running(results()), results(amount=79_999), ("campaign.totals_fell",)),
        (running(results()), results(as_of=TODAY, referrals=39), ()),
        (running(), results(referrals=3), ("campaign.more_than_referred",)),
    ],
)
def test_results_that_break_a_rule_are_kept_and_marked(
    state: campaign.Campaign, told: RecordCampaignResults, broken: tuple[str, ...]
) -> None:
    (event,) = campaign.decide(state, told, HERE, NOW)  # type: ignore[misc]
    assert isinstance(event, CampaignResultsRecorded)
    assert event.breaks == broken


def test_the_row_of_a_campaign_tells_its_latest_totals() -> None:
    row = CampaignRow(ID)
    for event in after(campaign, campaign.Campaign(), PLAN, START, results(), END)[1]:
        message = recorded(event, ID)
        assert (touched(campaign_keys, message), touched(support_keys, message)) == (((ID,),), ())
        row = fold_campaign(row, message, (ID,))
    assert (row.status, row.budget, row.spend, row.enrolled) == ("ended", 100_000, 80_000, 4)
    unplanned = after(campaign, campaign.Campaign(), results())[1][0]
    assert fold_campaign(None, recorded(unplanned, ID), (ID,)).trial_id == TRIAL


def test_a_site_gets_the_support_that_it_asks_for() -> None:
    steps: tuple[Command, ...] = (ASK, YES, GIVEN)
    state, events = after(support, support.Support(), *steps)
    assert [event.type for event in events] == [
        "trials.support.requested.v1",
        "trials.support.answered.v1",
        "trials.support.closed.v1",
    ]
    assert state.status == "closed"
    for step in steps:
        assert support.decide(state, step, HERE, NOW) == [], step  # type: ignore[arg-type]
    assert support.wake_at(state) is None
    assert [need.row for need in ASK.needs()] == [SiteGuard]
    assert {step.stream_id for step in steps} == {ID}


@pytest.mark.parametrize(
    ("before", "command", "broken"),
    [
        ((), YES, "support.transition"),
        ((ASK, YES, GIVEN), YES.model_copy(update={"answered_on": TODAY + DAY}), "support.transition"),
        ((ASK,), YES.model_copy(update={"answered_on": TODAY - DAY}), "support.answered_before_asked"),
        ((), GIVEN, "support.unknown"),
        ((ASK,), GIVEN, "support.transition"),
        ((ASK, YES), GIVEN.model_copy(update={"closed_on": TODAY - DAY}), "support.closed_before_asked"),
        ((ASK,), ASK.model_copy(update={"kind": "training"}), "support.already_requested"),
    ],
)
def test_support_out_of_turn_is_refused(before: tuple[Command, ...], command: Command, broken: str) -> None:
    assert rule(support, after(support, support.Support(), *before)[0], command) == broken


def test_support_is_asked_for_at_a_site_of_the_trial() -> None:
    assert rule(support, support.Support(), ASK, Facts()) == "site.other_trial"
    assert rule(support, support.Support(), ASK, Facts(SiteGuard(SITE, ID))) == "site.other_trial"
    moved = Facts(SiteGuard(SITE, TRIAL, zone="Europe/Berlin"))
    assert support.decide(after(support, support.Support(), ASK)[0], ASK, moved, NOW) == []


def test_support_that_did_not_come_in_time_is_overdue_once() -> None:
    state, _ = after(support, support.Support(), ASK)
    due = support.wake_at(state)
    assert due == datetime(2026, 3, 12, 4, tzinfo=UTC)  # midnight in New York, summer time
    wake = Wake(stream=ID)
    assert support.decide(state, wake, HERE, due - timedelta(seconds=1)) == []
    (event,) = support.decide(state, wake, HERE, due)  # type: ignore[misc]
    assert isinstance(event, SupportOverdue)
    state = support.evolve(state, event)
    assert support.decide(state, wake, HERE, due) == []
    declined = AnswerSupport(**AT_SITE, accepted=False, reason="no_budget", answered_on=TODAY)
    assert support.wake_at(after(support, support.Support(), ASK, declined)[0]) is None
    assert support.wake_at(support.Support()) is None


def test_the_row_of_a_request_tells_where_it_stands() -> None:
    declined = AnswerSupport(**AT_SITE, accepted=False, reason="no_budget", answered_on=TODAY)
    withdrawn = CloseSupport(**AT_SITE, outcome="withdrawn", closed_on=TODAY)
    told = after(support, support.Support(), ASK, declined, withdrawn)[1]
    told.insert(1, SupportOverdue(**AT_SITE, needed_by=TODAY))
    row, seen = SupportRow(ID), []
    for event in told:
        row = fold_support(row, recorded(event, ID), (ID,))
        seen.append(row.status)
    assert seen == ["requested", "requested", "declined", "closed"]
    assert (row.overdue, row.reason, row.outcome) == (True, "no_budget", "withdrawn")
    assert fold_support(None, recorded(told[1], ID), (ID,)).site_id == SITE
    accepted = after(support, support.Support(), ASK, YES)[1][-1]
    assert fold_support(row, recorded(accepted, ID), (ID,)).status == "accepted"


@given(st.sets(st.sampled_from(sorted(FACTORS))))
def test_a_risk_is_the_sum_of_its_factors(factors: set[str]) -> None:
    ids: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT}
    assess = AssessRetentionRisk(**ids, assessed_on=TODAY, factors=tuple(factors), action="call")
    risk = retention_risk.RetentionRisk()
    (event,) = retention_risk.decide(risk, assess, HERE, NOW)
    assert isinstance(event, RetentionRiskAssessed)
    assert event.score == sum(FACTORS[code] for code in factors)
    assert event.level == level_of(event.score)
    assert retention_risk.decide(retention_risk.evolve(risk, event), assess, HERE, NOW) == []
    assert retention_risk.decide(risk, Wake(stream=assess.stream_id), HERE, NOW) == []
    message = recorded(event, assess.stream_id)
    risk_row = (TRIAL, SITE, SUBJECT)
    assert (touched(retention_risk_keys, message), touched(campaign_keys, message)) == ((risk_row,), ())
    assert touched(retention_risk_keys, recorded(after(support, support.Support(), ASK)[1][0], ID)) == ()
    row = fold_retention_risk(None, message, risk_row)
    assert row == RetentionRiskRow(
        TRIAL, SITE, SUBJECT, TODAY, event.factors, event.score, event.level, "call"
    )


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        (PLAN, {"ends_on": TODAY - DAY}),
        (PLAN, {"countries": ()}),
        (PLAN, {"budget": {"amount": -1, "currency": "EUR"}}),
        (PLAN, {"budget": {"amount": 1, "currency": "euro"}}),
        (ASK, {"needed_by": TODAY - DAY}),
        (YES, {"accepted": False}),
        (YES, {"answered_on": date(1850, 1, 1)}),
    ],
)
def test_a_command_that_means_nothing_is_none(command: Command, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        type(command).model_validate(command.model_dump() | wrong)


@pytest.mark.parametrize("factors", [("bad_weather",), ("relocation", "relocation")])
def test_a_risk_names_known_factors_once(factors: tuple[str, ...]) -> None:
    ids: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT}
    with pytest.raises(ValidationError):
        AssessRetentionRisk(**ids, assessed_on=TODAY, factors=factors)
