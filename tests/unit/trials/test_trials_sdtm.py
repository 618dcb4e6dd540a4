"""SDTM tables as subjects: what rows make of a history, what is no row, and what an import may judge."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.trials.commands.subject_history import HistoryStep, RecordSubjectHistory
from services.trials.commands.subject_steps import RecordDose, RecordVisit
from services.trials.imports.sdtm import Tables, read, steps
from services.trials.imports.sdtm.words import NotADayError, country_of, day_of, name_of, reason_of
from shared.contracts.message import Command, Event, Refusal
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.subject import (
    SubjectDied,
    SubjectDosed,
    SubjectEligibilityDecided,
    SubjectEnrolled,
    SubjectStatusChanged,
    SubjectVisitDone,
)
from tests.unit.trials.test_trials_chain import enrol
from tests.unit.trials.trials_world import NOW, SITE, SUBJECT, TRIAL, World

DATA = Path(__file__).parents[4] / "shared" / "data" / "cdisc_sdtm"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")
Rows = dict[str, list[dict[str, str]]]
IDS: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT}


def table(**other: list[dict[str, str]]) -> Rows:
    """The tables of one randomised subject who is still on the study."""
    rows: Rows = {
        "DM": [{"USUBJID": "S-1", "SUBJID": "1", "SITEID": "701", "COUNTRY": "USA", "DMDTC": "2014-01-02"}],
        "DS": [milestone("RANDOMIZED", "2014-01-08")],
        "EX": [{"USUBJID": "S-1", "EXSTDTC": "2014-01-08", "EXENDTC": "2014-01-20"}],
        "SV": [visit("SCREENING 1", "2014-01-02"), visit("WEEK 2 (T)", "2014-01-22T09:30")],
    }
    return rows | other


def milestone(term: str, on: str, category: str = "PROTOCOL MILESTONE", **more: str) -> dict[str, str]:
    return {"USUBJID": "S-1", "DSDECOD": term, "DSCAT": category, "DSSTDTC": on} | more


def left(term: str, on: str, **more: str) -> dict[str, str]:
    return milestone(term, on, "DISPOSITION EVENT", **more)


def visit(name: str, on: str) -> dict[str, str]:
    return {"USUBJID": "S-1", "VISIT": name, "SVSTDTC": on}


def stream(rows: Rows) -> bytes:
    """The tables as CSV, one after the other, each with a column that nobody reads."""
    lines: list[str] = []
    for domain, found in rows.items():
        columns = list(dict.fromkeys(name for row in found for name in row))
        lines.append(",".join(["STUDYID", "DOMAIN", *columns]))
        lines += [",".join(["X", domain, *(row.get(name, "") for name in columns)]) for row in found]
    return "".join(f"{line}\n" for line in lines).encode()


def parsed(content: Rows | bytes) -> Tables:
    def pieces(whole: bytes) -> Iterator[bytes]:
        yield whole[:7]
        yield whole[7:]

    return read(pieces(content if isinstance(content, bytes) else stream(content)))


def way(rows: Rows) -> list[tuple[str, str, str | None]]:
    """The subject's steps: kind, day, code."""
    (record,) = parsed(rows).subjects.values()
    return [(one.kind, str(one.on), one.code) for one in steps(record)]


def faults(content: Rows | bytes) -> list[tuple[str | None, int, str | None, str]]:
    return [(one.file, one.line, one.field, one.rule) for one in parsed(content).rejected]


def test_the_rows_of_a_subject_are_its_history_in_the_order_of_the_days() -> None:
    assert way(table()) == [
        ("candidate", "2014-01-02", None),
        ("screening", "2014-01-02", None),
        ("visit", "2014-01-02", "SCREENING 1"),
        ("eligible", "2014-01-08", None),
        ("enrolled", "2014-01-08", None),
        ("randomised", "2014-01-08", None),
        ("dosed", "2014-01-08", None),
        ("visit", "2014-01-22", "WEEK 2 T"),
    ]


