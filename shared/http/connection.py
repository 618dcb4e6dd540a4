"""A connection of the HTTP server that no client holds by sending slowly, and whose refusals are problems."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from shared.http.door import ALWAYS
from shared.http.problems import ProblemError

HEAD_LIMIT = 16 * 1024  # bytes of request line and headers
ANSWERING = 4  # seconds in which a server that stops ends what it answers
_PATIENCE = 20.0  # seconds from a request's first byte to the end of its headers


class Connection(H11Protocol):
    """uvicorn's own waits for ever for the end of the headers, and for the rest of a body nobody reads."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # While a request is being answered its body has limits of its own (shared/http/bodies.py).
        if self.cycle is None or self.cycle.response_complete:
            self._wait()
        else:
            self._stop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(_PATIENCE, self._give_up)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """For what is not HTTP, or has more than 16 KiB of headers. No application sees such a request."""
        answer = ProblemError(400, "malformed-request", "not HTTP, or too much of it").response()
        headers = [*answer.raw_headers, *ALWAYS, (b"connection", b"close")]
        events: tuple[Any, ...] = (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


# How every service listens; only address and port differ.
LISTENING: dict[str, Any] = {
    "http": Connection,
    "ws": "none",
    "h11_max_incomplete_event_size": HEAD_LIMIT,
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "timeout_graceful_shutdown": ANSWERING,
}
