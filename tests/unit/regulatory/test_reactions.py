"""From a case to met deadlines, and from a selected site to its approval, in whatever order topics come."""

from datetime import date
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4, uuid5

from services.regulatory import deadlines
from services.regulatory.commands import (
    DetermineReview,
    FileSafetyReport,
    RecordAcknowledgement,
    SubmitReview,
)
from services.regulatory.projections import ReportRow
from shared.contracts.deadline import Clock, DeadlineArmed, Obligation
from shared.contracts.message import Command, Recorded, Refusal
from shared.contracts.regulatory import IrbApprovalActivated, IrbApprovalRenewed, IrbReviewOpened
from shared.contracts.safety import AdverseEventCorrected, CaseNotReportable, CaseOpened, CaseReportable
from shared.contracts.trials.site import SiteSelected
from shared.contracts.trials.trial import TrialRegistered
from shared.rules.deadlines import DeadlineRow, clock_deadline_id
from shared.rules.packs import pack
from tests.unit.regulatory.flow import Flow, recorded

TRIAL, SITE, SUBJECT, CASE = (uuid5(UUID(int=0), name) for name in ("trial", "site", "subject", "case"))
ZONE = "America/New_York"
RECEIVED = date(2026, 3, 2)
DETERMINED = date(2026, 3, 4)
IND: Any = pack("us_ind")
FATAL: Any = {"serious": True, "unexpected": True, "suspected": True, "fatal_or_life_threatening": True}


def anchors(received: date = RECEIVED) -> Any:
    return {
        "receipt": received,
        "fatal_information": received,
        "latest_information": received,
        "determination": DETERMINED,
        "new_information": date(2026, 3, 20),
    }


def provisional(received: date = RECEIVED) -> tuple[Clock, ...]:
    facts = {"serious": True, "fatal_or_life_threatening": True, "causality_excluded": False}
    return tuple(IND.clocks("provisional", facts, anchors(received), ZONE))


def obligations(
    fatal: bool = True, follow_up: bool = False, received: date = RECEIVED
) -> tuple[Obligation, ...]:
    facts = FATAL | {"fatal_or_life_threatening": fatal, "reassessed": False, "follow_up": follow_up}
    return tuple(IND.obligations(facts, anchors(received), ZONE))


REGISTERED = TrialRegistered(
    trial_id=TRIAL,
    title="A trial",
    sponsor_name="A sponsor",
    study_type="INTERVENTIONAL",
    basis="sponsor",
    status="draft",
    owner="cro",
)
OPENED = CaseOpened(
    case_id=CASE,
    trial_id=TRIAL,
    site_id=SITE,
    subject_id=SUBJECT,
    received_on=RECEIVED,
    zone=ZONE,
    serious=True,
    fatal_or_life_threatening=True,
    clocks=provisional(),
)


def reportable(version: int, *owed: Obligation, provisional: tuple[Clock, ...] = ()) -> CaseReportable:
    return CaseReportable(
        case_id=CASE,
        trial_id=TRIAL,
        site_id=SITE,
        subject_id=SUBJECT,
        version=version,
        kind="initial" if version == 1 else "follow_up",
        determination_on=DETERMINED,
        fatal_or_life_threatening=True,
        obligations=owed,
        provisional=provisional,
    )


def safety(event: Any, version: int = 1) -> Recorded[Any]:
    return recorded(event, CASE, version, "safety")


def trials(event: Any, version: int = 1) -> Recorded[Any]:
    return recorded(event, TRIAL, version, "trials")


def flow_of(*steps: Recorded[Any] | Command) -> Flow:
    flow = Flow()
    for step in steps:
        if isinstance(step, Command):
            assert not isinstance(flow.run(step), Refusal)
        else:
            flow.deliver(step)
    return flow


def board(flow: Flow) -> dict[tuple[str, str, bool], str]:
    """Status by code, anchor and whether provisional."""
    return {(r.code, r.anchor, r.provisional): r.status for r in flow.table(DeadlineRow)}


def report_id(code: str, destination: str = "FDA", version: int = 1) -> UUID:
    return deadlines.report_of(CASE, version, code, destination)


def filed(report: UUID) -> FileSafetyReport:
    return FileSafetyReport(report_id=report, meaning="released for submission")


def acknowledged(report: UUID, day: date) -> RecordAcknowledgement:
    return RecordAcknowledgement(report_id=report, trial_id=TRIAL, ack_code="accepted", receipt_on=day)


def test_an_unsigned_case_has_clocks_and_no_report() -> None:
    flow = flow_of(trials(REGISTERED), safety(OPENED))
    assert board(flow) == {
        ("us_ind_15_day", "receipt", True): "armed",
        ("us_ind_7_day", "receipt", True): "armed",
    }
    assert flow.table(ReportRow) == []
    assert {row.owner for row in flow.table(DeadlineRow)} == {"cro"}


def test_what_nobody_transferred_the_sponsor_owes() -> None:
    assert {row.owner for row in flow_of(safety(OPENED)).table(DeadlineRow)} == {"sponsor"}


