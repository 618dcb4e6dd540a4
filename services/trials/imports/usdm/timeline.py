"""Where the encounters of a design stand: their epochs, and their days on the main timeline."""

from collections import Counter
from dataclasses import dataclass

from services.trials.imports.usdm.words import Part, code, days_of, parts, text

_SIGNS = {"before": -1, "after": 1}


@dataclass(frozen=True)
class Place:
    """The epoch's id, the days after the timeline's fixed point (before it: negative), and the window."""

    epoch: str
    offset: int | None
    early: int
    late: int


def places(design: Part, left: Counter[str]) -> dict[str, Place]:
    """Each encounter of the main timeline by its id, where it stands first."""
    timelines = parts(design, "scheduleTimelines")
    main = next((one for one in timelines if one.get("mainTimeline") is True), None)
    left["scheduleTimelines beside the main one"] += len(timelines) - (main is not None)
    if main is None:
        return {}
    timings = {text(one, "relativeFromScheduledInstanceId") or "": one for one in parts(main, "timings")}
    found: dict[str, Place] = {}
    for instance in parts(main, "instances"):
        encounter, epoch, id_ = (text(instance, name) for name in ("encounterId", "epochId", "id"))
        if not encounter or not epoch or encounter in found:
            left["timeline instances without an encounter of their own"] += 1
            continue
        timing = timings.get(id_ or "", {})
        offset = _offset(timings, id_ or "", len(timings))
        left["timings that give no whole day"] += bool(timing) and offset is None
        window = [text(timing, name) for name in ("windowLower", "windowUpper")]
        left["windows that are no whole days"] += any(one and days_of(one) is None for one in window)
        early, late = (days_of(one) or 0 for one in window)
        found[encounter] = Place(epoch, offset, early, late)
    return found


def _offset(timings: dict[str, Part], instance: str, steps: int) -> int | None:
    """The days from the fixed point: each timing counts from another instance, back to the fixed one."""
    timing = timings.get(instance)
    if timing is None or steps < 0:
        return None
    words = code(timing, "type")[1]
    if words == "fixed reference":
        return 0
    days, to = days_of(text(timing, "value")), text(timing, "relativeToScheduledInstanceId") or ""
    before = _offset(timings, to, steps - 1)
    if days is None or before is None or words not in _SIGNS:
        return None
    return before + _SIGNS[words] * days
