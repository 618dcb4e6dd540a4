"""Offline: does a recorded history agree with the databases and the topic (invariants I1 to I6, and I8)?

`python -m tests.support.checker history.ndjson dump.json` checks what a run has left.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.anomaly import Anomaly, Json
from tests.support.checks_log import chained, ordered, published, writes
from tests.support.checks_state import accounted, offsets, projected


def check(history: Sequence[Json], dump: Json) -> list[Anomaly]:
    """Every anomaly of a run that has come to rest."""
    events = dump["alpha"]["events"]
    return sorted(
        {
            *writes(history, events),
            *published(events, dump["records"]),
            *ordered(dump["records"]),
            *projected(events, dump),
            *offsets(history, dump),
            *accounted(dump),
            *chained(dump["alpha"], "alpha"),
            *chained(dump["beta"], "beta"),
        }
    )


def main(history: str, dump: str) -> None:
    """Print every anomaly; exit 1 when there is one."""
    lines = [json.loads(line) for line in Path(history).read_text(encoding="utf-8").splitlines()]
    found = check(lines, json.loads(Path(dump).read_text(encoding="utf-8")))
    for anomaly in found:
        print(anomaly.invariant, anomaly.kind, anomaly.where)
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
