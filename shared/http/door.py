"""Around every answer: the request's id, headers that bind a browser, and a limit of how many at once."""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars
from uuid_utils.compat import uuid7

from shared.http.problems import ProblemError

AT_ONCE = 256  # requests in one process; each may hold a body of 1 MiB, and twelve have a connection
CSP = "content-security-policy"
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
_POLICY = (CSP.encode(), NOTHING.encode())
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# They tell an operator how a full process fares.
_PROBES = frozenset({"/livez", "/readyz", "/metrics"})


class Door:
    """The outermost ASGI application of a service; whatever happens within it, the headers are there."""

    def __init__(self, app: ASGIApp, at_once: int = AT_ONCE) -> None:
        self._app, self._at_once = app, at_once
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        id_ = _request_id(scope)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), *ALWAYS, (b"x-request-id", id_)]
                if not any(name == _POLICY[0] for name, _ in headers):
                    headers.append(_POLICY)
                message["headers"] = headers
            await send(message)

        with bound_contextvars(request_id=id_.decode()):
            if self._inside >= self._at_once and scope["path"] not in _PROBES:
                busy = ProblemError(503, "busy", f"{self._at_once} requests are being answered")
                await busy.response()(scope, receive, answer)
                return
            self._inside += 1
            try:
                await self._app(scope, receive, answer)
            finally:
                self._inside -= 1


def _request_id(scope: Scope) -> bytes:
    """The id that the sender gave, where it is a short plain word; else a new one, which sorts by time."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given if _ID.fullmatch(given) else str(uuid7()).encode()
