"""The import of registry records over HTTP on a real Postgres: the real ones, and what is none."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from shared.runtime.execute import Executor
from tests.support.answering import answering
from tests.support.stack import Servers
from tests.unit.trials.trials_records import DATA, chunks, needs_data, study

Api = tuple[Executor, httpx.AsyncClient]


@pytest.fixture
async def trials(servers: Servers) -> AsyncIterator[Api]:
    async with answering(servers, "trials") as found:
        yield found


async def told(client: httpx.AsyncClient, content: bytes | Iterator[bytes]) -> dict[str, Any]:
    """The summary of an import."""
    body = content if isinstance(content, bytes) else _stream(content)
    answer = await client.post("/v1/imports/ctgov", content=body)
    assert answer.status_code == 200, answer.text[:300]
    summary: dict[str, Any] = answer.json()
    return summary


async def _stream(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def counts(summary: dict[str, Any]) -> tuple[int, int, int, int]:
    return summary["read"], summary["imported"], summary["unchanged"], len(summary["rejected"])


@needs_data
async def test_real_records_are_all_imported_once(trials: Api) -> None:
    run, client = trials
    records = DATA / "v2" / "studies.ndjson"
    assert counts(await told(client, chunks(records))) == (302, 302, 0, 0)
    events = await run.pool.fetchval("SELECT count(*) FROM es.event")
    assert counts(await told(client, chunks(records))) == (302, 0, 302, 0)
    assert await run.pool.fetchval("SELECT count(*) FROM es.event") == events
    found, after = [], None
    while True:
        page = (
            await client.get("/v1/trials", params={"limit": 100} | ({"after": after} if after else {}))
        ).json()
        found += page["items"]
        if (after := page["next"]) is None:
            break
    assert len({row["nct"] for row in found}) == 302


async def test_a_broken_record_costs_no_other(trials: Api) -> None:
    _, client = trials
    whole = [json.dumps(study(f"NCT0000000{n}")).encode() for n in range(1, 4)]
    summary = await told(client, b"\n".join([whole[0], whole[1][:-40], whole[2]]))
    assert counts(summary) == (3, 2, 0, 1)
    assert (await client.get("/v1/trials/nct/NCT00000003")).status_code == 200
    assert (await client.get("/v1/trials/nct/NCT00000002")).status_code == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("nothing", b""),
        ("truncated JSON", json.dumps(study()).encode()[:-20]),
        ("a truncated array", b"[" + json.dumps(study("NCT00000009")).encode()[:-20]),
        ("truncated XML", b"<clinical_study><id_info><nct_id>NCT00000001</nct_id>"),
        ("NUL bytes", b"\x00" * 1_000),
        ("NUL in a title", json.dumps(study()).replace("A title", "A\\u0000title").encode()),
        ("half a surrogate", json.dumps(study()).replace("A title", "A \\ud800 title").encode()),
        ("not UTF-8", json.dumps(study()).encode().replace(b"A title", b"\xff\xfe")),
        ("a number", b"42"),
        ("deep JSON", b'{"protocolSection":' * 20_000 + b"{}" + b"}" * 20_000),
        ("ten megabytes in a line", b"x" * 10_000_000),
        ("ten megabytes of lines", b"garbage\n" * 1_250_000),
        ("ten megabytes of bytes", bytes(range(256)) * 40_000),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_record_is_told_and_nothing_is_recorded(
    trials: Api, name: str, content: bytes
) -> None:
    run, client = trials
    summary = await told(client, content)
    assert (summary["imported"], summary["unchanged"]) == (0, 0), name
    assert bool(summary["rejected"]) == bool(content), name
    assert len(summary["rejected"]) <= 10_001
    for one in summary["rejected"][:10]:
        assert 0 < len(one["reason"]) < 500, name
    assert await run.pool.fetchval("SELECT count(*) FROM es.event") == 0
    assert counts(await told(client, json.dumps(study()).encode())) == (1, 1, 0, 0)
