"""The demonstration on a running stack: the acts in their order, then what they came to."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import httpx

from shared.stack.access import OBSERVER
from shared.stack.api import StackAddresses
from shared.stack.demo import (
    adoption,
    amendment,
    oversight,
    records,
    reports,
    second_site,
    start_up,
    summary,
    suspension,
    traces,
)
from shared.stack.demo.stage import Stage
from shared.stack.demo.timeline import Timeline, details, short
from shared.stack.demo.watch import SERVICES, Seen, Watch
from shared.stack.issuer import EmbeddedIssuer

# What is not over when a deadline ends so is a missed one.
_ENDED = ("met", "superseded")
# The registry's record is verified again next year.
_RUNS_ON = ("registry_verification_12_month",)


async def play(
    found: StackAddresses, issuer: EmbeddedIssuer, timeline: Timeline, ahead: timedelta
) -> dict[str, Any]:
    """Play the chain and give back what happened; StepFailedError where something did not come true.

    `ahead`: how far the stack's business time is ahead of real time.
    """
    began = time.monotonic()
    watch = Watch(timeline.tell)
    timeline.known = watch.known
    async with watch.on(found.broker(OBSERVER)), httpx.AsyncClient(timeout=10, trust_env=False) as web:
        stage = Stage(found, issuer, web, watch, timeline, ahead)
        await adoption.play(stage)
        await start_up.play(stage)
        subject = await second_site.play(stage)
        await amendment.play(stage)
        await suspension.play(stage, subject)
        await oversight.play(stage)
        request = await reports.event_to_request(stage)
        await reports.file(stage, "initial", 3)
        await records.play(stage, request)
        await reports.file(stage, "follow_up", 1)
        deadlines = await _deadlines(stage)
        seen = stage.ours()
        told = await _traces(stage, seen)
    parts = summary.bursts(seen, stage.acts)
    return {
        "trial": {"nct": stage.story.nct, "trial_id": str(stage.story.trial)},
        "case_id": str(stage.story.case),
        "correlation_id": str(stage.story.correlation),
        "events": [_plain(event, timeline) for event in seen],
        "deadlines": deadlines,
        "trace_search": told["search"],
        "traces": told["traces"],
        "api": {name: f"{found.services[name]}/docs" for name in SERVICES},
        "summary": {
            "events": len(seen),
            "hops": sum(part.hops for part in parts),
            "milliseconds": round(sum(part.ms for part in parts), 1),
            "bursts": [vars(part) for part in parts],
            "seconds": round(time.monotonic() - began, 1),
        },
    }


async def _deadlines(stage: Stage) -> list[dict[str, Any]]:
    """Every deadline that was armed on the way, as its owner's board shows it: none is open or late."""
    async with stage.step("all deadlines are met", 15):
        armed = [event for event in stage.ours() if short(event.type) == "deadline.armed"]
        wanted = {e.data["deadline_id"] for e in armed if e.data["clock"]["code"] not in _RUNS_ON}
        board = []
        for service in ("regulatory", "safety", "retrieval"):
            found = await stage.ask(service, "/v1/deadlines", trial=str(stage.story.trial), limit=1000)
            board += [row for row in found["items"] if row["deadline_id"] in wanted]
        if missing := wanted - {row["deadline_id"] for row in board}:
            stage.fail(f"{len(missing)} deadlines are on no board")
        if still := [f"{row['code']} {row['status']}" for row in board if row["status"] not in _ENDED]:
            stage.fail(f"not met: {', '.join(still)}")
        ends = [row["status"] for row in board]
        replaced = f"{ends.count('superseded')} provisional ones were superseded by reports"
        stage.timeline.say(f"{'':9}{ends.count('met')} met in time; {replaced}")
        return board


async def _traces(stage: Stage, seen: list[Seen]) -> dict[str, Any]:
    """Wait until the determination's trace has arrived as one tree over three services."""
    if not stage.found.zipkin:
        return {"search": "", "traces": None}
    async with stage.step("the trace of the determination is one tree over three services", 20):
        signed = next(event for event in seen if short(event.type) == "case.assessed")
        services = {"safety", "regulatory", "retrieval"}
        spans = await traces.tree(stage.web, stage.found.zipkin, signed.trace, services)
        found = await traces.found(stage.web, stage.found.zipkin, stage.story.correlation)
        stage.timeline.say(f"{'':9}{len(spans)} spans; the correlation's search finds {len(found)} traces")
        search = traces.search_link(stage.found.zipkin, stage.story.correlation)
        return {"search": search, "traces": {"determination": signed.trace, "found": len(found)}}


def _plain(event: Seen, timeline: Timeline) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "at": event.at.isoformat(),
        "service": event.service,
        "type": event.type,
        "stream_id": str(event.stream),
        "trace": event.trace,
        "actor": event.actor,
        "caused_by": timeline.cause_of(event),
        "causation_id": event.cause and str(event.cause),
        "clock": details(short(event.type), event.data),
        "data": event.data,
    }
