"""Rule packs: obligations and lead times as data, each row with its citation and how sure we are of it."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contracts.deadline import Clock, Obligation
from shared.rules.deadline_commands import Leg
from shared.rules.rule import Anchor, Condition, Lead, Rule

FOLDER = Path(__file__).with_name("packs")


class PackError(ValueError):
    """A pack's file is wrong; the text names file, rule and field, one fault a line."""


class Pack(BaseModel):
    """A named and versioned set of rows; clocks carry both names, so that a due date says what made it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    version: str = Field(min_length=1)
    title: str = Field(min_length=1)
    rule: tuple[Rule, ...] = ()
    lead: tuple[Lead, ...] = ()

    def find(self, code: str, leg: Leg) -> Rule:
        """The rule of this code and leg; KeyError where the pack has none."""
        for rule in self.rule:
            if (rule.code, rule.leg) == (code, leg):
                return rule
        raise KeyError(f"{self.name} has no {leg} rule {code}")

    def lead_of(self, code: str) -> Lead:
        """The lead of this code; KeyError where the pack has none."""
        for lead in self.lead:
            if lead.code == code:
                return lead
        raise KeyError(f"{self.name} has no lead {code}")

    def clocks(
        self, leg: Leg, facts: Mapping[Condition, bool], anchors: Mapping[Anchor, date], zone: str
    ) -> tuple[Clock, ...]:
        """The clocks of this leg that the facts start, of those rules whose anchor is known and in force."""
        return tuple(
            rule.clock(anchors[rule.anchor], zone)
            for rule in self.rule
            if rule.leg == leg
            and rule.applies(facts)
            and rule.anchor in anchors
            and rule.in_force(anchors[rule.anchor])
        )

    def obligations(
        self, facts: Mapping[Condition, bool], anchors: Mapping[Anchor, date], zone: str
    ) -> tuple[Obligation, ...]:
        """What must be sent to whom, for each legal clock that the facts start."""
        return tuple(
            self.obligation(clock.code, anchors, zone) for clock in self.clocks("legal", facts, anchors, zone)
        )

    def obligation(
        self, code: str, anchors: Mapping[Anchor, date], zone: str, anchor_event: UUID | None = None
    ) -> Obligation:
        """The obligation of this code: its legal clock, and the operational one where that is earlier."""
        rule, guard = self.find(code, "legal"), self.find(code, "operational")
        legal = rule.clock(anchors[rule.anchor], zone, anchor_event)
        operational = guard.clock(anchors[guard.anchor], zone, anchor_event)
        return Obligation(
            code=code,
            destination=rule.destination or "",
            legal=legal,
            operational=min(operational, legal, key=lambda clock: clock.due_on),
        )


def read(path: Path) -> Pack:
    """Read and check a pack's file; raise PackError, naming file, rule and field."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise PackError(f"{path.name}: {fault}") from None
    try:
        pack = Pack.model_validate(data)
    except ValidationError as faults:
        lines = (f"{path.name}, {_place(data, fault['loc'])}: {fault['msg']}" for fault in faults.errors())
        raise PackError("\n".join(lines)) from None
    _check(path, pack)
    named = {"pack": pack.name, "pack_version": pack.version}
    return pack.model_copy(update={"rule": tuple(rule.model_copy(update=named) for rule in pack.rule)})


@cache
def pack(name: str) -> Pack:
    """The pack of this name that ships with the project."""
    return read(FOLDER / f"{name}.toml")


def names() -> tuple[str, ...]:
    """The packs that ship with the project."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def _place(data: Mapping[str, object], loc: tuple[int | str, ...]) -> str:
    """`rule us_ind_7_day, field days` for a fault's place in the file."""
    rows = data.get(str(loc[0])) if loc else None
    if isinstance(rows, list) and len(loc) > 1 and isinstance(loc[1], int):
        row = rows[loc[1]]
        code = row.get("code", f"number {loc[1] + 1}") if isinstance(row, dict) else f"number {loc[1] + 1}"
        field = ".".join(map(str, loc[2:]))
        return f"{loc[0]} {code}, field {field}" if field else f"{loc[0]} {code}"
    return "field " + ".".join(map(str, loc))


def _check(path: Path, pack: Pack) -> None:
    """What no single row can see: names that stand twice, legal rules without their other half."""
    faults = []
    if pack.name != path.stem:
        faults.append(f"{path.name}, field name: is not the name of the file")
    rows = [(rule.code, rule.leg) for rule in pack.rule] + [(lead.code, "lead") for lead in pack.lead]
    for code, leg in sorted({row for row in rows if rows.count(row) > 1}):
        faults.append(f"{path.name}, rule {code}, field leg: {leg} stands twice")
    for code in sorted(
        {code for code, leg in rows if leg == "legal"} - {c for c, leg in rows if leg == "operational"}
    ):
        faults.append(f"{path.name}, rule {code}, field leg: a legal rule needs an operational one beside it")
    for rule in pack.rule:
        if rule.leg == "legal" and not rule.destination:
            faults.append(f"{path.name}, rule {rule.code}, field destination: a legal rule has one")
    if faults:
        raise PackError("\n".join(faults))
