"""The states of a corrective or preventive action, and what stands in their way.

A proposal of ours: ICH E6(R3) 3.11.4.5.1 asks for action that prevents recurrence and prescribes no states.
"""

from shared.contracts.trials.capa import CapaStatus

TRANSITIONS: dict[CapaStatus, tuple[CapaStatus, ...]] = {
    "opened": ("planned",),
    "planned": ("implemented",),
    "implemented": ("effective", "opened"),
    "effective": ("closed",),
    "closed": (),
}
GUARDS: dict[tuple[CapaStatus, CapaStatus], tuple[str, ...]] = {
    ("opened", "planned"): ("capa.due_in_past",),
    ("planned", "implemented"): ("capa.before_cause", "capa.in_future"),
    ("implemented", "effective"): ("two_persons", "capa.before_cause", "capa.in_future"),
    ("implemented", "opened"): ("two_persons", "capa.before_cause", "capa.in_future"),
}
