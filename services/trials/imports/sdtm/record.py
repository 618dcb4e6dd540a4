"""What the tables say of one subject. Of DM's columns, birth, age, sex, race and arm are never read."""

from dataclasses import dataclass, field
from datetime import date

from pydantic import BaseModel

# The columns without which a table says nothing, by its domain.
NEEDED: dict[str, tuple[str, ...]] = {
    "DM": ("USUBJID", "SUBJID", "SITEID"),
    "DS": ("USUBJID", "DSDECOD", "DSCAT", "DSSTDTC"),
    "EX": ("USUBJID", "EXSTDTC"),
    "SV": ("USUBJID", "VISIT", "SVSTDTC"),
}
# What is read beside them where it is there; the content of all other columns is nobody's business.
READ: dict[str, tuple[str, ...]] = {
    "DM": ("COUNTRY", "RFICDTC", "DMDTC", "RFPENDTC", "DTHFL", "DTHDTC"),
    "DS": ("EPOCH",),
    "EX": ("EXENDTC",),
    "SV": ("VISITNUM", "SVOCCUR"),
}
SCREEN_FAILURE, DEATH = "SCREEN FAILURE", "DEATH"
# Terms of the milestones (CDISC controlled terminology, C114118) that are steps of a subject here.
CONSENTED, ELIGIBLE, RANDOMISED = "INFORMED CONSENT OBTAINED", "ELIGIBILITY CRITERIA MET", "RANDOMIZED"
ENTERED = ("ENTERED INTO TRIAL", "ENROLLED")
MILESTONES = (CONSENTED, ELIGIBLE, RANDOMISED, *ENTERED)


class RejectedRecord(BaseModel):
    """A row or a subject that was not imported: the table, its line, the column and the rule at fault."""

    file: str | None
    line: int
    field: str | None
    rule: str
    reason: str


@dataclass
class SubjectRecord:
    """One subject of the tables; `line` is that of its row in DM, `faults` counts rows that spoil it."""

    line: int
    usubjid: str
    code: str
    site: str
    country: str | None = None
    consented_on: date | None = None
    began_on: date | None = None
    ended_on: date | None = None
    died_on: date | None = None
    milestones: dict[str, date] = field(default_factory=dict)
    dispositions: list[tuple[date, str]] = field(default_factory=list)
    doses: list[tuple[date, date | None]] = field(default_factory=list)
    visits: list[tuple[date, str]] = field(default_factory=list)
    spoilt: bool = False
