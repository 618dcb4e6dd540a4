"""The one place that reads the time: UTC, plus an offset that only the embedded stack ever sets."""

from datetime import UTC, datetime, timedelta

_offset = timedelta()


def now() -> datetime:
    """Business time: what deadlines, effective dates and the time of an event go by."""
    return datetime.now(UTC) + _offset


def simulated() -> bool:
    """True while an offset is set; events recorded then say so."""
    return _offset != timedelta()


def offset() -> timedelta:
    """How far business time is ahead of real time."""
    return _offset


def advance(offset: timedelta) -> None:
    """Set business time ahead of real time by `offset` in all. It only ever goes forward."""
    global _offset
    if offset < _offset:
        raise ValueError("the clock goes forward only")
    _offset = offset
