"""What of a body is judged before it is read as JSON: its depth by its bytes, its media type, its pace."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from shared.http import bodies
from shared.http.problems import ProblemError

TEXTS = st.text(alphabet=st.sampled_from('[]{}"\\a\u00e9\n'), max_size=8)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=30,
)


def counted(value: Any) -> int:
    """How deep a decoded value is nested."""
    if isinstance(value, dict):
        return 1 + max(map(counted, value.values()), default=0)
    return 1 + max(map(counted, value), default=0) if isinstance(value, list) else 0


@given(TREES, st.booleans(), st.sampled_from([None, 1]))
def test_the_depth_of_the_bytes_is_that_of_the_value(tree: Any, plain: bool, indent: int | None) -> None:
    text = json.dumps(tree, ensure_ascii=plain, indent=indent)
    assert bodies.depth(text.encode()) == counted(json.loads(text))


@given(st.binary(max_size=200) | TEXTS.map(str.encode))
def test_any_bytes_have_some_depth(body: bytes) -> None:
    assert bodies.depth(body) <= body.count(b"[") + body.count(b"{")


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_one_level_too_many_is_refused_and_the_last_allowed_one_is_not(opening: bytes) -> None:
    levels = opening.count(b"[") + opening.count(b"{")
    most = bodies.DEPTH_LIMIT // levels
    bodies.refuse_deeper(opening * most + b"1")
    with pytest.raises(ProblemError, match="too-deep"):
        bodies.refuse_deeper(opening * (most + 1) + b"1")
    bodies.refuse_deeper(json.dumps({"text": "[" * 5_000 + '\\"' + "{" * 5_000}).encode())
    bodies.refuse_deeper(b"[]" * 400_000)


def asked(*arriving: Any, **headers: str) -> Request:
    """A request whose body comes as these parts: bytes, or seconds of silence."""
    parts = iter(arriving)

    async def receive() -> Any:
        for part in parts:
            if isinstance(part, bytes):
                return {"type": "http.request", "body": part, "more_body": True}
            await asyncio.sleep(part)
        return {"type": "http.request", "body": b"", "more_body": False}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw}, receive)


@pytest.mark.parametrize(
    ("headers", "rule"),
    [
        ({}, "content-type"),
        ({"content_type": "text/plain"}, "content-type"),
        ({"content_type": "application/x-www-form-urlencoded"}, "content-type"),
        ({"content_type": "application/json", "content_encoding": "gzip"}, "content-encoding"),
        ({"content_type": "application/json", "content_encoding": "identity, br"}, "content-encoding"),
        ({"content_type": "application/json", "content_encoding": "Identity"}, None),
        ({"content_type": "Application/JSON; charset=utf-8"}, None),
    ],
)
def test_only_plain_json_is_a_command(headers: dict[str, str], rule: str | None) -> None:
    if rule is None:
        bodies.refuse_other_than(asked(**headers), bodies.JSON)
        return
    with pytest.raises(ProblemError, match=rule) as refused:
        bodies.refuse_other_than(asked(**headers), bodies.JSON)
    assert refused.value.status == 415


def test_an_upload_without_a_media_type_is_octets() -> None:
    bodies.refuse_other_than(asked(), bodies.JSON, bodies.OCTETS)


async def test_a_body_that_drips_is_cut_off_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_WHOLE", 0.1)
    assert await bodies.body_of(asked(b"a", 0.01, b"b")) == b"ab"
    with pytest.raises(ProblemError, match="too-slow") as late:
        await bodies.body_of(asked(*(part for _ in range(50) for part in (b"x", 0.01))))
    assert (late.value.status, late.value.headers) == (408, {"Connection": "close"})


async def test_an_upload_may_last_and_may_not_fall_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_SILENT", 0.1)
    monkeypatch.setattr(bodies, "_LEAST", 50)

    async def read(upload: AsyncIterator[bytes]) -> bytes:
        return b"".join([chunk async for chunk in upload])

    lasting = asked(*(part for _ in range(20) for part in (b"x", 0.01)))
    assert await read(bodies.upload_of(lasting)) == b"x" * 20
    with pytest.raises(ProblemError, match="nothing came"):
        await read(bodies.upload_of(asked(b"x", 1)))
    monkeypatch.setattr(bodies, "_LEAST", 1_000)
    with pytest.raises(ProblemError, match="less than 1000 bytes a second"):
        await read(bodies.upload_of(asked(*(part for _ in range(50) for part in (b"x", 0.01)))))
    assert await read(bodies.upload_of(asked(b"x" * 60, b"x" * 40), 100)) == b"x" * 100
    with pytest.raises(ProblemError, match="too-large"):
        await read(bodies.upload_of(asked(b"x" * 60, b"x" * 41), 100))


async def test_a_body_over_the_limit_is_read_no_further() -> None:
    unread = asked(b"x" * 60, b"x" * 60, 1_000)
    with pytest.raises(ProblemError, match="too-large"):
        await bodies.body_of(unread, limit=100)
