"""Rule packs: every row is cited, graded and checked; faults name file, rule and field."""

from datetime import date
from pathlib import Path

import pytest

from shared.rules.packs import PackError, names, pack, read
from shared.rules.rule import Anchor, Condition

GOOD = """
name = "mine"
version = "1"
title = "A pack"
[[rule]]
code = "a"
title = "An obligation"
citation = "a rule"
grade = "S"
force = "regulation"
leg = "operational"
anchor = "receipt"
basis = "calendar"
days = 15
zone = "receipt"
"""
SERIOUS: dict[Condition, bool] = {
    "serious": True,
    "unexpected": True,
    "suspected": True,
    "reassessed": False,
    "upgraded": False,
    "follow_up": False,
}
ANCHORS: dict[Anchor, date] = {
    "receipt": date(2026, 3, 2),
    "determination": date(2026, 3, 5),
    "latest_information": date(2026, 3, 4),
}


def fault(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PackError) as raised:
        read(path)
    return str(raised.value)


@pytest.mark.parametrize("name", names())
def test_every_row_is_cited_and_only_a_rule_whose_text_was_seen_is_verified(name: str) -> None:
    for row in (*pack(name).rule, *pack(name).lead):
        assert row.citation
        assert row.verified == (row.grade == "T")


def test_a_serious_report_has_both_anchors_and_no_seven_day_report_unless_fatal() -> None:
    found = pack("us_ind").obligations({**SERIOUS, "fatal_or_life_threatening": False}, ANCHORS, "UTC")
    assert [each.code for each in found] == ["us_ind_15_day", "us_ind_15_day_investigators"]
    assert [each.destination for each in found] == ["FDA", "investigators"]
    assert {(each.legal.due_on, each.operational.due_on) for each in found} == {
        (date(2026, 3, 20), date(2026, 3, 17))
    }


def test_a_fatal_report_has_seven_days_from_receipt_besides() -> None:
    found = pack("us_ind").obligations({**SERIOUS, "fatal_or_life_threatening": True}, ANCHORS, "UTC")
    seven = next(each for each in found if each.code == "us_ind_7_day")
    assert len(found) == 3
    assert seven.legal.due_on == seven.operational.due_on == date(2026, 3, 9)


def test_a_first_negative_then_positive_determination_counts_from_the_new_one() -> None:
    facts = {**SERIOUS, "fatal_or_life_threatening": False, "reassessed": True}
    found = pack("us_ind").obligations(facts, {**ANCHORS, "determination": date(2026, 6, 1)}, "UTC")
    assert found[0].code == "us_ind_15_day_reassessed"
    assert found[0].legal.citation == "21 CFR 312.32(d)(3)"
    assert found[0].legal.due_on == date(2026, 6, 16)


def test_a_follow_up_is_a_soft_target_and_says_so() -> None:
    found = pack("us_ind").obligations({"follow_up": True}, {"new_information": date(2026, 4, 1)}, "UTC")
    assert [each.legal.force for each in found] == ["guidance"]
    assert found[0].legal.due_on == date(2026, 4, 16)


def test_the_expiry_warnings_and_the_needed_by_date_count_backwards() -> None:
    warnings = pack("irb").lead_of("irb_approval_expiring").dates(date(2026, 12, 31))
    assert [(date(2026, 12, 31) - day).days for day in warnings] == [90, 60, 30, 14, 7]
    assert pack("internal").lead_of("records_needed_by").dates(date(2026, 3, 17)) == (date(2026, 3, 15),)


def test_a_clock_says_which_pack_made_it_and_in_which_zone_its_days_count() -> None:
    clock = (
        pack("retrieval").find("record_request_15_day", "operational").clock(date(2026, 3, 2), "Asia/Tokyo")
    )
    assert (clock.pack, clock.pack_version, clock.zone) == (
        "retrieval",
        pack("retrieval").version,
        "Asia/Tokyo",
    )


def test_a_rule_out_of_force_starts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD + "effective_from = 2026-04-01\n", encoding="utf-8")
    mine = read(path)
    assert mine.clocks("operational", {}, {"receipt": date(2026, 3, 31)}, "UTC") == ()
    assert len(mine.clocks("operational", {}, {"receipt": date(2026, 4, 1)}, "UTC")) == 1


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("days = 15", 'days = "many"', "mine.toml, rule a, field days: "),
        ('zone = "receipt"', 'zone = "Mars/Base"', "mine.toml, rule a, field zone: "),
        ('grade = "S"', 'grade = "sure"', "mine.toml, rule a, field grade: "),
        ('citation = "a rule"', "", "mine.toml, rule a, field citation: "),
        ('leg = "operational"', 'leg = "legal"', "field leg: a legal rule needs an operational one"),
        ('leg = "operational"', 'leg = "legal"', "field destination: a legal rule has one"),
        ('basis = "calendar"', 'basis = "working"', "mine.toml, rule a: "),
        (
            'zone = "receipt"',
            'zone = "receipt"\nwhen = { late = true }',
            "mine.toml, rule a, field when.late",
        ),
        ('name = "mine"', 'name = "yours"', "mine.toml, field name: "),
        ('version = "1"', "", "mine.toml, field version: "),
        ("[[rule]]", "[[rule", "mine.toml: "),
    ],
)
def test_a_fault_names_file_rule_and_field(tmp_path: Path, before: str, after: str, told: str) -> None:
    assert told in fault(tmp_path, GOOD.replace(before, after, 1))


def test_a_rule_that_stands_twice_is_a_fault(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("[[rule]]") :]
    assert "rule a, field leg: operational stands twice" in fault(tmp_path, GOOD + again)


def test_a_pack_says_which_rule_or_lead_it_has_not() -> None:
    with pytest.raises(KeyError, match="us_ind has no legal rule us_ind_90_day"):
        pack("us_ind").find("us_ind_90_day", "legal")
    with pytest.raises(KeyError, match="irb has no lead records_needed_by"):
        pack("irb").lead_of("records_needed_by")


def test_a_pack_finds_each_of_its_leads_by_its_code(tmp_path: Path) -> None:
    leads = "".join(
        f'[[lead]]\ncode = "{code}"\ntitle = "A lead"\ncitation = "design"\ngrade = "S"\n'
        'force = "internal"\nanchor = "receipt"\n'
        f"days_before = [{days}]\n"
        for code, days in (("a_month", 30), ("a_week", 7))
    )
    path = tmp_path / "mine.toml"
    path.write_text(GOOD + leads, encoding="utf-8")
    assert [read(path).lead_of(code).days_before for code in ("a_month", "a_week")] == [(30,), (7,)]
