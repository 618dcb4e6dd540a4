"""The trace page as a person meets it: search a correlation, open its trace, see all services in one tree."""

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
from opentelemetry.trace import SpanKind
from playwright.sync_api import Page, expect

from shared.runtime import telemetry
from shared.stack import zipkin
from shared.stack.api import stop_stack
from shared.stack.home import LOOPBACK, Home

CORRELATION = UUID("01936f3c-7c00-7000-8000-000000000001")
STEPS = {
    "safety": "execute safety.assess_case.v1",
    "regulatory": "react safety.case.reportable.v1",
    "retrieval": "react safety.followup.requested.v1",
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Zipkin with one trace in it that the services' own telemetry sent through the bridge."""
    home = Home.at(Path(tmp_path_factory.mktemp("stack")))
    home.prepare()
    shown = zipkin.start(home)
    address = f"http://{LOOPBACK}:{shown.port}"
    bridge = zipkin.start_bridge(home, address)
    try:
        zipkin.wait_ready(home)
        send_one_trace(f"http://{LOOPBACK}:{bridge.port}")
        yield address
    finally:
        stop_stack(home)


def send_one_trace(otlp: str) -> None:
    """A determination and what it brought about, one span a service, each the child of the one before."""
    parent = None
    for service, name in STEPS.items():
        provider = telemetry.configure(service, otlp)
        attributes = {"trialwire.correlation_id": str(CORRELATION)}
        with telemetry.span(name, SpanKind.CONSUMER, attributes, telemetry.context_of(parent)):
            parent = telemetry.traceparent()
        provider.shutdown()


def test_the_search_for_a_correlation_shows_its_trace(pages: str, page: Page) -> None:
    query = quote(f"trialwire.correlation_id={CORRELATION}")
    now = int(time.time() * 1000)  # without endTs the page fills in the search and does not run it
    page.goto(f"{pages}/zipkin/?annotationQuery={query}&lookback=1d&endTs={now}&limit=10")
    expect(page.get_by_text(STEPS["safety"]).first).to_be_visible(timeout=20_000)


def test_a_trace_shows_every_service_in_one_tree(pages: str, page: Page) -> None:
    query = quote(f"trialwire.correlation_id={CORRELATION}")
    found = page.request.get(f"{pages}/api/v2/traces?annotationQuery={query}").json()
    page.goto(f"{pages}/zipkin/traces/{found[0][0]['traceId']}")
    for name in STEPS.values():
        expect(page.get_by_text(name).first).to_be_visible(timeout=20_000)
