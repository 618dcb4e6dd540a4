"""Obligations as data: what may be transferred, and which deadlines each covers (21 CFR 312.52, R25)."""

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from shared.contracts.trials.obligation import ObligationName
from shared.rules.rule import Grade

NAMES: tuple[ObligationName, ...] = get_args(ObligationName)


class Obligation(BaseModel):
    """One obligation; `deadlines` are patterns of codes, `default` follows the organisation of the plan.

    Without any no pack has a deadline of it yet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1)
    citation: str = Field(min_length=1)
    grade: Grade
    default: bool = False
    deadlines: tuple[str, ...]

    @property
    def verified(self) -> bool:
        """True only where the text of the rule itself was seen (grade T)."""
        return self.grade == "T"

    def covers(self, code: str) -> bool:
        """Whether a deadline of this code belongs to the obligation."""
        return any(fnmatchcase(code, pattern) for pattern in self.deadlines)


@lru_cache
def obligations() -> Mapping[ObligationName, Obligation]:
    """Every obligation by its name."""
    text = Path(__file__).with_name("obligations.toml").read_text(encoding="utf-8")
    return TypeAdapter(dict[ObligationName, Obligation]).validate_python(tomllib.loads(text))


@lru_cache(maxsize=10_000)
def obligation_of(code: str) -> ObligationName | None:
    """The obligation that covers a deadline's code; None where none does, so that it stays the sponsor's."""
    return next((name for name, obligation in obligations().items() if obligation.covers(code)), None)
