"""docs/security.md names for each risk a test that exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ROWS = [line for line in PAGE.read_text("utf-8").splitlines() if re.match(r"\| (?!---|risk |item )", line)]


def test_every_test_that_the_page_names_exists() -> None:
    for file, name in NAMED.findall("\n".join(ROWS)):
        assert re.search(rf"^(?:async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE), name


def test_every_row_has_four_columns_and_a_test_and_no_risk_of_the_ten_is_left_out() -> None:
    for row in ROWS:
        assert row.count("|") == 5, row
        assert NAMED.search(row.split("|")[4]), row
    assert [row.split()[1] for row in ROWS[:10]] == [f"API{n}" for n in range(1, 11)]


def test_every_place_that_the_page_names_exists() -> None:
    for row in ROWS:
        for place in re.findall(r"`([\w./*]+)`", row.split("|")[3]):
            assert list(ROOT.glob(place)), place
