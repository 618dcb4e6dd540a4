"""One correlation, one trace a burst: what the trace page shows of the chain."""

from datetime import datetime
from typing import Any

import httpx

from shared.stack.api import StackAddresses
from shared.stack.demo import traces

Spans = list[dict[str, Any]]


def below(spans: Spans, service: str) -> set[str]:
    """The services in which work was done because of a span of this one."""
    parent = {span["id"]: span.get("parentId") for span in spans}
    place = {span["id"]: span["localEndpoint"]["serviceName"] for span in spans}
    found = set()
    for span in spans:
        above = parent[span["id"]]
        while above in parent:
            if place[above] == service:
                found.add(place[span["id"]])
            above = parent[above]
    return found


async def test_from_determination_to_record_request_is_one_tree_over_three_services(
    demo: dict[str, Any], stack: StackAddresses
) -> None:
    async with httpx.AsyncClient(trust_env=False) as web:
        answer = await web.get(f"{stack.zipkin}/zipkin/api/v2/trace/{demo['traces']['determination']}")
    spans: Spans = answer.raise_for_status().json()
    assert traces.is_tree(spans)
    assert below(spans, "safety") >= {"regulatory", "retrieval"}
    assert "safety" in below(spans, "regulatory")  # the follow-up is asked for because a report opened
    told = {event["type"] for event in demo["events"] if event["trace"] == demo["traces"]["determination"]}
    assert told >= {
        "safety.case.assessed.v1",
        "safety.case.reportable.v1",
        "regulatory.report.opened.v1",
        "safety.followup.requested.v1",
        "retrieval.request.opened.v1",
    }


async def test_the_search_for_the_correlation_finds_every_trace_of_the_chain(
    demo: dict[str, Any], stack: StackAddresses
) -> None:
    query: dict[str, str | int] = {
        "annotationQuery": f"{traces.TAG}={demo['correlation_id']}",
        "lookback": 86_400_000,
        "limit": 1000,
    }
    async with httpx.AsyncClient(trust_env=False) as web:
        answer = await web.get(f"{stack.zipkin}/zipkin/api/v2/traces", params=query)
    found = {spans[0]["traceId"] for spans in answer.raise_for_status().json()}
    assert {event["trace"] for event in demo["events"]} <= found


async def test_every_service_finds_its_part_of_the_correlation(
    demo: dict[str, Any], stack: StackAddresses, auditor: dict[str, str]
) -> None:
    async with httpx.AsyncClient(trust_env=False, headers=auditor) as web:
        for service, address in stack.services.items():
            query = {"correlation_id": demo["correlation_id"], "limit": 500}
            answer = await web.get(f"{address}/v1/events", params=query)
            ids = {event["event_id"] for event in answer.raise_for_status().json()["events"]}
            told = {event["id"] for event in demo["events"] if event["service"] == service}
            assert told
            assert told <= ids


async def test_every_signed_act_keeps_name_meaning_and_time_and_no_other_act_does(
    demo: dict[str, Any], stack: StackAddresses, auditor: dict[str, str]
) -> None:
    """21 CFR 11.50: what a signature has to show, with each event of the act."""
    found: dict[str, dict[str, str]] = {}
    async with httpx.AsyncClient(trust_env=False, headers=auditor) as web:
        for address in stack.services.values():
            query = {"correlation_id": demo["correlation_id"], "limit": 500}
            for event in (await web.get(f"{address}/v1/events", params=query)).json()["events"]:
                if "signature" in event:
                    found[event["type"].rpartition(".v")[0]] = event["signature"] | {"actor": event["actor"]}
    assert set(found) == {
        "trials.site.activated",
        "trials.programme.phase_changed",
        "trials.protocol.version_submitted",
        "trials.protocol.version_effective",
        "regulatory.ind.in_effect",
        "regulatory.irb.approved",
        "regulatory.irb.approval_suspended",
        "regulatory.irb.approval_reinstated",
        "regulatory.safety_report.filed",
        "safety.case.assessed",
        "safety.case.reportable",
        "safety.case.information_reviewed",
        "safety.case.version_created",
        "retrieval.legal_basis.verified",
        "retrieval.records.qc_passed",
    }
    for signature in found.values():
        assert signature["actor"].endswith(f":{signature['name']}")
        assert signature["meaning"]
        assert datetime.fromisoformat(signature["at"]).tzinfo


async def test_each_service_has_an_api_page(stack: StackAddresses) -> None:
    async with httpx.AsyncClient(trust_env=False) as web:
        for service, address in stack.services.items():
            page = await web.get(f"{address}/docs")
            assert page.status_code == 200
            assert f"Trialwire {service}" in page.text
