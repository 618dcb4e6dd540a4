"""Who may do what: the roles of the trade as data, and the answer for one command or page."""

import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Pattern = Annotated[str, Field(pattern=r"^[a-z*]+(\.[a-z_*-]+)?$")]


class Role(BaseModel):
    """A role: what it may do is named, all else is denied (21 CFR 11.10(d), (g)).

    `commands` and `reads` are patterns of `<service>.<command>` and `<service>.<page>`. `never_with`: roles
    that nobody has beside it, whichever of the two names the other. `restricted`: it may see what would
    reveal a treatment allocation. A `development` role counts only where the embedded issuer is believed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    commands: tuple[Pattern, ...]
    reads: tuple[Pattern, ...]
    never_with: tuple[str, ...] = ()
    restricted: bool = False
    development: bool = False

    def may_give(self, command: str) -> bool:
        """Whether the role may give `<service>.<command>`."""
        return any(fnmatchcase(command, pattern) for pattern in self.commands)

    def may_read(self, page: str) -> bool:
        """Whether the role may open `<service>.<page>`."""
        return any(fnmatchcase(page, pattern) for pattern in self.reads)


@lru_cache
def roles() -> Mapping[str, Role]:
    """Every role by its name."""
    text = (Path(__file__).parent / "roles.toml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, Role]).validate_python(tomllib.loads(text))


def role(name: str, development: bool = False) -> Role | None:
    """The role of that name; None where there is none, or none here."""
    found = roles().get(name)
    return found if found and (development or not found.development) else None


def first_that(held: Iterable[str], may: Callable[[Role], bool], development: bool = False) -> str | None:
    """The first of these roles that may, and so the one that acts; None where none may."""
    return next((name for name in held if (known := role(name, development)) and may(known)), None)


def clash(held: Collection[str]) -> tuple[str, str] | None:
    """Two of these roles that nobody has both; None where all go together."""
    for name in held:
        if (known := roles().get(name)) and (other := next((o for o in known.never_with if o in held), None)):
            return name, other
    return None
