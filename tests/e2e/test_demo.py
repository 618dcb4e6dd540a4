"""The demonstration as a process: what it told, in which order, and that it cleans up after itself."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from shared.stack.home import Home
from shared.stack.state import Running, load
from tests.e2e.conftest import ROOT, Trialwire

Told = dict[str, Any]


def names(demo: Told) -> list[str]:
    """Types of the events in their order, without versions."""
    return [event["type"].rpartition(".v")[0] for event in demo["events"]]


def of(demo: Told, name: str) -> list[Told]:
    """The data of the events of a type, in their order."""
    return [event["data"] for event in demo["events"] if event["type"].startswith(f"{name}.v")]


def test_every_step_follows_what_calls_for_it(demo: Told) -> None:
    story = (
        "trials.trial.registered",
        "trials.site.selected",
        "regulatory.irb.review_opened",
        "regulatory.irb.review_submitted",
        "regulatory.irb.approved",
        "trials.site.gate_satisfied",
        "regulatory.ind.in_effect",
        "trials.site.ready",
        "trials.site.activated",
        "trials.subject.enrolled",
        "trials.site.feasibility_completed",
        "trials.site.qualified",
        "trials.protocol.version_submitted",
        "regulatory.irb.approval_suspended",
        "trials.site.suspended",
        "regulatory.irb.approval_reinstated",
        "trials.site.resumed",
        "trials.monitoring.planned",
        "trials.data.counts_recorded",
        "trials.kri.run_started",
        "trials.kri.breached",
        "safety.ae.received",
        "safety.case.opened",
        "safety.case.assessed",
        "safety.case.reportable",
        "regulatory.report.opened",
        "safety.followup.requested",
        "retrieval.request.opened",
        "retrieval.legal_basis.verified",
        "retrieval.leg.sent",
        "retrieval.leg.acknowledged",
        "retrieval.records.received",
        "safety.case.new_information_received",
        "retrieval.records.qc_passed",
        "retrieval.records.delivered",
        "retrieval.request.completed",
        "safety.case.information_reviewed",
        "safety.case.version_created",
    )
    first = [names(demo).index(name) for name in story]
    assert first == sorted(first)


def test_an_unsigned_case_has_clocks_and_no_report(demo: Told) -> None:
    before = demo["events"][: names(demo).index("safety.case.assessed")]
    armed = [event["data"] for event in before if event["type"] == "regulatory.deadline.armed.v1"]
    assert sorted(one["clock"]["days"] for one in armed if one["provisional"]) == [7, 15]
    assert all(one["clock"]["anchor"] == "receipt" for one in armed if one["provisional"])
    assert not [event for event in before if event["type"] == "regulatory.report.opened.v1"]


def test_each_report_has_the_date_by_law_and_the_one_for_operations(demo: Told) -> None:
    reports = of(demo, "regulatory.report.opened")
    boards = {row["deadline_id"]: row for row in demo["deadlines"]}
    anchors = {
        (report["obligation_code"], report["case_version"]): [
            boards[d]["anchor"] for d in report["deadlines"]
        ]
        for report in reports
    }
    assert anchors == {
        ("us_ind_15_day", 1): ["determination", "receipt"],
        ("us_ind_15_day_investigators", 1): ["determination", "receipt"],
        ("us_ind_7_day", 1): ["receipt", "receipt"],
        ("us_ind_follow_up_15_day", 2): ["new_information", "new_information"],
    }
    assert all(row["citation"] for row in demo["deadlines"])


def test_records_are_needed_two_days_before_the_earliest_date(demo: Told) -> None:
    initial = [report for report in of(demo, "regulatory.report.opened") if report["kind"] == "initial"]
    earliest = min(date.fromisoformat(r[due]) for r in initial for due in ("legal_due", "operational_due"))
    (request,) = of(demo, "retrieval.request.opened")
    assert date.fromisoformat(request["needed_by"]) == earliest - timedelta(days=2)
    assert request["priority"] == "urgent"


def test_a_follow_up_report_opens_only_once_the_records_are_called_significant(demo: Told) -> None:
    kinds = [
        (name, event["data"].get("kind")) for name, event in zip(names(demo), demo["events"], strict=True)
    ]
    assert kinds.count(("regulatory.report.opened", "follow_up")) == 1
    opened = kinds.index(("regulatory.report.opened", "follow_up"))
    assert opened > names(demo).index("safety.case.information_reviewed")
    (version,) = of(demo, "safety.case.version_created")
    (received,) = of(demo, "retrieval.records.received")
    assert version["new_info_on"] == received["received_on"]


def test_every_deadline_is_met_and_the_provisional_ones_are_superseded(demo: Told) -> None:
    provisional = {
        one["deadline_id"] for one in of(demo, "regulatory.deadline.armed") if one.get("provisional")
    }
    ends = {row["deadline_id"]: row["status"] for row in demo["deadlines"]}
    assert {ends.pop(one) for one in provisional} == {"superseded"}
    assert set(ends.values()) == {"met"}
    services = {row["service"] for row in demo["deadlines"]}
    assert services == {"regulatory", "safety", "retrieval"}


def test_nothing_was_refused_and_nothing_broke_a_rule(demo: Told) -> None:
    assert not [name for name in names(demo) if name.endswith("command.refused")]
    assert not [event for event in demo["events"] if event["data"].get("breaks")]


def test_two_sites_take_part_and_the_second_is_stopped_by_its_board_until_it_goes_on(demo: Told) -> None:
    first, second = (one["site_id"] for one in of(demo, "trials.site.activated"))
    (scored,) = of(demo, "trials.site.feasibility_completed")
    assert scored["site_id"] == second
    assert scored["factors"]
    (applied,), (lifted,) = of(demo, "trials.hold.applied"), of(demo, "trials.hold.lifted")
    assert (applied["source"], applied["scope_id"]) == ("irb_suspension", second)
    assert lifted["hold_id"] == applied["hold_id"]
    (suspended,), (resumed,) = of(demo, "trials.site.suspended"), of(demo, "trials.site.resumed")
    assert suspended["site_id"] == resumed["site_id"] == second
    answers = [one["permissions"]["randomise"] for one in of(demo, "trials.permissions.changed")]
    assert answers == [[applied["hold_id"]], []]
    randomised = [one["site_id"] for one in of(demo, "trials.subject.randomised")]
    assert randomised == [first, second]
    after = names(demo)[names(demo).index("trials.site.resumed") :]
    assert after.count("trials.subject.randomised") == 1


def test_who_randomises_is_another_system_and_tells_no_allocation(demo: Told) -> None:
    by = [event for event in demo["events"] if event["actor"].startswith("randomisation_system:")]
    assert [event["type"] for event in by] == [
        "trials.subject.randomised.v1",
        "trials.subject.status_changed.v1",
    ]
    assert set(by[0]["data"]) == {"trial_id", "site_id", "subject_id", "randomised_on", "breaks"}


def test_an_amendment_is_in_force_at_both_sites_by_authority_and_board(demo: Told) -> None:
    sites = {one["site_id"] for one in of(demo, "trials.site.activated")}
    amendment = of(demo, "trials.protocol.version_drafted")[-1]
    assert amendment["amends"] == "1.0"
    in_force = [
        one
        for one in of(demo, "trials.protocol.version_effective")
        if one["version"] == amendment["version"] and one["supersedes"] == amendment["amends"]
    ]
    assert {one["site_id"] for one in in_force} == sites
    assert all(one["irb_approval"] and one["submission"] for one in in_force)
    met = [row["status"] for row in demo["deadlines"] if row["code"] == "registry_protocol_change_30_day"]
    assert met == ["met"]


def test_a_breached_indicator_asks_for_one_targeted_visit(demo: Told) -> None:
    (breached,) = of(demo, "trials.kri.breached")
    _, second = (one["site_id"] for one in of(demo, "trials.site.activated"))
    assert (breached["site_id"], breached["level"]) == (second, "alert")
    assert breached["found"]["value"] > breached["found"]["alert_limit"]
    visits = [one for one in of(demo, "trials.monitoring_visit.scheduled") if one["kind"] == "targeted"]
    assert [(one["site_id"], one["planned_on"]) for one in visits] == [(second, breached["visit_by"])]


def test_the_trial_belongs_to_a_programme_in_its_phase(demo: Told) -> None:
    (moved,) = of(demo, "trials.programme.phase_changed")
    assert (moved["before"], moved["after"]) == ("preclinical", "I")
    (added,) = of(demo, "trials.programme.trial_added")
    assert added["trial_id"] == demo["trial"]["trial_id"]


def test_the_summary_counts_events_hops_and_milliseconds(demo: Told) -> None:
    total = demo["summary"]
    assert total["events"] == len(demo["events"])
    assert total["hops"] >= 20
    assert 0 < total["milliseconds"] < 60_000


def test_the_trial_page_has_lifecycle_deadlines_and_correlation(demo: Told, trialwire: Trialwire) -> None:
    done = trialwire("trial", "show", demo["trial"]["nct"], "--json")
    assert done.returncode == 0, done.stderr
    page = json.loads(done.stdout)
    assert page["lifecycle"] == {"status": "active", "reason": None, "holds": []}
    assert page["correlation_id"] == demo["correlation_id"]
    assert {row["deadline_id"] for row in page["deadlines"]} >= {
        row["deadline_id"] for row in demo["deadlines"]
    }
    assert all(row["citation"] and row["anchor"] and row["anchor_on"] for row in page["deadlines"])


def test_it_can_be_played_again_and_leaves_running_what_ran_before(
    demo: Told, home: Path, trialwire: Trialwire
) -> None:
    before = {name: record.pid for name, record in load(Home.at(home)).processes.items()}
    done = trialwire("demo", within=170)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "regulatory report.opened" in done.stdout
    assert "/zipkin/?annotationQuery=trialwire.correlation_id%3D" in done.stdout
    assert "&endTs=" in done.stdout
    for service in ("trials", "regulatory", "safety", "retrieval"):
        assert demo["api"][service] in done.stdout
    state = load(Home.at(home))
    assert {name: record.pid for name, record in state.processes.items() if state.alive(name)} == before


@contextlib.contextmanager
def playing(home: Home) -> Iterator["subprocess.Popen[str]"]:
    """The demonstration as a process, in a stack of its own that does not run yet."""
    with subprocess.Popen(
        [sys.executable, "-m", "shared.stack.cli", "demo"],
        cwd=ROOT,
        env={**os.environ, "TRIALWIRE_HOME": str(home.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job ignores Ctrl-C, and so would whatever it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as running:
        yield running


def started(home: Home, name: str) -> Running:
    """The record of a process, once it is there."""
    end = time.monotonic() + 60
    while (record := load(home).alive(name)) is None:
        assert time.monotonic() < end, f"{name} does not run"
        time.sleep(0.1)
    return record


def test_interrupted_it_stops_what_it_started(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    with playing(home) as running:
        started(home, "kafka")
        pids = [record for record in load(home).processes.values()]
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "interrupted" in said
    assert not [record.name for record in pids if record.process()]
    assert not load(home).processes


def test_a_step_that_does_not_come_true_fails_it_with_the_reason_and_nothing_goes_on_running(
    tmp_path: Path,
) -> None:
    home = Home.at(tmp_path / "home")
    with playing(home) as running:
        assert running.stdout
        next(line for line in running.stdout if "imports the registry" in line)
        pids = [record for record in load(home).processes.values()]
        os.kill(started(home, "retrieval").pid, signal.SIGKILL)
        _, said = running.communicate(timeout=120)
    assert running.returncode == 1
    failed = said.partition("FAILED: ")[2]
    assert "physician signs" in failed.splitlines()[0]
    assert "retrieval" in failed.splitlines()[1]
    assert not [record.name for record in pids if record.process()]
    assert not load(home).processes
