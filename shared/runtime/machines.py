"""The machines that this process knows: one look at their file, for the API and the commands topic alike."""

from functools import lru_cache
from pathlib import Path

from shared.identity.machines import Machines
from shared.runtime import logs, metrics


@lru_cache
def machines_in(file: Path) -> Machines:
    """The machines of this file; a change of it that is wrong is logged and counted, once, and not taken."""
    return Machines(file, _wrong)


def _wrong(fault: str) -> None:
    metrics.MACHINES_WRONG.inc()
    logs.log.error("machines.unchanged", reason=fault)
