"""How a promise was not kept, under the names that Jepsen gives such things."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, order=True)
class Anomaly:
    """Which invariant, how (lost-write, duplicate, nonmonotonic, skip, ghost, corrupt), and where."""

    invariant: str
    kind: str
    where: str


def at(stream: object, version: object) -> str:
    """A place in a stream."""
    return f"{stream} v{int(str(version))}"
