"""Protocol versions: statuses, what a country asks before one is used, when an urgent one is told."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.trials.retention import EU
from shared.contracts.message import Event
from shared.contracts.trials.protocol import (
    ProtocolVersionAbandoned,
    ProtocolVersionDrafted,
    ProtocolVersionEffective,
    ProtocolVersionSubmitted,
    ProtocolVersionSuperseded,
    ProtocolVersionWithdrawn,
    Told,
    VersionStatus,
)
from shared.contracts.trials.trial import Route
from shared.rules.dates import add_calendar_days, add_working_days

# A version that no site uses any more comes back where a site is approved for it that has had none.
TRANSITIONS: dict[VersionStatus, tuple[VersionStatus, ...]] = {
    "drafted": ("submitted", "effective", "abandoned"),
    "submitted": ("effective", "withdrawn"),
    "effective": ("superseded",),
    "superseded": ("effective",),
}
# A person's request can be refused. That a version was submitted is told; that it is effective follows.
GUARDS: dict[tuple[VersionStatus, VersionStatus], tuple[str, ...]] = {
    ("drafted", "abandoned"): ("protocol.amended",),
    ("submitted", "withdrawn"): ("protocol.amended", "protocol.before_submission"),
}
# What an event says of the status of its version.
STATUS_OF: dict[type[Event], VersionStatus] = {
    ProtocolVersionSubmitted: "submitted",
    ProtocolVersionEffective: "effective",
    ProtocolVersionSuperseded: "superseded",
    ProtocolVersionWithdrawn: "withdrawn",
    ProtocolVersionAbandoned: "abandoned",
}
GIVEN_UP: frozenset[VersionStatus] = frozenset({"withdrawn", "abandoned"})


def status_after(status: VersionStatus | None, event: Event) -> VersionStatus | None:
    """The status after an event; what is told of a version that cannot take the step moves nothing."""
    if isinstance(event, ProtocolVersionDrafted):
        return event.status
    to = STATUS_OF.get(type(event))
    return to if to and status and to in TRANSITIONS.get(status, ()) else status


@dataclass(frozen=True)
class Step:
    """What an authority has to have before a version is used: its submission, or its own decision."""

    needs: Literal["submission", "authorisation"] | None
    citation: str
    verified: bool


# 312.30(a): the text was read; 812.35 and article 15: secondary pages.
_IND = Step("submission", "21 CFR 312.30(a), (b)(2)(i)", verified=False)
_IDE = Step("authorisation", "21 CFR 812.35(a)(1)", verified=False)
_IDE_MINOR = Step("submission", "21 CFR 812.35(a)(3)", verified=False)
_EU = Step("authorisation", "Regulation (EU) 536/2014, art. 15", verified=False)
_EU_MINOR = Step(None, "Regulation (EU) 536/2014, art. 2(2)(13)", verified=False)
_ELSEWHERE = Step("authorisation", "design", verified=False)


def authority_step(route: Route, country: str, substantial: bool) -> Step:
    """What the country's authority (ISO 3166 alpha-2) has to have; where no rule is known, its decision."""
    if country == "US":
        if route == "us_ide":
            return _IDE if substantial else _IDE_MINOR
        return _IND
    if country in EU:
        return _EU if substantial else _EU_MINOR
    return _ELSEWHERE


@dataclass(frozen=True)
class Notice:
    """Who is told of an urgent change, and how many days after it (day 0); none where the rule says none."""

    whom: Told
    days: int | None
    working: bool
    citation: str
    verified: bool

    def due_on(self, day: date) -> date | None:
        """The last day to tell, inclusive."""
        if self.days is None:
            return None
        if self.working:
            return add_working_days(day, self.days, "us_federal")
        return add_calendar_days(day, self.days)


# Article 54(2): the text was read. 56.104(c), 812.150(a)(4): secondary pages. That 312.30(b)(2)(ii) sends the
# notice of the board to 56.104(c), and 812.35(a)(2), from memory.
_HAZARD_IND = (
    Notice("board", 5, True, "21 CFR 312.30(b)(2)(ii), 56.104(c)", verified=False),
    Notice("authority", None, False, "21 CFR 312.30(b)(2)(ii)", verified=False),
)
_HAZARD_IDE = (
    Notice("board", 5, True, "21 CFR 812.150(a)(4)", verified=False),
    Notice("authority", 5, True, "21 CFR 812.35(a)(2)", verified=False),
)
_HAZARD_EU = (Notice("authority", 7, False, "Regulation (EU) 536/2014, art. 54(2)", verified=False),)


def urgent_notices(route: Route, country: str) -> tuple[Notice, ...]:
    """Who has to be told of a change made at once; empty where no rule is known."""
    if country == "US":
        return _HAZARD_IDE if route == "us_ide" else _HAZARD_IND
    return _HAZARD_EU if country in EU else ()