def test_a_determination_opens_each_report_with_exactly_safetys_clocks() -> None:
    owed = obligations()
    flow = flow_of(safety(OPENED), safety(reportable(1, *owed, provisional=provisional()), 2))
    armed = [e for events in flow.events.values() for e in events if isinstance(e, DeadlineArmed)]
    clocks = {(e.subject_id, e.clock.code, e.clock.due_on, e.clock) for e in armed if not e.provisional}
    assert clocks == {
        (report_id(o.code, o.destination), o.code, clock.due_on, clock)
        for o in owed
        for clock in (o.legal, o.operational)
    }
    assert {(r.obligation_code, r.destination) for r in flow.table(ReportRow)} == {
        ("us_ind_15_day", "FDA"),
        ("us_ind_15_day_investigators", "investigators"),
        ("us_ind_7_day", "FDA"),
    }
    assert {row.status for row in flow.table(DeadlineRow) if row.provisional} == {"superseded"}


def test_a_seven_day_clock_ends_where_the_event_proved_not_fatal() -> None:
    owed = obligations(fatal=False)
    flow = flow_of(safety(OPENED), safety(reportable(1, *owed, provisional=provisional()), 2))
    assert board(flow)["us_ind_15_day", "receipt", True] == "superseded"
    assert board(flow)["us_ind_7_day", "receipt", True] == "cancelled"
    assert "us_ind_7_day" not in {row.obligation_code for row in flow.table(ReportRow)}


def not_reportable(*withdrawn: Obligation, provisional: tuple[Clock, ...] = ()) -> CaseNotReportable:
    return CaseNotReportable(
        case_id=CASE,
        trial_id=TRIAL,
        version=1,
        determination_on=DETERMINED,
        reason="expected",
        provisional=provisional,
        withdrawn=withdrawn,
    )


def test_a_case_that_is_not_reportable_has_its_provisional_clocks_cancelled() -> None:
    flow = flow_of(safety(OPENED), safety(not_reportable(provisional=provisional()), 2))
    assert set(board(flow).values()) == {"cancelled"}


def test_withdrawn_obligations_end_with_their_deadlines_unless_they_were_filed() -> None:
    owed = obligations()
    flow = flow_of(
        safety(reportable(1, *owed)), filed(report_id("us_ind_7_day")), safety(not_reportable(*owed), 2)
    )
    states = {row.obligation_code: row.status for row in flow.table(ReportRow)}
    assert states["us_ind_15_day"] == "not_required"
    assert states["us_ind_7_day"] == "awaiting_ack"
    ended = {(row.code, row.status) for row in flow.table(DeadlineRow)}
    assert ("us_ind_15_day", "cancelled") in ended
    assert ("us_ind_7_day", "armed") in ended


def test_the_authoritys_receipt_date_judges_both_deadlines() -> None:
    report = report_id("us_ind_15_day")
    flow = flow_of(
        safety(reportable(1, *obligations())), filed(report), acknowledged(report, date(2026, 3, 18))
    )
    rows = {row.anchor: row for row in flow.table(DeadlineRow) if row.subject_id == report}
    assert (rows["determination"].status, rows["determination"].met_on) == ("met", date(2026, 3, 18))
    assert (rows["receipt"].status, rows["receipt"].days_late) == ("met_late", 1)


def test_a_report_to_investigators_is_met_at_dispatch() -> None:
    report = report_id("us_ind_15_day_investigators", "investigators")
    flow = flow_of(safety(reportable(1, *obligations())), filed(report))
    assert {row.status for row in flow.table(DeadlineRow) if row.subject_id == report} == {"met"}


def test_the_chain_ends_the_same_in_every_order() -> None:
    first, second = report_id("us_ind_15_day"), report_id("us_ind_follow_up_15_day", version=2)
    steps: list[Recorded[Any] | Command] = [
        safety(OPENED, 1),
        safety(reportable(1, *obligations(), provisional=provisional()), 2),
        safety(reportable(2, *obligations(follow_up=True)), 3),
        acknowledged(first, date(2026, 3, 12)),
        acknowledged(second, date(2026, 3, 25)),
    ]
    ends = set()
    for order in permutations(steps):
        flow = flow_of(*order)
        rows = sorted((str(r.deadline_id), r.status, str(r.met_on)) for r in flow.table(DeadlineRow))
        reports = sorted((str(r.report_id), r.status, str(r.receipt_on)) for r in flow.table(ReportRow))
        ends.add((tuple(rows), tuple(reports)))
    assert len(ends) == 1
    statuses = {row.status for row in flow.table(DeadlineRow) if row.subject_id in (first, second)}
    assert statuses == {"met"}
    assert {row.status for row in flow.table(DeadlineRow) if row.provisional} == {"superseded"}


def test_delivering_everything_twice_adds_nothing() -> None:
    steps = [safety(OPENED), safety(reportable(1, *obligations(), provisional=provisional()), 2)]
    once, twice = flow_of(*steps), flow_of(*steps, *steps)
    assert once.events == {stream: events for stream, events in twice.events.items() if events}


