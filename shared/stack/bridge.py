"""Hands OTLP spans over HTTP to Zipkin: `python -m shared.stack.bridge PORT ZIPKIN_URL`."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httpx
import uvicorn
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from shared.stack.home import LOOPBACK
from shared.stack.otlp import zipkin_spans

Message = MutableMapping[str, Any]
_LIMIT = 16 * 1024 * 1024


class Bridge:
    """The ASGI app: POST /v1/traces (protobuf, plain or gzip) and GET /readyz."""

    def __init__(self, zipkin_url: str) -> None:
        # No proxy: Zipkin is on this machine, whatever the environment says.
        self._zipkin = httpx.AsyncClient(base_url=zipkin_url, timeout=10, trust_env=False)

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        status, text = 404, b""
        if (scope["method"], scope["path"]) == ("GET", "/readyz"):
            status = 200
        elif (scope["method"], scope["path"]) == ("POST", "/v1/traces"):
            status, text = await self._take(dict(scope["headers"]), await _body(receive))
        headers = [(b"content-type", b"application/x-protobuf" if status == 200 else b"text/plain")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    async def _take(self, headers: dict[bytes, bytes], body: bytes) -> tuple[int, bytes]:
        """OTLP: 400 is final, 503 asks the exporter to try again, an empty body is an empty success."""
        try:
            spans = zipkin_spans(
                gzip.decompress(body) if headers.get(b"content-encoding") == b"gzip" else body
            )
        except (DecodeError, OSError, EOFError, zlib.error) as error:
            return 400, f"not an export request: {error}".encode()
        try:
            answer = await self._zipkin.post("/api/v2/spans", json=spans)
        except httpx.HTTPError as error:
            return 503, f"Zipkin does not answer: {error}".encode()
        return (200, b"") if answer.is_success else (503, answer.content)


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes:
    parts, size, more = [], 0, True
    while more and size < _LIMIT:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
    return b"".join(parts)


if __name__ == "__main__":
    app = Bridge(sys.argv[2])
    uvicorn.run(app, host=LOOPBACK, port=int(sys.argv[1]), lifespan="off", log_level="warning")
