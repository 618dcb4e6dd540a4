"""The rows that an event touches, asked as the runtime asks: only of events that the function takes."""

from collections.abc import Callable, Sequence
from typing import Any

from shared.contracts.message import Recorded
from shared.runtime.takers import events_of


def touched(keys: Callable[[Any], Sequence[Any]], message: Recorded[Any]) -> Sequence[Any]:
    """The primary keys of a projection's rows that the event touches."""
    return keys(message) if isinstance(message.data, events_of(keys)) else ()