@pytest.mark.parametrize(
    ("dispositions", "ends"),
    [
        ([left("COMPLETED", "2014-01-22")], [("off-study", "2014-01-22", "completed")]),
        (
            [left("LOST TO FOLLOW-UP", "2014-01-10")],
            [
                ("follow-up", "2014-01-10", "lost_to_follow_up"),
                ("off-study", "2014-01-22", "lost_to_follow_up"),
            ],
        ),
        (
            [left("ADVERSE EVENT", "2014-01-10"), left("COMPLETED", "2014-02-10")],
            [("follow-up", "2014-01-10", "adverse_event"), ("off-study", "2014-02-10", "completed")],
        ),
        ([left("DEATH", "2014-01-25")], [("died", "2014-01-25", None)]),
        (
            [left("ADVERSE EVENT", "2014-01-10"), left("DEATH", "2014-01-25")],
            [("follow-up", "2014-01-10", "adverse_event"), ("died", "2014-01-25", None)],
        ),
        ([left("COMPLETED", "2014-01-07", EPOCH="SCREENING")], []),
        ([milestone("FINAL LAB VISIT", "2014-01-22", "OTHER EVENT")], []),
    ],
)
def test_the_disposition_says_why_and_when_a_subject_left(
    dispositions: list[dict[str, str]], ends: list[tuple[str, str, str | None]]
) -> None:
    found = way(table(DS=[milestone("RANDOMIZED", "2014-01-08"), *dispositions]))
    assert [one for one in found if one[0] in ("follow-up", "off-study", "died")] == ends


def test_who_was_not_registered_failed_the_screening_withdrew_or_died() -> None:
    early: Rows = {"EX": [], "SV": [visit("SCREENING 1", "2014-01-02")]}
    failed = way(table(**early, DS=[left("SCREEN FAILURE", "2014-01-03")]))
    assert failed[-1] == ("ineligible", "2014-01-03", "screen_failure")
    withdrew = way(table(**early, DS=[left("WITHDRAWAL BY SUBJECT", "2014-01-03")]))
    assert withdrew[-1] == ("withdrawn", "2014-01-03", "withdrawal_by_subject")
    died = way(table(**early, DS=[left("PHYSICIAN DECISION", "2014-01-02"), left("DEATH", "2014-01-03")]))
    assert died[-1] == ("died", "2014-01-03", None)
    assert way(table(**early, DS=[]))[-1] == ("visit", "2014-01-02", "SCREENING 1")


LATIN = "Sé"


@pytest.mark.parametrize(
    ("domain", "row", "column", "imported"),
    [
        ("DM", {"USUBJID": "S-2", "SUBJID": "2", "SITEID": LATIN, "DMDTC": "2014-01-02"}, "SITEID", {"S-1"}),
        ("DM", {"USUBJID": LATIN, "SUBJID": "2", "SITEID": "701", "DMDTC": "2014-01-02"}, "USUBJID", {"S-1"}),
        ("DS", left(LATIN, "2014-01-22"), "DSDECOD", set()),
        ("DS", left("COMPLETED", "2014-01-22", USUBJID=LATIN), "USUBJID", {"S-1"}),
        ("EX", {"USUBJID": "S-1", "EXSTDTC": "2014-01-09", "EXENDTC": LATIN}, "EXENDTC", {"S-1"}),
        ("SV", visit(LATIN, "2014-01-23"), "VISIT", {"S-1"}),
    ],
)
def test_bytes_that_are_no_utf_8_enter_no_history(
    domain: str, row: dict[str, str], column: str, imported: set[str]
) -> None:
    """Of DS the whole subject stays out: why and when somebody left is half of a history."""
    rows = table()
    content = stream(rows | {domain: [*rows[domain], row]}).decode().encode("latin-1")
    assert faults(content) == [(domain.lower(), len(rows[domain]) + 2, column, "csv.encoding")]
    assert {name for name, one in parsed(content).subjects.items() if not one.spoilt} == imported


def test_bytes_of_a_column_that_nobody_reads_are_nobody_s_business() -> None:
    rows = table()
    rows["DM"] = [rows["DM"][0] | {"RACE": LATIN}]
    assert faults(stream(rows).decode().encode("latin-1")) == []


