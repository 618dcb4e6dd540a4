"""Monitoring visits: what they begin with, what they break, what time makes of them."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.trials.commands.monitoring import (
    AskForVisit,
    CompleteActionItem,
    RescheduleVisit,
    ScheduleVisit,
    SubmitVisitReport,
)
from services.trials.handlers import SERVICE
from shared.contracts.message import Refusal
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.monitoring import (
    ActionItemOverdue,
    VisitReportApproved,
    VisitReportReturned,
    VisitScheduled,
    VisitStatusChanged,
)
from shared.contracts.trials.site import SiteIdentified
from shared.rules.dates import start_of_day
from tests.unit.trials.monitoring_world import (
    APPROVE,
    AT,
    BARE,
    CONDUCT,
    DAY,
    ITEM,
    LEAD,
    MONITOR,
    REPORT,
    SCHEDULE,
    TODAY,
    VISIT,
    Whole,
    running,
)
from tests.unit.trials.test_monitoring_visit_states import CANCEL, DONE, LATER, RETURN, in_state
from tests.unit.trials.trials_world import NOW, SITE, TRIAL

PRE_STUDY = SCHEDULE.model_copy(update={"kind": "pre_study"})


def only_identified() -> Whole:
    world = Whole()
    identified = SiteIdentified(trial_id=TRIAL, site_id=SITE, name="A site", basis="sponsor")
    world.tell(SITE, SERVICE.aggregate_of["site"], [identified])
    return world


def test_a_visit_is_planned_for_a_local_day_of_its_site() -> None:
    assert running().do(SCHEDULE) == [
        VisitScheduled(**AT, kind="interim", planned_on=SCHEDULE.planned_on, zone="America/New_York"),
        VisitStatusChanged(**AT, before=None, after="scheduled"),
    ]


@pytest.mark.parametrize(
    ("world", "fields", "rule"),
    [
        (running, {"site_id": UUID(int=77)}, "site.unknown"),
        (running, {"trial_id": UUID(int=77)}, "site.other_trial"),
        (running, {"planned_on": TODAY - DAY}, "visit.planned_in_past"),
        (only_identified, {}, "site.not_active"),
        (only_identified, {"kind": "close_out"}, "site.not_active"),
        (only_identified, {"kind": "targeted"}, "site.not_active"),
    ],
)
def test_a_visit_is_planned_only_where_it_makes_sense(world: Any, fields: dict[str, Any], rule: str) -> None:
    refusal = world().do(SCHEDULE.model_copy(update=fields))
    assert refusal.rule == rule


@pytest.mark.parametrize("kind", ["pre_study", "initiation", "remote"])
def test_what_comes_before_the_activation_is_planned_before_it(kind: str) -> None:
    scheduled, _ = only_identified().do(SCHEDULE.model_copy(update={"kind": kind}))
    assert scheduled.zone == "UTC"


def test_what_was_planned_is_not_planned_again() -> None:
    world = in_state("scheduled")
    assert world.do(SCHEDULE) == []
    assert world.do(SCHEDULE.model_copy(update={"kind": "remote"})).rule == "visit.known"
    assert world.do(LATER.model_copy(update={"planned_on": SCHEDULE.planned_on})) == []


def test_a_visit_belongs_to_its_site() -> None:
    world = in_state("scheduled")
    assert world.do(CANCEL.model_copy(update={"site_id": UUID(int=77)})).rule == "visit.other_site"
    assert running().do(CANCEL).rule == "visit.unknown"


def test_what_is_done_is_not_done_again() -> None:
    for state, command, actor in (
        ("cancelled", CANCEL, LEAD),
        ("awaiting_report", CONDUCT, MONITOR),
        ("report_pending_review", REPORT, MONITOR),
        ("follow_up", APPROVE, LEAD),
    ):
        assert in_state(state).do(command, actor) == []  # type: ignore[arg-type]
    world = in_state("follow_up")
    world.do(DONE)
    assert world.do(DONE) == []


def test_a_visit_that_nobody_planned_is_as_good_as_one_that_was() -> None:
    conducted, status = running().do(CONDUCT, MONITOR)
    assert (conducted.breaks, status.after) == (("visit.not_scheduled",), "awaiting_report")


@pytest.mark.parametrize(
    ("world", "fields", "breaks"),
    [
        (running, {"conducted_on": TODAY + 2 * DAY}, ("visit.not_scheduled", "visit.in_future")),
        (running, {"site_id": UUID(int=77)}, ("visit.not_scheduled", "site.unknown")),
        (only_identified, {}, ("visit.not_scheduled", "site.not_active")),
        (lambda: in_state("scheduled"), {"trial_id": UUID(int=77)}, ("visit.other_site", "site.other_trial")),
    ],
)
def test_a_visit_that_breaks_a_rule_is_kept_and_is_a_deviation(
    world: Any, fields: dict[str, Any], breaks: tuple[str, ...]
) -> None:
    conducted, deviation, _ = world().do(CONDUCT.model_copy(update=fields), MONITOR)
    assert (conducted.breaks, deviation.rules) == (breaks, tuple(b for b in breaks if "scheduled" not in b))


def test_a_second_differing_report_changes_nothing_and_is_one_deviation() -> None:
    world = in_state("complete")
    other = CONDUCT.model_copy(update={"conducted_on": TODAY - DAY})
    (deviation,) = world.do(other, MONITOR)
    assert deviation.rules == ("visit.contradicted",)
    assert world.do(other, MONITOR) == []
    assert world.states[VISIT][1].conducted_on == TODAY


def test_a_visit_is_overdue_when_its_day_is_over_at_the_site() -> None:
    world = in_state("scheduled")
    assert world.wakes_at(VISIT) == start_of_day(SCHEDULE.planned_on + DAY, "America/New_York")
    world.now = world.wakes_at(VISIT) - DAY / 1440
    assert world.wake(VISIT) == []
    world.now = world.wakes_at(VISIT)
    assert world.wake(VISIT) == [VisitStatusChanged(**AT, before="scheduled", after="overdue")]
    assert (world.wake(VISIT), world.wakes_at(VISIT)) == ([], None)


def test_time_makes_nothing_of_a_visit_that_never_began() -> None:
    aggregate = SERVICE.aggregate_of["monitoring_visit"]
    world = running()
    world.states[VISIT] = (aggregate, aggregate.initial)
    assert (world.wake(VISIT), world.wakes_at(VISIT)) == ([], None)


def test_a_report_that_was_sent_back_makes_room_for_another() -> None:
    world = in_state("report_pending_review")
    returned, status = world.do(RETURN, LEAD)
    assert returned == VisitReportReturned(**AT, reason="incomplete", returned_by="l-1")
    assert status.after == "awaiting_report"
    world.do(BARE, MONITOR)
    assert world.do(APPROVE, LEAD)[0].findings == ()


def test_the_signed_report_has_all_that_holds_from_then_on() -> None:
    world = in_state("report_pending_review")
    told, _ = world.do(APPROVE, LEAD)
    assert told == VisitReportApproved(
        **REPORT.model_dump(exclude={"report"}),
        kind="interim",
        conducted_on=TODAY,
        submitted_by="m-1",
        approved_by="l-1",
    )


def test_an_action_item_that_is_late_is_told_once_and_may_still_be_done() -> None:
    world = in_state("follow_up")
    world.now = world.wakes_at(VISIT)
    assert world.now == start_of_day(TODAY + 2 * DAY, "America/New_York")
    assert world.wake(VISIT) == [ActionItemOverdue(**AT, item_id=ITEM, due_on=TODAY + DAY)]
    assert (world.wake(VISIT), world.wakes_at(VISIT)) == ([], None)
    _, status = world.do(DONE)
    assert status == VisitStatusChanged(**AT, before="follow_up", after="complete")


def test_an_action_item_is_one_of_its_visit() -> None:
    other = CompleteActionItem(**AT, item_id=UUID(int=77), completed_on=TODAY)
    assert in_state("follow_up").do(other).rule == "action_item.unknown"


def test_what_a_breach_asks_for_is_there_once_and_never_refused() -> None:
    world = only_identified()
    ask = AskForVisit(**AT, kind="targeted", planned_on=TODAY - DAY, cause=UUID(int=9), kri="deviation_rate")
    scheduled, status = world.do(ask)
    assert (scheduled.kri, status.after) == ("deviation_rate", "overdue")
    assert world.do(ask.model_copy(update={"planned_on": TODAY})) == []


@pytest.mark.parametrize(
    ("model", "fields", "reason"),
    [
        (RescheduleVisit, {"planned_on": TODAY, "reason": "x" * 65}, "reason"),
        (ScheduleVisit, {"kind": "party", "planned_on": TODAY}, "kind"),
        (ScheduleVisit, {"kind": "interim", "planned_on": date(1800, 1, 1)}, "planned_on"),
        (SubmitVisitReport, {"document_ref": "a name with spaces"}, "document_ref"),
        (SubmitVisitReport, {"document_ref": "d", "sha256": "abc"}, "sha256"),
        (SubmitVisitReport, {"document_ref": "d", "sdv": {"forms_verified": -1}}, "forms_verified"),
        (
            SubmitVisitReport,
            {
                "document_ref": "d",
                "findings": [{"finding_id": ITEM, "category": "c", "severity": "minor"}] * 2,
            },
            "findings: two have the same finding_id",
        ),
        (
            SubmitVisitReport,
            {
                "document_ref": "d",
                "action_items": [{"item_id": ITEM, "code": "c", "owner": "o", "due_on": TODAY}] * 2,
            },
            "action_items: two have the same item_id",
        ),
        (
            SubmitVisitReport,
            {
                "document_ref": "d",
                "action_items": [{"code": "c", "owner": "o", "due_on": TODAY, "finding_id": ITEM}],
            },
            "finding_id names no finding",
        ),
        (
            SubmitVisitReport,
            {"document_ref": "d", "action_items": [{"code": "c", "owner": "Ada Lovelace", "due_on": TODAY}]},
            "owner",
        ),
    ],
)
def test_bad_input_names_the_field(model: Any, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        model(**AT, **fields)


def test_a_command_is_decided_on_its_visits_stream() -> None:
    assert SCHEDULE.stream_id == VISIT
    assert NOW.date() == TODAY
    assert not isinstance(in_state("scheduled").do(LATER), Refusal)
    assert not running().events(DeviationReported)
