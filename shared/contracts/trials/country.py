"""Events of a trial in one country: from the plan to its end there (domain 3.2)."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event
from shared.contracts.trials.hold import Effect

CountryStatus = Literal[
    "planned",
    "submitted",
    "validated",
    "invalid",
    "lapsed",
    "under_assessment",
    "rfi_open",
    "authorised",
    "authorised_with_conditions",
    "refused",
    "open",
    "halted",
    "closed",
]
PlannedMilestone = Literal["submitted", "authorised", "open", "closed"]


class CountryPlanned(Event):
    """The trial is to run in a country, with the days planned; a later plan replaces the days.

    `zone` is the IANA zone of the country's authority, whose local days count.
    """

    type: ClassVar[str] = "trials.country.planned.v1"
    country_id: UUID
    trial_id: UUID
    country: str
    zone: str
    planned: dict[PlannedMilestone, date]


class CountryMilestoneAchieved(Event):
    """The trial reached a status in a country: `actual` is the authority's local day, `planned` ours.

    `inferred`: a status that nobody stated, in between or a lapse by the clock. A report that does not fit is
    marked by `breaks` and moves nothing: then `after` equals `before`. `halted_on` is the first day of the
    halt that begins or ends, `halt` its number in the country. A halt that stops something else than the one
    before it takes its place: `replaces` is the first day of that one, whose number is one less.
    """

    type: ClassVar[str] = "trials.country.milestone_achieved.v1"
    country_id: UUID
    trial_id: UUID
    country: str
    milestone: CountryStatus
    before: CountryStatus | None = None
    after: CountryStatus | None = None
    planned: date | None = None
    actual: date
    inferred: bool = False
    document_ref: str | None = None
    effects: tuple[Effect, ...] = ()
    halted_on: date | None = None
    halt: int | None = None
    replaces: date | None = None
    breaks: tuple[str, ...] = ()


class CountryInformationRequested(Event):
    """The authority asked for information; without an answer by `due_on` (inclusive) the application lapses.

    During validation the application stays submitted, during assessment it becomes rfi_open.
    """

    type: ClassVar[str] = "trials.country.information_requested.v1"
    country_id: UUID
    trial_id: UUID
    country: str
    request_id: UUID
    asked_on: date
    due_on: date
    document_ref: str | None = None
    breaks: tuple[str, ...] = ()


class CountryInformationAnswered(Event):
    """The sponsor answered the authority's question."""

    type: ClassVar[str] = "trials.country.information_answered.v1"
    country_id: UUID
    trial_id: UUID
    country: str
    request_id: UUID
    answered_on: date
    document_ref: str | None = None


class CountryLapseAnnulled(Event):
    """The application never lapsed: the answer was in time and told late, or the authority went on with it.

    Only a lapse by the clock is annulled. `after` is the status before it, which stands again; `lapsed_on` is
    the day on which the clock had let it lapse.
    """

    type: ClassVar[str] = "trials.country.lapse_annulled.v1"
    country_id: UUID
    trial_id: UUID
    country: str
    lapsed_on: date
    after: CountryStatus


CountryEvent = (
    CountryPlanned
    | CountryMilestoneAchieved
    | CountryInformationRequested
    | CountryInformationAnswered
    | CountryLapseAnnulled
)
