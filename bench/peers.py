"""What a user would run instead, each as a process of its own; absent where its parts cannot be had."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import venv
from typing import Any

from bench.stack import ROOT, Stack
from shared.stack.home import cache_folder
from shared.stack.java import java

SCRIPTS = ROOT.parent / "shared" / "peers"
_PACKAGES = ["faststream[kafka]", "faststream-outbox[asyncpg]", "asyncpg", "uvloop", "aiokafka"]


class Peers:
    """The scripts of the peers. A run of one gives several figures, so each round keeps its answers."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._cache = cache_folder() / "peers"
        self._answers: dict[str, dict[str, Any] | None] = {}
        self.round = 0

    def prepare(self) -> None:
        """Fetch what the peers need, once; what fails leaves its peer absent."""
        if not SCRIPTS.exists():
            print("peers: absent", file=sys.stderr)
            return
        python, connect = self._cache / "venv" / "bin" / "python", self._cache / "connect"
        try:
            if not python.exists():
                venv.create(python.parents[1], with_pip=True)
                _run(python, "-m", "pip", "install", "--quiet", *_PACKAGES)
            if not list(connect.glob("plugins/*jdbc/*.jar")) and shutil.which("mvn"):
                _run("sh", SCRIPTS / "get_connect.sh", connect)
        except (subprocess.SubprocessError, OSError) as fault:
            print(f"peers: {fault}", file=sys.stderr)

    async def measure(self, script: str, *options: str, connect: bool = False) -> dict[str, Any] | None:
        """The figures that the script prints; None where it is absent or fails. One run a round."""
        name = f"{self.round} {script} {options}"
        if name not in self._answers:
            self._answers[name] = await self._measure(script, *options, connect=connect)
        return self._answers[name]

    async def _measure(self, script: str, *options: str, connect: bool) -> dict[str, Any] | None:
        python, jars = self._cache / "venv" / "bin" / "python", self._cache / "connect"
        if not (SCRIPTS / script).exists() or not python.exists() or (connect and not jars.exists()):
            return None
        arguments = [str(SCRIPTS / script), "--bootstrap", self._stack.kafka, *options]
        if script != "faststream_handler.py":
            arguments += ["--dsn", self._stack.postgres]
        if connect:
            arguments += ["--connect", str(jars)]
        path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(java().parent)])
        process = await asyncio.create_subprocess_exec(
            python,
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
        )
        try:
            said, wrong = await asyncio.wait_for(process.communicate(), 240)
        except TimeoutError:
            process.terminate()
            said, wrong = await process.communicate()
        finally:  # a worker that did not stop in its script's time would slow all that is measured later
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if process.returncode:
            print(f"{script}: {wrong.decode()[-500:]}", file=sys.stderr)
            return None
        answer: dict[str, Any] = json.loads(said.splitlines()[-1])
        return answer


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, timeout=600)  # noqa: S603  our own words


def chosen(answer: dict[str, Any] | None, *names: str) -> dict[str, float] | None:
    """Some figures of an answer, in this order."""
    return {name: float(answer[name]) for name in names} if answer else None