def test_milestones_and_the_end_of_participation_say_more_than_the_visits() -> None:
    given = {"RFICDTC": "2013-12-20", "RFPENDTC": "2014-03-01T11:45"}
    said = [
        milestone("ELIGIBILITY CRITERIA MET", "2014-01-05"),
        milestone("ENTERED INTO TRIAL", "2014-01-06"),
        left("COMPLETED", "2014-01-22"),
    ]
    found = dict((kind, on) for kind, on, _ in way(table(DM=[table()["DM"][0] | given], DS=said)))
    assert (found["candidate"], found["screening"]) == ("2013-12-20", "2014-01-02")
    assert (found["eligible"], found["enrolled"]) == ("2014-01-05", "2014-01-06")
    assert (found["follow-up"], found["off-study"]) == ("2014-01-22", "2014-03-01")
    assert "randomised" not in found
    consented = milestone("INFORMED CONSENT OBTAINED", "2013-12-19")
    assert way(table(DS=[consented]))[0] == ("candidate", "2013-12-19", None)


def test_who_was_dosed_without_a_milestone_was_registered_on_that_day() -> None:
    assert ("enrolled", "2014-01-08", None) in way(table(DS=[]))


def test_a_subject_of_whom_no_table_has_a_day_has_no_history() -> None:
    bare = {"USUBJID": "S-1", "SUBJID": "1", "SITEID": "701"}
    assert way({"DM": [bare]}) == []
    assert [kind for kind, *_ in way({"DM": [bare | {"RFICDTC": "2014-01-01"}]})] == [
        "candidate",
        "screening",
    ]


@pytest.mark.parametrize(
    ("day", "rule"),
    [
        ("NA", "sdtm.date_missing"),
        ("", "sdtm.date_missing"),
        ("2014-01", "sdtm.date_partial"),
        ("2014", "sdtm.date_partial"),
        ("2014-02-30", "sdtm.date"),
        ("02JAN2014", "sdtm.date"),
    ],
)
def test_a_visit_or_dose_without_a_whole_day_is_rejected_alone(day: str, rule: str) -> None:
    rows = table(
        SV=[visit("WEEK 2", day), visit("WEEK 4", "2014-02-05")],
        EX=[{"USUBJID": "S-1", "EXSTDTC": day, "EXENDTC": "2014-01-20"}],
    )
    assert faults(rows) == [("ex", 2, "EXSTDTC", rule), ("sv", 2, "SVSTDTC", rule)]
    assert ("visit", "2014-02-05", "WEEK 4") in way(rows)


def test_half_a_history_is_none() -> None:
    spoilt = table(DS=[milestone("RANDOMIZED", "2014-01")])
    assert faults(spoilt) == [("ds", 2, "DSSTDTC", "sdtm.date_partial")]
    dead = table(DM=[table()["DM"][0] | {"DTHFL": "Y", "DTHDTC": "2014"}])
    assert faults(dead) == [("dm", 2, "DTHDTC", "sdtm.date_partial")]
    assert all(one.spoilt for rows in (spoilt, dead) for one in parsed(rows).subjects.values())
    whole = table(DM=[table()["DM"][0] | {"DTHFL": "Y", "DTHDTC": "2014-03-01"}])
    assert way(whole)[-1] == ("died", "2014-03-01", None)


def test_what_is_wrong_names_table_line_column_and_rule() -> None:
    subject = table()["DM"][0]
    rows = table(
        DM=[subject, subject, subject | {"USUBJID": "S-2", "SITEID": "NA"}],
        EX=[{"USUBJID": "S-9", "EXSTDTC": "2014-01-08"}, table()["EX"][0] | {"EXENDTC": "2014-01-01"}],
        DS=[left("COMPLETED", "2014-01-22") | {"USUBJID": "S-9"}],
        SV=[
            visit("A", "2014-01-02") | {"USUBJID": "NA"},
            visit("()", "2014-01-02"),
            visit("A", "2014-01-02") | {"SVOCCUR": "N"},
        ],
        AE=[{"USUBJID": "S-1", "AETERM": "a headache"}],
    )
    assert faults(rows) == [
        ("dm", 3, "USUBJID", "sdtm.twice"),
        ("dm", 4, "SITEID", "sdtm.missing"),
        ("ds", 2, "USUBJID", "sdtm.subject"),
        ("ex", 2, "USUBJID", "sdtm.subject"),
        ("ex", 3, "EXENDTC", "sdtm.order"),
        ("sv", 2, "USUBJID", "sdtm.subject"),
        ("sv", 3, "VISIT", "sdtm.missing"),
    ]
    assert parsed(rows).not_taken == {"sv visits that did not take place": 1, "domain AE": 1}


