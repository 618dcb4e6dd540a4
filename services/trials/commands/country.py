"""Commands on a trial in a country: what the sponsor asks for, and what its authority has done."""

from itertools import pairwise
from typing import ClassVar, Literal, Self
from uuid import UUID, uuid5

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.words import Country, Text
from services.trials.projections.guards import TrialGuard
from services.trials.rules import NAMESPACE
from shared.contracts.message import Command, Need, Signed
from shared.contracts.trials.hold import Effect
from shared.rules.dates import Day, ZoneName

Decision = Literal[
    "validated",
    "invalid",
    "lapsed",
    "under_assessment",
    "authorised",
    "authorised_with_conditions",
    "refused",
    "halted",
    "reopened",
]


def country_id(trial_id: UUID, country: str) -> UUID:
    """The stream of a trial in a country."""
    return uuid5(NAMESPACE, f"country|{trial_id}|{country}")


class OfCountry(Command):
    """A command on the stream of a trial in one country (ISO 3166 alpha-2)."""

    trial_id: UUID
    country: Country

    @property
    def stream_id(self) -> UUID:
        return country_id(self.trial_id, self.country)

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialGuard, (self.trial_id,)),)


class PlanCountry(OfCountry):
    """Plan the trial in a country: its authority's zone, and the days by which we expect each step."""

    type: ClassVar[str] = "trials.plan_country.v1"
    zone: ZoneName
    submit_on: Day | None = None
    authorise_on: Day | None = None
    open_on: Day | None = None
    close_on: Day | None = None

    @model_validator(mode="after")
    def _one_after_another(self) -> Self:
        days = {n: getattr(self, n) for n in ("submit_on", "authorise_on", "open_on", "close_on")}
        known = [(name, day) for name, day in days.items() if day]
        for (before, first), (after, second) in pairwise(known):
            if second < first:
                raise ValueError(f"{after}: before {before}")
        return self


class SubmitCountry(OfCountry):
    """Say that the application went to the country's authority."""

    type: ClassVar[str] = "trials.submit_country.v1"
    submitted_on: Day
    document_ref: Text | None = None


class OpenCountry(OfCountry):
    """Say that an authorised country is open; what its sites may begin follows from the authorisation."""

    type: ClassVar[str] = "trials.open_country.v1"
    opened_on: Day


class CloseCountry(OfCountry):
    """End the trial in a country: from that day on its authorisation opens no gate there."""

    type: ClassVar[str] = "trials.close_country.v1"
    closed_on: Day


class RecordCountryDecision(OfCountry, Signed):
    """Report what the country's authority decided; `effects` is what a halt stops, where its letter says."""

    type: ClassVar[str] = "trials.record_country_decision.v1"
    report: ClassVar[bool] = True
    meaning: Literal["filed as the authority decided"] = "filed as the authority decided"
    decision: Decision
    decided_on: Day
    document_ref: Text | None = None
    effects: tuple[Effect, ...] = Field(default=(), max_length=100)


class RecordInformationRequest(OfCountry):
    """Report that the authority asked for information, and the last day for the answer."""

    type: ClassVar[str] = "trials.record_information_request.v1"
    report: ClassVar[bool] = True
    request_id: UUID = Field(default_factory=uuid7)
    asked_on: Day
    due_on: Day
    document_ref: Text | None = None

    @model_validator(mode="after")
    def _due_after_it_was_asked(self) -> Self:
        if self.due_on < self.asked_on:
            raise ValueError("due_on: before asked_on")
        return self


class AnswerInformationRequest(OfCountry):
    """Say that the authority's question was answered."""

    type: ClassVar[str] = "trials.answer_information_request.v1"
    request_id: UUID
    answered_on: Day
    document_ref: Text | None = None


SponsorStep = SubmitCountry | OpenCountry | CloseCountry
CountryCommand = (
    PlanCountry | SponsorStep | RecordCountryDecision | RecordInformationRequest | AnswerInformationRequest
)
