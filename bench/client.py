"""A lean HTTP client: kept-alive connections, so that what is measured is the service and not the client."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

from uuid_utils.compat import uuid7

from tests.support import identity


class Client:
    """One connection; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._busy = asyncio.Lock()

    @classmethod
    async def to(cls, url: str) -> "Client":
        address = urlsplit(url)
        return cls(*await asyncio.open_connection(address.hostname, address.port))

    async def post(
        self, command: str, actor: str = "developer:bench", signed: bool = False, **fields: Any
    ) -> dict[str, Any]:
        """Send a command with a key of its own; SystemExit with the problem where it is not done."""
        body = json.dumps(fields, default=str).encode()
        who = identity.issuer().headers(actor, body if signed else None)
        lines = "".join(f"{name}: {value}\r\n" for name, value in who.items())
        head = (
            f"POST /v1/commands/{command} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"{lines}Idempotency-Key: {uuid7()}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        async with self._busy:
            self._writer.write(head.encode() + body)
            answer = await self._reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            said = await self._reader.readexactly(length)
        if not answer.startswith(b"HTTP/1.1 20"):
            raise SystemExit(f"{command}: {said.decode()}")
        told: dict[str, Any] = json.loads(said)
        return told

    def close(self) -> None:
        self._writer.close()
