"""Where the story is played: acts of persons through the services' APIs, and waiting for what follows."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
from aiokafka.errors import KafkaError

from shared.stack.api import StackAddresses
from shared.stack.demo.timeline import Timeline, short
from shared.stack.demo.watch import Seen, Watch
from shared.stack.issuer import EmbeddedIssuer

AUDITOR = "auditor:a-01"  # who asks what is seen
ZONE = "America/New_York"  # of the demonstration's site
_UNKNOWN = UUID(int=0)


class StepFailedError(Exception):
    """A step did not come true; says which one and why."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"{step}: {reason}")
        self.step, self.reason = step, reason


@dataclass
class Story:
    """The ids that the story is about, as they become known."""

    nct: str = ""
    trial: UUID = _UNKNOWN
    correlation: UUID = _UNKNOWN
    site: UUID = field(default_factory=uuid4)
    second_site: UUID = field(default_factory=uuid4)
    case: UUID = field(default_factory=uuid4)
    subjects: list[UUID] = field(default_factory=list)


class Stage:
    """Acts as persons do, waits as they would, and gives every step its time limit."""

    def __init__(
        self,
        found: StackAddresses,
        issuer: EmbeddedIssuer,
        web: httpx.AsyncClient,
        watch: Watch,
        timeline: Timeline,
        ahead: timedelta = timedelta(),  # of business time
    ) -> None:
        self.found, self.issuer, self.web = found, issuer, web
        self.watch, self.timeline = watch, timeline
        self.story = Story()
        self.acts: list[tuple[str, UUID]] = []
        self.today = (datetime.now(UTC) + ahead).astimezone(ZoneInfo(ZONE)).date()
        self._step = ""
        self._wants = ""

    @contextlib.asynccontextmanager
    async def step(self, title: str, seconds: float) -> AsyncIterator[None]:
        """What the block does has to come true within its time; StepFailedError says why it did not."""
        self.timeline.heading(title)
        self._step, self._wants = title, "its own act"
        try:
            async with asyncio.timeout(seconds):
                yield
                self._wants = "its events on the topics"
                await self.watch.until(lambda: all(event in self.watch.known for _, event in self.acts))
        except TimeoutError:
            raise StepFailedError(title, f"not within {seconds:g} s; waited for {self._wants}") from None
        except httpx.HTTPError as fault:
            raise StepFailedError(title, f"{fault.request.url}: {type(fault).__name__}") from None
        except KafkaError as fault:
            raise StepFailedError(title, f"the broker: {type(fault).__name__}") from None

    async def act(self, who: str, service: str, command: str, **fields: Any) -> dict[str, Any]:
        """One act of a person, its events in a trace of their own; a refusal fails the step."""
        answer = await self.post(who, service, command, **fields)
        if answer.is_error:
            raise StepFailedError(self._step, f"{command}: {answer.status_code} {answer.text[:400]}")
        told: dict[str, Any] = answer.json()
        self.acts += [(self._step, UUID(event["id"])) for event in told["events"]]
        return told

    async def post(self, who: str, service: str, command: str, **fields: Any) -> httpx.Response:
        """The answer to a command, whatever it says.

        A service that has not heard of the trial yet says 404, and is asked again with the same key.
        """
        headers = {
            "Idempotency-Key": str(uuid4()),
            "Trialwire-Correlation-Id": str(self.story.correlation),
        }
        body = text(fields)
        headers |= self.issuer.headers(who, body) | {"Content-Type": "application/json"}
        return await self._send("POST", service, f"/v1/commands/{command}", content=body, headers=headers)

    async def put(
        self, who: str, service: str, path: str, content: bytes, media_type: str, **about: Any
    ) -> httpx.Response:
        """Bytes for a service's vault: a document, or particulars of the story's trial and site."""
        headers = self.issuer.headers(who) | {"Content-Type": media_type}
        headers["Trialwire-Correlation-Id"] = str(self.story.correlation)
        asked = {"trial": self.story.trial, "site": self.story.site, **about}
        params = {name: str(value) for name, value in asked.items()}
        answer = await self._send("PUT", service, path, content=content, headers=headers, params=params)
        if answer.is_error:
            raise StepFailedError(self._step, f"{path}: {answer.status_code} {answer.text[:400]}")
        return answer

    async def read(self, who: str, service: str, path: str, purpose: str) -> bytes:
        """What a service's vault gives out for a purpose, which leaves an event."""
        asked = {"headers": self.issuer.headers(who), "params": {"purpose": purpose}}
        answer = await self._send("GET", service, path, **asked)
        if answer.is_error:
            raise StepFailedError(self._step, f"{path}: {answer.status_code} {answer.text[:400]}")
        return answer.content

    async def _send(self, method: str, service: str, path: str, **request: Any) -> httpx.Response:
        address = f"{self.found.services[service]}{path}"
        while (answer := await self.web.request(method, address, **request)).status_code == 404:
            self._wants = f"{service} to answer {path} with other than {answer.text[:200]}"
            await asyncio.sleep(0.05)
        return answer

    async def come(self, type_: str, count: int = 1, **wanted: Any) -> list[Seen]:
        """Wait until so many events of a type say this; a refused reaction fails the step at once."""
        said = " ".join(f"{name}={value}" for name, value in wanted.items())
        self._wants = f"{count} of {type_} {said}".rstrip()

        def found() -> list[Seen]:
            return [seen for seen in self.watch.events if seen.matches(type_, wanted)]

        await self.watch.until(lambda: len(found()) >= count or bool(self._refused()))
        if refused := self._refused():
            data = refused[0].data
            raise StepFailedError(self._step, f"{data['command_type']}: {data['rule']}, {data['detail']}")
        return found()

    async def ask(self, service: str, path: str, **params: Any) -> Any:
        """A query of a service."""
        address, headers = f"{self.found.services[service]}{path}", self.issuer.headers(AUDITOR)
        answer = await self.web.get(address, params=params, headers=headers)
        if answer.is_error:
            raise StepFailedError(self._step, f"{service} {path}: {answer.status_code} {answer.text[:400]}")
        return answer.json()

    def ours(self) -> list[Seen]:
        """What was seen of the story's correlation, in its order."""
        return [seen for seen in self.watch.events if seen.correlation == self.story.correlation]

    def fail(self, reason: str) -> None:
        """What came is not what should have come."""
        raise StepFailedError(self._step, reason)

    def _refused(self) -> list[Seen]:
        return [seen for seen in self.ours() if short(seen.type) == "command.refused"]


def text(fields: dict[str, Any]) -> bytes:
    """A JSON body."""
    return json.dumps({name: _plain(value) for name, value in fields.items()}).encode()


def _plain(value: Any) -> Any:
    """Ids and dates as JSON text."""
    if isinstance(value, UUID | date):
        return str(value)
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
