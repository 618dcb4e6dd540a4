"""What we change of aiokafka's fetcher: it stands still at some records, and comes late with others."""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import consumer, fetcher
from aiokafka.record import default_records, memory_records
from aiokafka.record.util import decode_varint
from aiokafka.structs import ConsumerRecord

_IDLE_MS, _BUSY_MS = 500, 20
_Slices = (
    memory_records._MemoryRecordsPy
)  # cuts a fetched buffer into batches; each is decoded by compiled code


class TolerantRecords:
    """What aiokafka's fetcher reads batches from; a batch that it cannot decode is decoded here instead."""

    def __init__(self, data: bytes) -> None:
        self._slices = _Slices(data)

    def size_in_bytes(self) -> int:
        return int(self._slices.size_in_bytes())

    def has_next(self) -> bool:
        return bool(self._slices.has_next())

    def next_batch(self) -> Any:
        data = self._slices._next_slice
        batch = self._slices.next_batch()
        return _Batch(batch, data) if isinstance(batch, default_records.DefaultRecordBatch) else batch


class _Batch:
    """A batch of today's format; everything but the iteration is aiokafka's."""

    def __init__(self, batch: Any, data: memoryview) -> None:
        self._batch = batch
        self._data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._batch
        except UnicodeDecodeError:
            yield from _decoded(self._data)  # from its start: the fetcher drops offsets that it has passed


def _decoded(data: memoryview) -> Iterator[ConsumerRecord[Any, Any]]:
    """The records of a batch, with bytes that are no UTF-8 written as escapes in the names of headers."""
    batch = default_records._DefaultRecordBatchPy(data)
    iter(batch)  # decompresses it
    buffer, at = bytes(batch._buffer), batch._pos

    def number() -> int:
        nonlocal at
        value, at = decode_varint(buffer, at)
        return int(value)

    def taken() -> bytes | None:
        nonlocal at
        if (length := number()) < 0:
            return None
        at += length
        return buffer[at - length : at]

    for _ in range(batch._num_records):
        number()  # the record's length
        at += 1  # its attributes, of which there are none
        timestamp, offset = batch.first_timestamp + number(), batch.base_offset + number()
        key, value = taken(), taken()
        headers = tuple(
            ((taken() or b"").decode(errors="backslashreplace"), taken()) for _ in range(number())
        )
        yield ConsumerRecord("", 0, offset, timestamp, batch.timestamp_type, key, value, None, 0, 0, headers)


class Fetcher(fetcher.Fetcher):  # type: ignore[misc]  # aiokafka is untyped
    """Fetches ahead, and waits long only while nothing waits for us.

    A partition whose records wait to be handed over is left out of the fetch under way, and what it gets next
    comes with the fetch after that: so that one must not be held back by an idle broker.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named, prefetch_backoff=_BUSY_MS / 1000)

    def _get_actions_per_node(self, assignment: Any) -> Any:
        self._fetch_max_wait_ms = _BUSY_MS if self._records else _IDLE_MS
        return super()._get_actions_per_node(assignment)


def tolerate() -> None:
    """Make every consumer of this process fetch so."""
    consumer.Fetcher = Fetcher
    # Header names that are not UTF-8: aiokafka raises on them for ever, and their partition stands still.
    fetcher.MemoryRecords = TolerantRecords
