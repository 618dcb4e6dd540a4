"""Lists as CSV: no cell is a formula, whatever a sheet takes for the separator."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.http.sheets import cell, lines

_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
# What an attack is made of, and letters between.
TEXTS = st.text(st.sampled_from("a1 ,;\"'\t\r\n=+-@\uff1d"), max_size=12)


def cells(rows: list[list[Any]], separator: str) -> list[str]:
    """All cells that a sheet with this separator shows."""
    text = io.StringIO(lines(rows).decode(), newline="")
    return [one for row in csv.reader(text, delimiter=separator) for one in row]


@given(st.lists(TEXTS, min_size=1, max_size=3), st.sampled_from(",;\t"))
@example(['Hospital;=HYPERLINK("https://example.org")'], ";")
@example(['Hospital;"=HYPERLINK(1)"'], ";")
@example(["a\t=1+1"], "\t")
@example(["a\n@SUM(1)"], ",")
def test_no_text_becomes_a_formula(texts: list[str], separator: str) -> None:
    shown = cells([["id", *map(cell, texts)]], separator)
    assert [one for one in shown if one.lstrip("\t\r\n").startswith(_FORMULA)] == []


@given(st.lists(TEXTS, max_size=3), st.sampled_from(",;\t"))
@example(["x;=1+1"], ";")
def test_no_list_becomes_a_formula_and_each_stays_what_it_was(texts: list[str], separator: str) -> None:
    written = cell(texts)
    assert json.loads(str(written)) == texts
    shown = cells([["id", written]], separator)
    assert [one for one in shown if one.lstrip("\t\r\n").startswith(_FORMULA)] == []


@pytest.mark.parametrize(
    "text", ["Hospital; a ward", "1;2", "a-b", "a\r\n\r\nb", "", "N;N-dimethyl", 'a "b"']
)
def test_what_no_sheet_runs_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [("=1", "'=1"), ("\t=1", "'\t'=1"), ("a;-1", "a;'-1"), ('a;"=1"', 'a;"\'=1"'), ("\r", "'\r")],
)
def test_a_formula_gets_its_apostrophe_where_its_cell_may_begin(text: str, written: str) -> None:
    assert cell(text) == written
