"""The state of a case: only what its decisions need."""

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Literal
from uuid import UUID

from shared.contracts.deadline import Clock, Obligation
from shared.contracts.safety import (
    AdverseEventCorrected,
    AdverseEventReceived,
    CaseAssessed,
    NewInformationReceived,
    Seriousness,
)

FATAL: frozenset[Seriousness] = frozenset({"death", "life_threatening"})


@dataclass(frozen=True)
class AdverseEvent:
    """The event as reported; `received_on` is day 0, a local date in `zone`, the place of receipt."""

    trial_id: UUID
    site_id: UUID
    subject_id: UUID
    received_on: date
    zone: str
    seriousness: tuple[Seriousness, ...]
    causality_excluded: bool
    term_code: str | None = None
    dictionary: str | None = None

    @classmethod
    def of(cls, told: AdverseEventReceived | AdverseEventCorrected) -> "AdverseEvent":
        """What a recorded report or correction says."""
        return cls(**{each.name: getattr(told, each.name) for each in fields(cls)})

    @property
    def serious(self) -> bool:
        return bool(self.seriousness)

    @property
    def fatal(self) -> bool:
        return bool(FATAL & set(self.seriousness))

    def merged(self, other: "AdverseEvent") -> "AdverseEvent":
        """The graver of two reports: earliest receipt, every criterion, causality excluded only by both."""
        earlier = other if other.received_on < self.received_on else self
        return replace(
            self,
            received_on=earlier.received_on,
            zone=earlier.zone,
            seriousness=tuple(sorted({*self.seriousness, *other.seriousness})),
            causality_excluded=self.causality_excluded and other.causality_excluded,
        )


@dataclass(frozen=True)
class Case:
    """A case; `event` is None until its adverse event has been reported.

    `reports` are kept as they were told, so that a repeated one is known. `clocks` are the provisional ones
    in force, `obligations` those of the determinations in force, `taken_back` the codes that a later one
    withdrew, once each time, `asked` the legal and the operational date of the last follow-up, `owed` and
    `acknowledged` name reports to authorities by case version and code. Of a case that was `adopted`,
    `settled` are the codes of reports acknowledged before.
    """

    event: AdverseEvent | None = None
    reports: frozenset[AdverseEvent] = frozenset()
    corrections: frozenset[UUID] = frozenset()
    clocks: tuple[Clock, ...] = ()
    version: int = 0
    latest_on: date | None = None
    fatal_since: date | None = None
    assessment: CaseAssessed | None = None
    determination: Literal["reportable", "not_reportable"] | None = None
    obligations: tuple[Obligation, ...] = ()
    taken_back: tuple[str, ...] = ()
    information: tuple[NewInformationReceived, ...] = ()
    reviewed: frozenset[tuple[UUID, bool]] = frozenset()
    asked: tuple[date, date] | None = None
    told: frozenset[tuple[UUID, str]] = frozenset()
    owed: frozenset[tuple[int, str]] = frozenset()
    acknowledged: frozenset[tuple[int, str]] = frozenset()
    searched: frozenset[UUID] = frozenset()
    adopted: bool = False
    settled: frozenset[str] = frozenset()

    def assessed(self, opinion: CaseAssessed) -> "Case":
        """The case with this opinion.

        A case found fatal only now, by what arrived since, counts its seven days from that information.
        """
        before = self.assessment
        became = opinion.fatal_or_life_threatening and before and not before.fatal_or_life_threatening
        since = self.fatal_since or (self.latest_on if became else None)
        return replace(self, assessment=opinion, fatal_since=since)

    @property
    def waiting(self) -> tuple[NewInformationReceived, ...]:
        """Information that nobody has judged yet."""
        judged = {info_id for info_id, _ in self.reviewed}
        return tuple(info for info in self.information if info.info_id not in judged)
