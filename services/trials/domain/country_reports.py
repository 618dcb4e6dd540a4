"""An authority's acts as reported: always kept, and marked where they do not fit what is known."""

from datetime import date
from functools import reduce
from typing import Any

from services.trials.commands.country import (
    AnswerInformationRequest,
    RecordCountryDecision,
    RecordInformationRequest,
)
from services.trials.domain.broken import rules_of
from services.trials.domain.country_state import Country, evolve, report, stopped, way
from services.trials.rules.holds import EFFECTS
from shared.contracts.trials.country import (
    CountryEvent,
    CountryInformationRequested,
    CountryLapseAnnulled,
    CountryMilestoneAchieved,
    CountryStatus,
)
from shared.contracts.trials.hold import Effect

Word = RecordCountryDecision | RecordInformationRequest


def decided(country: Country, command: RecordCountryDecision, today: date) -> list[CountryEvent]:
    """The decision, after what it implies and nobody stated; one that does not fit moves nothing.

    A halt stops the country's sites also where it does not fit, and its end lets them go on. A decision that
    fits what was before a lapse by the clock proves that lapse wrong.
    """
    to: CountryStatus = "open" if command.decision == "reopened" else command.decision
    effects = _effects(country, command)
    stands = country.halted_on is not None and stopped(effects) == country.stops
    same = stands if to == "halted" else country.status == to and not country.lapse
    if same or report(to, command.decided_on, country.status, command.effects) in country.heard:
        return []
    back = annulled(country, command) if country.lapse and way(country.lapse.before, to) else []
    country = reduce(evolve, back, country)
    fits = way(country.status, to) if (to == "open") == (country.status == "halted") else ()
    between = _inferred(country, command, fits[:-1], command.decided_on)
    country = reduce(evolve, between, country)
    halted_on = country.halted_on if to in ("halted", "open") else None
    halt, replaces = (country.halts if halted_on else None), None
    if to == "halted":
        replaces, halted_on, halt = halted_on, command.decided_on, country.halts + 1
    return [
        *back,
        *between,
        CountryMilestoneAchieved(
            **_ids(command),
            milestone=to,
            before=country.status,
            after=to if fits else country.status,
            planned=country.planned(to),
            actual=command.decided_on,
            document_ref=command.document_ref,
            effects=effects,
            halted_on=halted_on,
            halt=halt,
            replaces=replaces,
            breaks=_breaks(country, command.decided_on, today, fitting=bool(fits) or country.status == to),
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


def annulled(country: Country, command: Word | AnswerInformationRequest) -> list[CountryEvent]:
    """What takes a lapse by the clock back, where there is one."""
    if (lapse := country.lapse) is None:
        return []
    return [CountryLapseAnnulled(**_ids(command), lapsed_on=lapse.lapsed_on, after=lapse.before)]


def _effects(country: Country, command: RecordCountryDecision) -> tuple[Effect, ...]:
    """What a halt stops after this letter; one that is older than the latest can only add to it."""
    older = country.halted_on is not None and command.decided_on < country.said_on
    if command.decision != "halted" or not older:
        return command.effects
    both = country.stops | stopped(command.effects)
    return tuple(effect for effect in EFFECTS if effect in both)


def _inferred(
    country: Country, command: Word, steps: tuple[CountryStatus, ...], day: date
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
    return rules_of(found)


def _ids(command: Word | AnswerInformationRequest) -> dict[str, Any]:
    return {"country_id": command.stream_id, "trial_id": command.trial_id, "country": command.country}