def test_a_table_without_a_column_that_it_needs_is_named_with_it() -> None:
    rows = table(SV=[{"USUBJID": "S-1", "VISIT": "A"}])
    assert faults(rows) == [("sv", 1, "SVSTDTC", "csv.header")]
    assert faults(b"USUBJID,SUBJID\nS-1,1\n") == [(None, 1, "DOMAIN", "csv.header")]
    assert faults(b"garbage\nS-1\n") == [(None, 1, "DOMAIN", "csv.header")]
    assert faults(b"DOMAIN,USUBJID,SUBJID,SITEID\nDM,S-1,1\n\n") == [("dm", 2, None, "csv.row")]
    assert faults(b'DOMAIN,USUBJID\n"DM"x,S-1\n') == [(None, 2, None, "csv.row")]
    assert faults(b"USUBJID,DOMAIN\nS-1\n") == [(None, 2, None, "csv.row")]
    assert faults(b"") == []


def test_too_much_is_not_imported_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = parsed(b"DOMAIN,USUBJID\n" + b"x" * 70_000)
    assert (endless.whole, [one.rule for one in endless.rejected]) == (False, ["csv.line"])
    monkeypatch.setattr("services.trials.imports.sdtm.stream.ROWS", 3)
    many = parsed(table())
    assert (many.whole, [one.rule for one in many.rejected]) == (False, ["import.limit"])
    monkeypatch.setattr("services.trials.imports.sdtm.rows.KINDS", 1)
    kinds = parsed({"AE": [{"USUBJID": "S-1"}], "VS": [{"USUBJID": "S-1"}]})
    assert kinds.not_taken == {"domain AE": 1, "more kinds": 1}


def test_words() -> None:
    assert (country_of("USA"), country_of("DEU"), country_of("XXX"), country_of(None)) == (
        "US",
        "DE",
        None,
        None,
    )
    assert (name_of(" (WEEK 10) (T)"), reason_of("LOST TO FOLLOW-UP"), reason_of("?")) == (
        "WEEK 10 T",
        "lost_to_follow_up",
        "other",
    )
    assert day_of("2014-07-02T11:45") == date(2014, 7, 2)
    with pytest.raises(NotADayError):
        day_of(None)


def step(kind: str, on: str, **more: Any) -> HistoryStep:
    return HistoryStep.model_validate({"kind": kind, "on": on} | more)


def history(*told: HistoryStep) -> RecordSubjectHistory:
    return RecordSubjectHistory(**IDS, source="sdtm", subject_code="1", steps=told)


WHOLE = (
    step("candidate", "2014-01-02"),
    step("screening", "2014-01-02"),
    step("visit", "2014-01-02", code="SCREENING 1"),
    step("eligible", "2014-01-08"),
    step("enrolled", "2014-01-08"),
    step("randomised", "2014-01-08"),
    step("dosed", "2014-01-08", until="2014-01-20"),
    step("follow-up", "2014-02-01", code="adverse_event"),
    step("off-study", "2014-03-01", code="adverse_event"),
)


def did(world: World, command: Command) -> list[Event]:
    """The events of a command that is not refused."""
    decision = world.do(command)
    assert not isinstance(decision, Refusal)
    return decision


def rules(world: World) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.category, one.rules) for one in world.events(DeviationReported)]


def test_the_past_is_told_where_the_site_was_never_active_and_no_deviation_follows() -> None:
    world = World()
    told = world.do(history(*WHOLE))
    assert isinstance(told, list)
    assert all(getattr(event, "source", None) == "sdtm" for event in told)
    assert [one.after for one in world.events(SubjectStatusChanged)] == [
        "candidate",
        "screening",
        "eligible",
        "on-study",
        "on-study-intervention",
        "follow-up",
        "off-study",
    ]
    assert [one.breaks for one in world.events(SubjectEnrolled)] == [()]
    assert [one.confirmed_by for one in world.events(SubjectEligibilityDecided)] == [None]
    assert rules(world) == []
    assert world.do(history(*WHOLE)) == []


