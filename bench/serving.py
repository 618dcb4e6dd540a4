"""A service as a process of its own, for benchmarks; run as a module it is the sample service."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
from fastapi import APIRouter

from bench.stack import ROOT, Stack
from shared.http.app import serve
from shared.runtime.settings import Settings
from tests.support import identity


@dataclass(frozen=True)
class Serving:
    """A running service process and where its API is."""

    url: str
    process: psutil.Process

    def resident_mb(self) -> float:
        return round(float(self.process.memory_info().rss) / 2**20, 1)

    def cpu_seconds(self) -> float:
        used = self.process.cpu_times()
        return float(used.user + used.system)


@contextlib.contextmanager
def serving(stack: Stack, dsn: str, module: str = "bench.serving") -> Iterator[Serving]:
    """Start the process, wait until it is ready, end it in order."""
    settings = stack.settings(dsn)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "TRIALWIRE_DSN_FILE": str(settings.dsn_file),
        "TRIALWIRE_KAFKA": stack.kafka,
        "TRIALWIRE_PORT": str(port),
        **{f"TRIALWIRE_{name.upper()}": str(value) for name, value in identity.believed().items()},
    }
    with (stack.folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-m", module], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        try:
            _await_ready(f"http://127.0.0.1:{port}", process)
            yield Serving(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait(25)


def _await_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), direct.open(f"{url}/readyz", timeout=2):
            return
        time.sleep(0.1)
    raise SystemExit(f"the service at {url} did not become ready")


if __name__ == "__main__":
    from bench.sample import service

    serve(service(), APIRouter(), Settings())
