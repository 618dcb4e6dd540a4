"""What each row of the tables says of its subject, and why some say nothing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from services.trials.imports.sdtm.record import (
    DEATH,
    MILESTONES,
    SCREEN_FAILURE,
    RejectedRecord,
    SubjectRecord,
)
from services.trials.imports.sdtm.words import NotADayError, day_of, day_or_none, given, name_of

Row = dict[str, str]
KINDS = 200  # of what is not taken: more of them are told as one


@dataclass
class Tables:
    """All that was read: subjects by USUBJID, what was rejected, and what is there but not taken."""

    rows: int = 0
    subjects: dict[str, SubjectRecord] = field(default_factory=dict)
    rejected: list[RejectedRecord] = field(default_factory=list)
    not_taken: Counter[str] = field(default_factory=Counter)
    whole: bool = True

    def reject(self, file: str | None, line: int, column: str | None, rule: str, reason: str) -> None:
        self.rejected.append(RejectedRecord(file=file, line=line, field=column, rule=rule, reason=reason))

    def leave(self, kind: str) -> None:
        self.not_taken[kind if kind in self.not_taken or len(self.not_taken) < KINDS else "more kinds"] += 1


def _demographics(tables: Tables, row: Row, line: int) -> None:
    usubjid, code, site = (given(row[column]) for column in ("USUBJID", "SUBJID", "SITEID"))
    if not (usubjid and code and site):
        column = next(name for name in ("USUBJID", "SUBJID", "SITEID") if not given(row[name]))
        return tables.reject("dm", line, column, "sdtm.missing", "the row does not say")
    if usubjid in tables.subjects:
        return tables.reject("dm", line, "USUBJID", "sdtm.twice", "the subject stands in the table before")
    subject = SubjectRecord(line, usubjid, name_of(code), site)
    subject.country = given(row.get("COUNTRY"))
    subject.consented_on = day_or_none(row.get("RFICDTC"))
    subject.began_on, subject.ended_on = day_or_none(row.get("DMDTC")), day_or_none(row.get("RFPENDTC"))
    tables.subjects[usubjid] = subject
    if given(row.get("DTHFL")) == "Y" or given(row.get("DTHDTC")):
        try:
            subject.died_on = day_of(row.get("DTHDTC"))
        except NotADayError as fault:
            subject.spoilt = True
            tables.reject("dm", line, "DTHDTC", fault.rule, f"{fault}: the subject is not imported")
    return None


def _disposition(tables: Tables, row: Row, line: int) -> None:
    term, category = (given(row["DSDECOD"]) or "").upper(), (given(row["DSCAT"]) or "").upper()
    milestone = category == "PROTOCOL MILESTONE" and term in MILESTONES
    # Who completed the screening has not completed the trial.
    early = (given(row.get("EPOCH")) or "").upper() == "SCREENING" and term not in (SCREEN_FAILURE, DEATH)
    if not milestone and (category != "DISPOSITION EVENT" or (early and term == "COMPLETED") or not term):
        return tables.leave(f"ds {category.lower()[:40]}: {term[:60]}")
    if (subject := _subject(tables, row, "ds", line)) is None:
        return None
    try:
        day = day_of(row["DSSTDTC"])
    except NotADayError as fault:
        subject.spoilt = True
        said = f"{fault}: the subject is not imported"
        return tables.reject("ds", line, "DSSTDTC", fault.rule, said)
    if milestone:
        subject.milestones.setdefault(term, day)
    else:
        subject.dispositions.append((day, term))
    return None


def _exposure(tables: Tables, row: Row, line: int) -> None:
    if subject := _subject(tables, row, "ex", line):
        try:
            day, until = day_of(row["EXSTDTC"]), day_or_none(row.get("EXENDTC"))
        except NotADayError as fault:
            return tables.reject("ex", line, "EXSTDTC", fault.rule, str(fault))
        if until and until < day:
            return tables.reject("ex", line, "EXENDTC", "sdtm.order", "ends before it began")
        subject.doses.append((day, until))
    return None


def _visit(tables: Tables, row: Row, line: int) -> None:
    if given(row.get("SVOCCUR")) == "N":
        return tables.leave("sv visits that did not take place")
    if subject := _subject(tables, row, "sv", line):
        visit = name_of(given(row["VISIT"]) or given(row.get("VISITNUM")) or "")
        if not visit:
            return tables.reject("sv", line, "VISIT", "sdtm.missing", "the row names no visit")
        try:
            subject.visits.append((day_of(row["SVSTDTC"]), visit))
        except NotADayError as fault:
            return tables.reject("sv", line, "SVSTDTC", fault.rule, str(fault))
    return None


def _subject(tables: Tables, row: Row, file: str, line: int) -> SubjectRecord | None:
    found = tables.subjects.get(given(row["USUBJID"]) or "")
    if found is None:
        tables.reject(file, line, "USUBJID", "sdtm.subject", "DM before it has no such subject")
    return found


READERS: dict[str, Callable[[Tables, Row, int], None]] = {
    "DM": _demographics,
    "DS": _disposition,
    "EX": _exposure,
    "SV": _visit,
}
