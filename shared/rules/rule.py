"""One row of a rule pack: an obligation's due date, or dates before something else falls due."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from shared.contracts.deadline import Basis, Clock, Force
from shared.rules.dates import Calendar, add_calendar_days, add_working_days, known_zone
from shared.rules.deadline_commands import Leg

Grade = Literal["T", "S", "K", "design"]
Anchor = Literal[
    "receipt",
    "determination",
    "latest_information",
    "fatal_information",
    "new_information",
    "sent",
    "expiry",
    "due",
    "status_change",
    "first_enrolment",
    "registry_update",
    "primary_completion",
    "board_approval",
    "end_of_trial",
    "investigator_added",
]
Condition = Literal[
    "serious",
    "unexpected",
    "suspected",
    "fatal_or_life_threatening",
    "causality_excluded",
    "reassessed",
    "upgraded",
    "follow_up",
]
_PLACES = ("receipt", "site", "requester")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(min_length=1)
    title: str = Field(min_length=1)
    citation: str = Field(min_length=1)
    ruling: str | None = None
    grade: Grade
    force: Force
    anchor: Anchor
    effective_from: date | None = None
    effective_to: date | None = None

    @property
    def verified(self) -> bool:
        """True only where the text of the rule itself was seen (grade T)."""
        return self.grade == "T"

    def in_force(self, on: date) -> bool:
        """Whether the row applies to something anchored on that date."""
        return (self.effective_from or date.min) <= on <= (self.effective_to or date.max)


class Rule(_Row):
    """An obligation's due date: `days` after the anchor date, which is day 0.

    `zone` names whose local days count: the place of receipt, the site, or a fixed IANA zone.
    """

    leg: Leg
    basis: Basis
    days: int = Field(ge=0)
    calendar: Calendar | None = None
    zone: str
    destination: str | None = None
    when: Mapping[Condition, bool] = Field(default_factory=dict)
    pack: str = ""
    pack_version: str = ""

    @field_validator("zone")
    @classmethod
    def _zone_is_known(cls, name: str) -> str:
        return name if name in _PLACES else known_zone(name)

    @model_validator(mode="after")
    def _working_days_need_a_calendar(self) -> "Rule":
        if (self.basis == "working") != (self.calendar is not None):
            raise ValueError("calendar: given with working days, and with them only")
        return self

    def applies(self, facts: Mapping[Condition, bool]) -> bool:
        """Whether every condition is as the rule wants it; one that `facts` does not name is false."""
        return all(facts.get(name, False) == wanted for name, wanted in self.when.items())

    def clock(self, anchor_on: date, zone: str, anchor_event: UUID | None = None) -> Clock:
        """The due date from this anchor; `zone` is the zone of the place that the rule names."""
        if self.calendar is not None:
            due_on = add_working_days(anchor_on, self.days, self.calendar)
        else:
            due_on = add_calendar_days(anchor_on, self.days)
        return Clock(
            code=self.code,
            title=self.title,
            citation=self.citation,
            pack=self.pack,
            pack_version=self.pack_version,
            force=self.force,
            basis=self.basis,
            days=self.days,
            verified=self.verified,
            anchor=self.anchor,
            anchor_on=anchor_on,
            anchor_event=anchor_event,
            zone=zone if self.zone in _PLACES else self.zone,
            due_on=due_on,
        )


class Lead(_Row):
    """Dates before an anchor on which something is due or said: warnings, a needed-by date."""

    days_before: tuple[int, ...] = Field(min_length=1)

    def dates(self, anchor_on: date) -> tuple[date, ...]:
        """The dates, in the order of the pack."""
        return tuple(anchor_on - timedelta(days=days) for days in self.days_before)
