"""The demonstration's pure parts: what a line says, what a burst counts, where a link leads."""

import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from rich.console import Console

from services.trials.commands.trial import RecordRegistryEntry
from services.trials.imports.ctgov import entries
from shared.contracts import regulatory, retrieval, safety, trials
from shared.contracts.message import types_of
from shared.stack.demo import adoption, summary, traces
from shared.stack.demo.timeline import DETAILS, Timeline, details, short
from shared.stack.demo.watch import Seen

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
STORY = uuid4()


def seen(
    type_: str, cause: Seen | None = None, after_ms: int = 0, data: Mapping[str, Any] | None = None
) -> Seen:
    return Seen(
        id=uuid4(),
        type=f"{type_}.v1",
        service=type_.partition(".")[0],
        stream=uuid4(),
        at=NOON + timedelta(milliseconds=after_ms),
        actor="safety_physician:m-1",
        cause=cause.id if cause else None,
        correlation=STORY,
        trace="",
        data=data or {},
    )


def test_a_burst_counts_what_follows_an_act_its_hops_and_its_time() -> None:
    act = seen("safety.case.reportable")
    first = seen("regulatory.report.opened", act, 30)
    beside = seen("regulatory.deadline.armed", act, 35)
    last = seen("safety.followup.requested", first, 80)
    alone = seen("retrieval.leg.sent", None, 90)
    found = summary.bursts([act, first, beside, last, alone], [("a signature", act.id), ("sent", alone.id)])
    assert found == [summary.Burst("a signature", events=3, hops=2, ms=80.0)]


def test_what_was_caused_before_the_watch_began_belongs_to_no_burst() -> None:
    gone = seen("safety.case.reportable")
    assert summary.bursts([seen("regulatory.report.opened", gone)], [("a signature", gone.id)]) == []


def test_a_line_says_time_service_event_cause_and_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    timeline = Timeline(quiet=False)
    page = io.StringIO()
    monkeypatch.setattr(timeline, "_out", Console(file=page, width=200))
    cause = seen("safety.case.opened")
    clock = {
        "due_on": "2026-01-20",
        "anchor": "receipt",
        "anchor_on": "2026-01-05",
        "days": 15,
        "basis": "calendar",
        "citation": "21 CFR 312.32(c)(1)",
    }
    timeline.known = {cause.id: cause}
    armed = seen("regulatory.deadline.armed", cause, data={"clock": clock, "provisional": True})
    timeline.follow(STORY, [armed])
    line = page.getvalue()
    assert "regulatory deadline.armed" in line
    assert "← safety case.opened" in line
    assert "due 2026-01-20 = receipt 2026-01-05 + 15 d, provisional [21 CFR 312.32(c)(1)]" in line


def test_another_story_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    timeline = Timeline(quiet=False)
    page = io.StringIO()
    monkeypatch.setattr(timeline, "_out", Console(file=page))
    timeline.follow(uuid4(), [seen("safety.case.opened")])
    assert page.getvalue() == ""


def test_who_acted_is_told_where_no_event_is_the_cause() -> None:
    assert Timeline(quiet=True).cause_of(seen("safety.case.assessed")) == "safety_physician"


def test_every_detail_is_of_an_event_that_exists() -> None:
    unions = {
        "trials": trials.TrialsEvent,
        "regulatory": regulatory.RegulatoryEvent,
        "safety": safety.SafetyEvent,
        "retrieval": retrieval.RetrievalEvent,
    }
    known = {short(type_) for service, union in unions.items() for type_ in types_of(union, service)}
    assert set(DETAILS) <= known
    assert details("case.acknowledged", {}) == ""


def test_the_link_runs_the_search_by_itself() -> None:
    link = urlsplit(traces.search_link("http://127.0.0.1:9411", UUID(int=7)))
    query = parse_qs(link.query)
    assert query["annotationQuery"] == [f"trialwire.correlation_id={UUID(int=7)}"]
    assert int(query["endTs"][0]) > NOON.timestamp()
    assert query["lookback"] == ["1d"]


def test_a_tree_has_one_root() -> None:
    root, leaf, stray = {"id": "a"}, {"id": "b", "parentId": "a"}, {"id": "c", "parentId": "x"}
    assert traces.is_tree([root, leaf])
    assert not traces.is_tree([root, leaf, stray])
    assert not traces.is_tree([])


def test_the_shipped_records_differ_and_can_all_be_imported() -> None:
    found = list(entries([adoption.RECORDS.read_bytes()]))
    records = [record for record in found if isinstance(record, RecordRegistryEntry)]
    assert len(records) == len(found) >= 12
    facts = [record.facts for record in records]
    assert {fact.status for fact in facts} >= {
        "SUSPENDED",
        "TERMINATED",
        "WITHDRAWN",
        "UNKNOWN",
        "RECRUITING",
        "COMPLETED",
        "AVAILABLE",
    }
    assert {fact.study_type for fact in facts} == {"INTERVENTIONAL", "OBSERVATIONAL", "EXPANDED_ACCESS"}
    assert any(len(fact.phases) == 2 for fact in facts)
    assert any(fact.fda_regulated_device for fact in facts)
    assert {fact.start.precision for fact in facts if fact.start} == {"month", "day"}
    assert adoption.NCT in {record.nct for record in records}
    assert b"Contact" not in adoption.RECORDS.read_bytes()