def corrected(received: date, *, former: tuple[Obligation, ...] = (), now: Any = ()) -> AdverseEventCorrected:
    return AdverseEventCorrected(
        case_id=CASE,
        trial_id=TRIAL,
        site_id=SITE,
        subject_id=SUBJECT,
        correction_id=uuid4(),
        reason="wrong_date",
        received_on=received,
        zone=ZONE,
        serious=True,
        fatal_or_life_threatening=True,
        version=1,
        clocks=() if former else provisional(received),
        former_clocks=() if former else provisional(),
        obligations=now,
        former_obligations=former,
    )


def test_a_corrected_receipt_supersedes_provisional_clocks() -> None:
    earlier = date(2026, 2, 27)
    flow = flow_of(safety(OPENED), safety(corrected(earlier), 2))
    rows = {(r.code, r.anchor_on): r for r in flow.table(DeadlineRow)}
    assert {r.status for (_, on), r in rows.items() if on == RECEIVED} == {"superseded"}
    assert {r.status for (_, on), r in rows.items() if on == earlier} == {"armed"}
    clock = provisional(earlier)[0]
    assert rows[clock.code, RECEIVED].successor_id == clock_deadline_id(CASE, clock, "provisional")


def test_a_corrected_receipt_re_anchors_the_reports_that_are_open() -> None:
    earlier, was = date(2026, 2, 27), obligations()
    flow = flow_of(
        safety(reportable(1, *was)),
        safety(corrected(earlier, former=was, now=obligations(received=earlier)), 2),
    )
    report = report_id("us_ind_15_day")
    rows = [r for r in flow.table(DeadlineRow) if r.subject_id == report]
    assert {(r.anchor, r.anchor_on, r.status) for r in rows} == {
        ("determination", DETERMINED, "armed"),
        ("receipt", RECEIVED, "superseded"),
        ("receipt", earlier, "armed"),
    }
    (row,) = [r for r in flow.table(ReportRow) if r.report_id == report]
    assert row.operational_due == date(2026, 3, 14)


SELECTED = SiteSelected(
    trial_id=TRIAL, site_id=SITE, irb="IRB-1", zone=ZONE, country="US", route="us_ind", required_gates=()
)


def test_a_site_that_was_taken_over_gets_no_draft_review() -> None:
    flow = Flow()
    elsewhere = SELECTED.model_copy(update={"adopted_from": "cut-over/7"})
    flow.deliver(recorded(elsewhere, SITE, 1, "trials"))
    assert not flow.events


def test_a_selected_site_gets_one_draft_review() -> None:
    flow = flow_of(trials(SELECTED), trials(SELECTED))
    (events,) = flow.events.values()
    (opened,) = events
    assert isinstance(opened, IrbReviewOpened)
    assert (opened.site_ids, opened.board, opened.zone) == ((SITE,), "IRB-1", ZONE)


def approve(flow: Flow, review: UUID, effective: date, expires: date) -> None:
    flow.run(SubmitReview(review_id=review, protocol_version="2.0", submitted_on=RECEIVED))
    decision = DetermineReview(
        review_id=review,
        outcome="approved",
        decided_on=RECEIVED,
        effective_on=effective,
        expires_on=expires,
    )
    assert not isinstance(flow.run(decision), Refusal)


def test_an_approved_review_begins_an_approval_and_a_continuing_one_renews_it() -> None:
    from services.regulatory.commands import OpenReview
    from services.regulatory.domain.review import approval_of

    flow = flow_of(trials(SELECTED))
    (review,) = flow.events
    approve(flow, review, RECEIVED, date(2027, 3, 1))
    (activated,) = flow.events[approval_of(review)]
    assert isinstance(activated, IrbApprovalActivated)
    continuing = OpenReview(
        trial_id=TRIAL, site_ids=(SITE,), kind="continuing", zone=ZONE, renews=approval_of(review)
    )
    flow.run(continuing)
    approve(flow, continuing.review_id, date(2026, 3, 2), date(2028, 3, 1))
    renewed = flow.events[approval_of(review)][-1]
    assert isinstance(renewed, IrbApprovalRenewed)
    assert renewed.successor_id == approval_of(continuing.review_id)


def test_what_only_this_services_own_events_may_cause_nobody_can_ask_for() -> None:
    from services.regulatory import commands

    own = {name for name in commands.__all__ if getattr(getattr(commands, name), "internal", False)}
    assert own == {
        "StartApproval",
        "RenewApproval",
        "OpenReport",
        "ReanchorReport",
        "CancelReport",
        "AssignReport",
    }


def test_the_organisation_to_which_obligations_were_transferred_owes_reports_and_their_deadlines() -> None:
    organisation = UUID(int=41)
    told = REGISTERED.model_copy(update={"owner_id": organisation})
    owed = reportable(1, *obligations(), provisional=provisional())
    for registered, expected in ((told, organisation), (REGISTERED, None)):
        flow = flow_of(trials(registered), safety(OPENED), safety(owed, 2))
        assert flow.table(ReportRow)
        assert {row.organisation_id for row in flow.table(ReportRow)} == {expected}
        assert {row.organisation_id for row in flow.table(DeadlineRow)} == {expected}
