"""Records whose header names are not UTF-8 are read; all others as aiokafka reads them."""

from typing import Any

import pytest
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.fetching import TolerantRecords, _decoded

Record = tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]
BYTES = st.none() | st.binary(max_size=40)
HEADERS = st.lists(st.tuples(st.text(max_size=10), BYTES), max_size=4)


def batch_of(records: list[Record], compression: int = 0) -> bytes:
    builder = DefaultRecordBatchBuilder(
        2,
        compression,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=0,
        batch_size=99_999,
    )
    for offset, (key, value, headers) in enumerate(records):
        builder.append(offset, 1_700_000_000_000 + offset, key=key, value=value, headers=headers)
    return bytes(builder.build())


def fields(record: Any) -> tuple[Any, ...]:
    headers = [(name, value) for name, value in record.headers]
    return record.offset, record.timestamp, record.key, record.value, headers


@given(st.lists(st.tuples(BYTES, BYTES, HEADERS), min_size=1, max_size=6), st.sampled_from([0, 1, 3, 4]))
def test_our_decoder_reads_every_batch_as_aiokafka_does(records: list[Record], compression: int) -> None:
    data = batch_of(records, compression)
    assert [fields(r) for r in _decoded(memoryview(data))] == [fields(r) for r in DefaultRecordBatch(data)]


def patched(name: bytes) -> bytes:
    placeholder = "n" * len(name)
    first: Record = (b"k", b"1", [("ce_id", b"x")])
    data = bytearray(batch_of([first, (b"k", b"2", [(placeholder, b"v"), ("ce_id", b"y")])]))
    data = bytearray(bytes(data).replace(placeholder.encode(), name))
    data[17:21] = calc_crc32c(bytes(data[21:])).to_bytes(4, "big")
    return bytes(data)


def test_a_name_that_is_not_utf_8_is_written_in_escapes() -> None:
    data = patched(b"\xff\xfename")
    with pytest.raises(UnicodeDecodeError):
        list(DefaultRecordBatch(data))
    records = TolerantRecords(data)
    assert records.has_next()
    assert records.size_in_bytes() == len(data)
    batch = records.next_batch()
    assert batch.validate_crc()
    found = {record.offset: record for record in batch}
    assert found[0].value == b"1"
    assert list(found[1].headers) == [("\\xff\\xfename", b"v"), ("ce_id", b"y")]
    assert not records.has_next()
