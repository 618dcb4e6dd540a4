"""Bodies of requests: which kinds are taken, and how large, how deep and how slow they may be."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from itertools import accumulate

from fastapi import Request

from shared.http.problems import ProblemError

BODY_LIMIT, DEPTH_LIMIT = 1024 * 1024, 32
JSON, OCTETS = "application/json", "application/octet-stream"
_LEAST = 16 * 1024  # bytes a second that an upload has to bring on average
_WHOLE, _SILENT = 30.0, 60.0  # seconds for a command's body, and for an upload without a word

# Possessive: it never tries a text anew, so its cost grows with the body and nothing else.
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # as signed bytes: one level down, one up
_OTHERS = bytes(set(range(256)) - set(b"[{]}"))


def media_type_of(request: Request) -> str:
    """The media type of the body, without parameters; without a word it is octets (RFC 9110, 8.3)."""
    return request.headers.get("content-type", OCTETS).partition(";")[0].strip().lower()


def refuse_other_than(request: Request, *kinds: str) -> None:
    """415 for a body of another media type, or for one that is compressed.

    What small bytes unfold to is known only afterwards, so nothing is unfolded.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise ProblemError(415, "content-encoding", "a body is taken as it is, not compressed")
    if media_type_of(request) not in kinds:
        raise ProblemError(415, "content-type", f"Content-Type must be {', '.join(kinds)}")


async def body_of(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """The body, read no further than the limit: 413 beyond it, 408 after 30 s."""
    chunks, size = [], 0
    try:
        async with asyncio.timeout(_WHOLE):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise ProblemError(413, "too-large", f"a command takes at most {limit} bytes")
                chunks.append(chunk)
    except TimeoutError:
        raise ProblemError(408, "too-slow", f"the body took longer than {_WHOLE:g} s") from None
    return b"".join(chunks)


async def upload_of(request: Request, limit: int | None = None) -> AsyncIterator[bytes]:
    """The chunks of a body, 413 beyond `limit` bytes.

    408 where a minute goes by without one, or where all the waiting comes to more than a minute and what a
    rate of 16 KiB a second would take: whoever drips would hold a place for ever.
    """
    stream, size, waited = request.stream(), 0, 0.0
    while True:
        began = time.monotonic()
        try:
            async with asyncio.timeout(_SILENT):
                chunk = await anext(stream, b"")
        except TimeoutError:
            raise ProblemError(408, "too-slow", f"nothing came for {_SILENT:g} s") from None
        if not chunk:
            return
        size, waited = size + len(chunk), waited + time.monotonic() - began
        if limit is not None and size > limit:
            raise ProblemError(413, "too-large", f"a document has at most {limit} bytes here")
        if waited > _SILENT + size / _LEAST:
            raise ProblemError(408, "too-slow", f"it comes at less than {_LEAST} bytes a second")
        yield chunk


def refuse_deeper(body: bytes, limit: int = DEPTH_LIMIT) -> None:
    """400 for JSON nested deeper than the limit, told from its bytes before any object is made."""
    if body.count(b"[") + body.count(b"{") <= limit:
        return  # as nearly all are: not even their texts need to be found
    if depth(body) > limit:
        raise ProblemError(400, "too-deep", f"lists and objects may be nested {limit} deep")


def depth(body: bytes) -> int:
    """How deep lists and objects are nested; of what is no JSON, some number."""
    steps = memoryview(_TEXT.sub(b"", body).translate(_STEPS, _OTHERS)).cast("b")
    return max(accumulate(steps), default=0)
