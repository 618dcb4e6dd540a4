"""A whole probe service as a process that a fault test may kill: `python -m tests.support.worker alpha NAME`.

The follower takes the name of the service that it follows too: `… beta NAME SOURCE`.
"""

import os
import sys

from fastapi import APIRouter

from shared.http.app import serve
from shared.runtime.leases import Leases
from shared.runtime.record import PARTITIONS
from shared.runtime.settings import Settings
from tests.support import probe


def main(kind: str, *names: str) -> None:
    """Serve until a signal ends it; settings come from the environment as in any service."""
    if os.environ.get("TRIALWIRE_IGNORE_LEASES"):
        Leases.held = lambda self: list(range(PARTITIONS))  # type: ignore[method-assign]
        Leases.valid = lambda self: True  # type: ignore[method-assign]
    service = probe.alpha(names[0]) if kind == "alpha" else probe.beta(*names)
    serve(service, APIRouter(prefix="/v1"), Settings())


if __name__ == "__main__":
    main(*sys.argv[1:])
