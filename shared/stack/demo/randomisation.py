"""The sample randomisation system as a process beside the stack, with logins of its own and nothing else."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from shared.stack.access import OBSERVER
from shared.stack.api import StackAddresses
from shared.stack.demo.stage import text
from shared.stack.home import write_private

PROGRAM = Path(__file__).with_name("randomiser.py")


class RandomisationSystem:
    """Runs for the length of a block; `folder` keeps its token and its allocations."""

    def __init__(self, found: StackAddresses, token: str, folder: Path) -> None:
        self._found, self._token, self._folder = found, token, folder
        self.allocations = folder / "allocations.jsonl"

    async def __aenter__(self) -> Self:
        token = self._folder / "token"
        write_private(token, self._token)
        arguments = {
            "--kafka": self._found.kafka,
            "--api": self._found.services["trials"],
            "--token": token,
            "--allocations": self.allocations,
            "--login": self._found.logins.get(OBSERVER),
            "--tls": self._found.tls,
        }
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROGRAM),
            *(str(word) for pair in arguments.items() if pair[1] for word in pair),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            await self._answer()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def randomise(self, **asked: Any) -> dict[str, Any]:
        """The system's answer to a site that asks for a subject."""
        if self._process.stdin:
            self._process.stdin.write(text(asked) + b"\n")
        return await self._answer()

    async def _end(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()

    async def _answer(self) -> dict[str, Any]:
        line = await self._process.stdout.readline() if self._process.stdout else b""
        told: dict[str, Any] = json.loads(line or b'{"answer": "ended"}')
        return told
