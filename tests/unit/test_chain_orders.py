"""The safety chain, from adverse event to deadlines met, ends the same in whatever order topics bring it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.regulatory.commands.report import FileSafetyReport, RecordAcknowledgement
from services.regulatory.handlers import SERVICE as REGULATORY
from services.retrieval import commands as records
from services.retrieval.handlers import SERVICE as RETRIEVAL
from services.retrieval.legal_basis import BASES
from services.retrieval.projections.requests import RequestRow
from services.safety.commands import AssessCase, ReportAdverseEvent, ReviewNewInformation
from services.safety.guards import KnownTrial
from services.safety.handlers import SERVICE as SAFETY
from services.trials.commands.site import IdentifySite, SelectSite
from services.trials.commands.subject import EnrolSubject
from services.trials.commands.trial import RegisterTrial
from services.trials.handlers import SERVICE as TRIALS
from shared.contracts import regulatory, retrieval, safety
from shared.contracts.deadline import DeadlineMet, DeadlineMissed
from shared.contracts.message import Command, Identifier
from shared.rules.deadlines import DeadlineRow
from shared.runtime.service import Service
from tests.support.flow import Act, Flow

TRIAL, SITE, SUBJECT, CASE = (UUID(int=n) for n in range(1, 5))
NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)
TODAY = date(2026, 3, 4)
ZONE = "America/Chicago"
SERVICES: dict[str, Service] = {one.name: one for one in (TRIALS, REGULATORY, SAFETY, RETRIEVAL)}
SHA = "c" * 64
REGISTERED = Identifier(system="nct", value="NCT00000001")  # so that its enrolments owe no registration

BEFORE = [
    Act(
        "register",
        "trials",
        RegisterTrial(trial_id=TRIAL, title="A trial", sponsor="Sponsor", identifiers=(REGISTERED,)),
    ),
    Act("identify", "trials", IdentifySite(trial_id=TRIAL, site_id=SITE, name="Site", zone=ZONE)),
    Act(
        "select",
        "trials",
        SelectSite(trial_id=TRIAL, site_id=SITE, zone=ZONE, country="US", qualification_waived="known_site"),
    ),
    Act(
        "enrol",
        "trials",
        EnrolSubject(
            trial_id=TRIAL,
            site_id=SITE,
            subject_id=SUBJECT,
            subject_code="S-001",
            enrolled_on=date(2026, 2, 2),
        ),
    ),
]
EVENT = Act(
    "event",
    "safety",
    ReportAdverseEvent(
        case_id=CASE,
        trial_id=TRIAL,
        site_id=SITE,
        subject_id=SUBJECT,
        received_on=date(2026, 3, 3),
        zone=ZONE,
        seriousness=("life_threatening",),
    ),
)
DETERMINATION = Act(
    "determination",
    "safety",
    AssessCase(
        case_id=CASE,
        meaning="medical determination",
        seriousness=("life_threatening",),
        causality_investigator="related",
        causality_sponsor="related",
        expected=False,
        rsi_version="IB-4",
        evidence_category="A",
        determination="reportable",
    ),
)


def acts(flow: Flow) -> Iterator[Act]:
    """What people and outside systems may do by now."""
    if "event" in flow.done:
        yield DETERMINATION
    else:
        yield EVENT
    for report in flow.events(regulatory.ReportOpened):
        yield from _reporting(flow, report.report_id)
    for request in flow.events(retrieval.RequestOpened):
        yield from _retrieving(flow, request.request_id)
    for info in flow.events(safety.NewInformationReceived):
        judged = ReviewNewInformation(
            case_id=CASE, info_id=info.info_id, significant=True, meaning="significance review"
        )
        yield Act(f"review {info.info_id}", "safety", judged)


def _reporting(flow: Flow, report: UUID) -> Iterator[Act]:
    filed = f"file {report}"
    yield Act(filed, "regulatory", FileSafetyReport(report_id=report, meaning="released for submission"))
    if filed in flow.done:
        answer = RecordAcknowledgement(report_id=report, ack_code="accepted", receipt_on=TODAY)
        yield Act(f"acknowledge {report}", "regulatory", answer)


def _retrieving(flow: Flow, request: UUID) -> Iterator[Act]:
    """The steps of a leg, each after the one before."""
    leg: dict[str, Any] = {"request_id": request, "leg_id": uuid5(request, "leg")}
    elements = tuple(
        records.CheckedElement(code=one.code, ok=True) for one in BASES["adverse_event_reporting"].elements
    )
    findings = records.QcFindings(
        right_patient=True, range_complete=True, types_complete=True, legible=True, images_present=True
    )
    scope: dict[str, Any] = {
        "record_types": ("discharge_summary",),
        "range_from": date(2026, 1, 1),
        "range_to": TODAY,
    }
    arrival: dict[str, Any] = {
        "received_on": TODAY,
        "zone": ZONE,
        "pages": 12,
        "sha256": SHA,
        "document_ref": "doc:1",
    }
    steps: list[Command] = [
        records.AddLeg(**leg, **scope, custodian="custodian:1"),
        records.VerifyLegalBasis(**leg, basis="adverse_event_reporting", elements=elements),
        records.SendLeg(**leg, method="fax"),
        records.AcknowledgeLeg(**leg, acknowledged_on=TODAY),
        records.ReceiveRecords(**leg, **arrival),
        records.PassQualityControl(**leg, findings=findings),
        records.DeliverRecords(**leg, recipient="safety"),
    ]
    done = sum(f"step {n} {request}" in flow.done for n in range(len(steps)))
    if done < len(steps):
        yield Act(f"step {done} {request}", "retrieval", steps[done])


def played(seed: int, doubled: bool = False) -> Flow:
    """The chain in the order that the seed gives, after trial, site and subject are known everywhere."""
    flow = Flow(SERVICES, Random(seed), NOW, doubled)  # noqa: S311 - an order, not a secret
    for act in BEFORE:
        flow.act(act)
        flow.run(lambda _: [])
    flow.run(acts)
    return flow


def mixed(flow: Flow) -> Iterator[Act]:
    """The chain while trial, site and subject are still becoming known: only the trial must be (else 404)."""
    yield from BEFORE[: len(flow.done & {act.name for act in BEFORE}) + 1]
    if ("safety", KnownTrial, (TRIAL,)) in flow.rows:
        yield from acts(flow)


@cache
def straight() -> Flow:
    return played(0)


def deadlines(flow: Flow) -> list[Any]:
    rows = [row for service in SERVICES for row in flow.rows_of(service, DeadlineRow)]
    return sorted((row.service, row.code, str(row.due_on), row.status, str(row.met_on)) for row in rows)


@pytest.mark.parametrize("doubled", [False, True])
@pytest.mark.parametrize("seed", range(1, 9))
def test_the_safety_chain_ends_the_same_in_every_order(seed: int, doubled: bool) -> None:
    flow = played(seed, doubled)
    assert flow.refused == []
    assert deadlines(flow) == deadlines(straight())
    assert flow.end() == straight().end()


@pytest.mark.parametrize("seed", range(4))
def test_the_safety_chain_waits_for_nothing_that_trials_has_still_to_say(seed: int) -> None:
    flow = Flow(SERVICES, Random(seed), NOW)  # noqa: S311 - an order, not a secret
    flow.run(mixed)
    assert flow.refused == []
    assert deadlines(flow) == deadlines(straight())


def test_the_safety_chain_ends_with_every_deadline_met() -> None:
    statuses = {row.status for row in straight().rows_of("trials", DeadlineRow)}
    assert statuses <= {"met", "superseded", "cancelled"}
    met = {row.code for row in straight().rows_of("trials", DeadlineRow) if row.status == "met"}
    assert {"record_request_15_day", "significance_review_1_day"} < met


def test_the_safety_chain_delivers_the_records_it_asked_for() -> None:
    (request,) = straight().rows_of("retrieval", RequestRow)
    assert (request.status, request.priority, request.case_id) == ("complete", "urgent", CASE)
    opened = straight().events(regulatory.ReportOpened)
    due = min(day for report in opened for day in (report.legal_due, report.operational_due))
    assert request.needed_by == due - timedelta(days=2)
    assert {report.kind for report in opened} == {"initial", "follow_up"}


def test_the_safety_chain_is_one_correlation() -> None:
    flow = straight()
    chain = flow.streams["safety", CASE][0].correlation_id
    links = (regulatory.ReportOpened, safety.FollowUpRequested, retrieval.RecordsDelivered, DeadlineMet)
    found = [m for stream in flow.streams.values() for m in stream if isinstance(m.data, links)]
    assert {type(m.data) for m in found} == set(links)
    assert {m.correlation_id for m in found} == {chain}


def test_after_the_chain_no_passing_of_time_misses_a_deadline() -> None:
    flow = played(0)
    flow.wake(NOW + timedelta(days=400))
    assert flow.events(DeadlineMissed) == []
    assert {row.status for row in flow.rows_of("retrieval", DeadlineRow)} == {"met"}