def test_what_the_record_itself_shows_is_a_deviation() -> None:
    world = World()
    world.do(
        history(
            step("candidate", "2014-01-02"),
            step("screening", "2014-01-02"),
            step("dosed", "2014-01-03"),
            step("ineligible", "2014-01-04", code="screen_failure"),
            step("visit", "2014-01-05", code="LATE"),
            step("enrolled", "2014-01-06"),
            step("died", "2014-01-07"),
            step("visit", "2014-01-08", code="AFTER"),
        )
    )
    assert rules(world) == [
        ("dose", ("subject.not_enrolled",)),
        ("visit", ("subject.left",)),
        ("enrolment", ("subject.not_eligible",)),
        ("visit", ("subject.died",)),
    ]
    assert [one.eligible for one in world.events(SubjectEligibilityDecided)] == [False]
    ahead = World()
    ahead.do(history(step("candidate", "2014-01-02"), step("visit", "2199-01-01", code="V")))
    assert rules(ahead) == [("visit", ("visit.in_future",))]


def test_tables_that_say_otherwise_later_change_nothing_and_are_told_once() -> None:
    world = World()
    world.do(history(*WHOLE[:-1], step("died", "2014-02-10")))
    other = history(
        step("candidate", "2014-01-01"),
        step("enrolled", "2014-01-07"),
        step("randomised", "2014-01-07"),
        step("off-study", "2014-03-01", code="completed"),
        step("withdrawn", "2014-03-01", code="completed"),
        step("died", "2014-03-02"),
    )
    assert [type(event) for event in did(world, other)] == [DeviationReported] * 4
    assert {one for _, found in rules(world) for one in found} == {"history.contradicted"}
    assert world.do(other) == []
    assert [one.died_on for one in world.events(SubjectDied)] == [date(2014, 2, 10)]


def test_more_of_a_subject_is_added_to_what_is_known() -> None:
    world = World()
    world.do(history(*WHOLE[:6]))
    added = did(world, history(*WHOLE))
    assert [type(event) for event in added] == [
        SubjectDosed,
        SubjectStatusChanged,
        SubjectStatusChanged,
    ]


def test_a_consent_that_nobody_told_here_is_not_missing_for_who_was_imported(running: World) -> None:
    running.do(history(*WHOLE[:7]))
    running.do(RecordVisit(**IDS, visit="V9", done_on=NOW.date()))
    assert [one.breaks for one in running.events(SubjectVisitDone)][-1] == ()
    assert rules(running) == []


def test_a_history_is_in_order_and_each_step_whole() -> None:
    for wrong in (
        lambda: history(step("visit", "2014-01-02", code="A"), step("died", "2014-01-01")),
        lambda: step("visit", "2014-01-02"),
        lambda: step("died", "2014-01-02", until="2014-01-03"),
        lambda: step("dosed", "2014-01-02", until="2014-01-01"),
    ):
        with pytest.raises(ValidationError):
            wrong()


def test_a_dose_given_is_a_report_marked_with_what_stood_against_it(running: World) -> None:
    today = NOW.date()
    early = did(running, RecordDose(**IDS, dosed_on=today))
    assert [event.breaks for event in early if isinstance(event, SubjectDosed)] == [("subject.not_enrolled",)]
    running.do(enrol())
    running.do(RecordDose(**IDS, dosed_on=today, until=date(2026, 3, 20)))
    assert running.events(SubjectDosed)[-1].breaks == ("dose.in_future",)
    assert running.events(SubjectStatusChanged)[-1].after == "on-study-intervention"
    assert running.do(RecordDose(**IDS, dosed_on=today, until=date(2026, 3, 20))) == []
    assert [category for category, _ in rules(running)] == ["dose", "dose"]
    with pytest.raises(ValidationError, match="until: before dosed_on"):
        RecordDose(**IDS, dosed_on=today, until=date(2026, 3, 1))


@needs_data
def test_the_real_tables_are_read_whole() -> None:
    found = read((DATA / f"{name}.csv").read_bytes() for name in ("dm", "ds", "ex", "sv"))
    assert (found.rows, len(found.subjects), found.rejected) == (3562, 200, [])
    kinds = [one.kind for record in found.subjects.values() for one in steps(record)]
    assert [kinds.count(kind) for kind in ("enrolled", "randomised", "ineligible", "died", "visit")] == [
        170,
        170,
        30,
        2,
        2401,
    ]
