"""Files of data counts: each row is a report or says line, field and rule; nothing else ever happens."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trials.commands.data_counts import RecordDataCounts
from services.trials.imports.counts import COLUMNS, RejectedRow, Row, read
from tests.unit.trials.trials_world import SITE, TRIAL

HEADER = ",".join(COLUMNS)
GOOD: dict[str, str] = {
    "trial_id": str(TRIAL),
    "site_id": str(SITE),
    "as_of": "2026-03-10",
    "source": "EDC",
    "forms_expected": "30",
    "forms_entered": "20",
    "forms_verified": "10",
    "queries_opened": "8",
    "queries_answered": "6",
    "queries_closed": "5",
    "oldest_open_days": "",
}


def line(**other: str) -> str:
    return ",".join((GOOD | other)[name] for name in COLUMNS)


def told(text: str | bytes) -> list[Row | RejectedRow]:
    content = text if isinstance(text, bytes) else text.encode()
    return list(read(iter([content])))


def fault(text: str | bytes) -> tuple[int, str | None, str]:
    (found,) = [one for one in told(text) if isinstance(one, RejectedRow)]
    return found.line, found.field, found.rule


def test_a_row_is_a_report_with_its_line() -> None:
    ((number, report),) = told(f"\ufeff{HEADER}\r\n\r\n{line()}\r\n")
    assert number == 3
    assert isinstance(report, RecordDataCounts)
    assert (report.site_id, report.as_of, report.forms_entered) == (SITE, date(2026, 3, 10), 20)
    assert report.oldest_open_days is None


def test_columns_come_in_any_order_and_the_age_of_queries_may_be_left_out() -> None:
    names = [name for name in reversed(COLUMNS) if name != "oldest_open_days"]
    ((_, report),) = told(",".join(names) + "\n" + ",".join(GOOD[name] for name in names))
    assert isinstance(report, RecordDataCounts)
    assert report.queries_opened == 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEADER.replace("source", "sauce"), (1, "source", "csv.header")),
        (f"{HEADER},odd", (1, "odd", "csv.header")),
        (f"{HEADER},source", (1, "source", "csv.header")),
        (f"{HEADER}\n{line(as_of='0')}", (2, "as_of", "date")),
        (f"{HEADER}\n{line(as_of='2026-02-30')}", (2, "as_of", "date_from_datetime_parsing")),
        (f"{HEADER}\n{line(forms_entered='')}", (2, "forms_entered", "missing")),
        (f"{HEADER}\n{line(forms_entered='-1')}", (2, "forms_entered", "greater_than_equal")),
        (f"{HEADER}\n{line(site_id='site 1')}", (2, "site_id", "uuid_parsing")),
        (f"{HEADER}\n{line(source='=cmd()')}", (2, "source", "string_pattern_mismatch")),
        (f"{HEADER}\n{line()},1", (2, None, "csv.row")),
        (f"{HEADER}\n{line()}\n{line(forms_entered='21')}", (3, "as_of", "data_counts.twice")),
        (f'{HEADER}\n"{line()}"x', (2, None, "csv.row")),
        (f"{HEADER}\n{'x' * 70_000}\n{line()}", (2, None, "csv.line")),
        (f"{HEADER}\n{'x' * 70_000}", (2, None, "csv.line")),
    ],
)
def test_what_is_no_report_says_line_field_and_rule(text: str, expected: tuple[int, str | None, str]) -> None:
    assert fault(text) == expected


def test_bytes_that_are_no_utf_8_are_rejected_by_their_field() -> None:
    text = f"{HEADER}\n{line(source='Café')}".encode("latin-1")
    assert fault(text) == (2, "source", "csv.encoding")


def test_a_bad_row_costs_no_other() -> None:
    text = f"{HEADER}\n{line(site_id='x')}\n{line()}\n{line(site_id=str(UUID(int=9)))}"
    kinds = [isinstance(one, RejectedRow) for one in told(text)]
    assert kinds == [True, False, False]


@given(st.binary(max_size=300), st.integers(1, 50))
def test_no_bytes_stop_the_reader(content: bytes, size: int) -> None:
    def chunks() -> Iterator[bytes]:
        whole = f"{HEADER}\n{line()}\n".encode() + content
        for at in range(0, len(whole), size):
            yield whole[at : at + size]

    first, *others = read(chunks())
    assert not isinstance(first, RejectedRow)
    assert all(isinstance(one, RejectedRow) for one in others)
