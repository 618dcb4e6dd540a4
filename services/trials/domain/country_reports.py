"""An authority's acts as reported: always kept, and marked where they do not fit what is known."""

from datetime import date
from typing import Any

from services.trials.commands.country import RecordCountryDecision, RecordInformationRequest
from services.trials.domain.country_state import Country, evolve, report, way
from shared.contracts.trials.country import (
    CountryEvent,
    CountryInformationRequested,
    CountryMilestoneAchieved,
    CountryStatus,
)


def decided(country: Country, command: RecordCountryDecision, today: date) -> list[CountryEvent]:
    """The decision, after what it implies and nobody stated; one that does not fit moves nothing.

    A halt stops the country's sites also where it does not fit, and its end lets them go on.
    """
    to: CountryStatus = "open" if command.decision == "reopened" else command.decision
    known = report(to, command.decided_on, country.status)
    if country.status == to or known in country.heard:
        return []
    fits = way(country.status, to) if (to == "open") == (country.status == "halted") else ()
    events = _inferred(country, command, fits[:-1], command.decided_on)
    for event in events:
        country = evolve(country, event)
    breaks = _breaks(country, command.decided_on, today, fitting=bool(fits))
    halted_on = country.halted_on if to in ("halted", "open") else None
    halt = country.halts if halted_on else None
    if to == "halted" and halted_on is None:
        halted_on, halt = command.decided_on, country.halts + 1
    return [
        *events,
        CountryMilestoneAchieved(
            **_ids(command),
            milestone=to,
            before=country.status,
            after=to if fits else country.status,
            planned=country.planned(to),
            actual=command.decided_on,
            document_ref=command.document_ref,
            effects=command.effects,
            halted_on=halted_on,
            halt=halt,
            breaks=breaks,
        ),
    ]


def questioned(country: Country, command: RecordInformationRequest, today: date) -> list[CountryEvent]:
    """The question; outside validation and assessment it is kept, and no clock runs for it."""
    if command.request_id in country.questions or command.request_id in country.answered:
        return []
    if (command.request_id, command.due_on, country.status) in country.heard:
        return []
    open_to = country.status in ("submitted", "rfi_open")
    fits = () if open_to else way(country.status, "rfi_open")
    events = _inferred(country, command, fits[:-1], command.asked_on)
    told = command.model_dump(include={"request_id", "asked_on", "due_on", "document_ref"})
    stays = open_to or bool(fits)
    breaks = () if stays else ("country.transition",)
    return [*events, CountryInformationRequested(**_ids(command), **told, breaks=breaks)]


def _inferred(
    country: Country,
    command: RecordCountryDecision | RecordInformationRequest,
    steps: tuple[CountryStatus, ...],
    day: date,
) -> list[CountryEvent]:
    events: list[CountryEvent] = []
    before = country.status
    for status in steps:
        events.append(
            CountryMilestoneAchieved(
                **_ids(command), milestone=status, before=before, after=status, actual=day, inferred=True
            )
        )
        before = status
    return events


def _breaks(country: Country, day: date, today: date, fitting: bool) -> tuple[str, ...]:
    found = {
        "country.transition": not fitting,
        "country.date_order": day < country.last_on,
        "country.in_future": day > today,
    }
    return tuple(rule for rule, broken in found.items() if broken)


def _ids(command: RecordCountryDecision | RecordInformationRequest) -> dict[str, Any]:
    return {"country_id": command.stream_id, "trial_id": command.trial_id, "country": command.country}
