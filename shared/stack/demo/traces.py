"""Traces of the chain in Zipkin: the search for its correlation, and the tree of one burst."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

TAG = "trialwire.correlation_id"
LIMIT = 500  # of traces; a story that is played once has about a hundred


def search_link(zipkin: str, correlation: UUID) -> str:
    """The page that runs the search by itself: Zipkin does so only where `endTs` stands in the address."""
    query = quote(f"{TAG}={correlation}", safe="")
    ends = int((time.time() + 3600) * 1000)
    return f"{zipkin}/zipkin/?annotationQuery={query}&lookback=1d&endTs={ends}&limit={LIMIT}"


async def found(web: httpx.AsyncClient, zipkin: str, correlation: UUID) -> list[list[dict[str, Any]]]:
    """The traces that the search finds, each a list of Zipkin's spans."""
    params: dict[str, str | int] = {
        "annotationQuery": f"{TAG}={correlation}",
        "lookback": 86_400_000,
        "limit": LIMIT,
    }
    answer = await web.get(f"{zipkin}/zipkin/api/v2/traces", params=params)
    traces: list[list[dict[str, Any]]] = answer.raise_for_status().json()
    return traces


async def tree(web: httpx.AsyncClient, zipkin: str, trace: str, services: set[str]) -> list[dict[str, Any]]:
    """The spans of a trace once it is one tree that spans these services; the caller sets the limit."""
    while True:
        answer = await web.get(f"{zipkin}/zipkin/api/v2/trace/{trace}")
        spans: list[dict[str, Any]] = answer.json() if answer.is_success else []
        if is_tree(spans) and services <= services_of(spans):
            return spans
        await asyncio.sleep(0.2)


def is_tree(spans: list[dict[str, Any]]) -> bool:
    """Whether one span is the root and every other hangs below another of them."""
    ids = {span["id"] for span in spans}
    return sum(span.get("parentId") not in ids for span in spans) == 1


def services_of(spans: list[dict[str, Any]]) -> set[str]:
    """The services in whose processes the spans were made."""
    return {span["localEndpoint"]["serviceName"] for span in spans}
