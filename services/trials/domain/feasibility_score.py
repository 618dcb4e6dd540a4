"""The score of a site: factors from its answers and from the registry's records, each with its inputs.

The score is the weighted mean of the factors that have a value, times 100, to one decimal: an additive value
model over normalised attributes (R. L. Keeney, H. Raiffa, Decisions with Multiple Objectives, 1976). Weights
and scales are data (rules/feasibility.py, or the questionnaire's own); nobody claims that they predict
enrolment.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from pydantic import JsonValue

from services.trials.projections.facilities import RegistryRecord
from services.trials.rules.feasibility import CITY_SHARE, REGISTRY, STALE_AFTER
from shared.contracts.trials.feasibility import Answer, Factor, Question, RegistryFactor


def factors(
    questions: Iterable[Question],
    answers: Iterable[Answer],
    weights: Mapping[RegistryFactor, float],
    record: RegistryRecord | None,
    on: date,
) -> tuple[Factor, ...]:
    """Every factor with its weight, value and inputs: the questions first, then the registry's records.

    `weights` are those of the registry's factors, where they are not the default ones; `on` is today.
    """
    given = {answer.code: answer.value for answer in answers}
    asked = (_answered(question, given.get(question.code)) for question in questions)
    known = (_recorded(name, weights.get(name, rule.weight), record, on) for name, rule in REGISTRY.items())
    return (*asked, *known)


def score(found: Iterable[Factor]) -> tuple[float | None, float]:
    """The score (0 to 100; None where no factor has a value) and the share of weights behind it (ratio)."""
    weighed = [(factor.weight, factor.value) for factor in found]
    whole = sum(weight for weight, _ in weighed)
    known = [(weight, value) for weight, value in weighed if value is not None and weight]
    behind = sum(weight for weight, _ in known)
    if not behind:
        return None, 0.0
    return round(100 * sum(weight * value for weight, value in known) / behind, 1), round(behind / whole, 4)


def misfit(question: Question, value: bool | float | str) -> str | None:
    """What is wrong with an answer to this question; None where it fits."""
    match question.kind:
        case "yes_no":
            return None if isinstance(value, bool) else "is to be true or false"
        case "number":
            fits = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
            return None if fits else "is to be a number that is not negative"
        case _:
            return None if value in question.options else "is none of the options"


def _answered(question: Question, value: bool | float | str | None) -> Factor:
    inputs: dict[str, JsonValue] = {
        "answer": value,
        **question.model_dump(include={"kind", "wanted", "target", "options"}),
    }
    counts = None if value is None else _counts(question, value)
    return Factor(name=f"question.{question.code}", weight=question.weight, value=counts, inputs=inputs)


def _counts(question: Question, value: bool | float | str) -> float:
    if question.kind == "yes_no":
        return float(value is question.wanted)
    if question.kind == "choice":
        return question.options[str(value)]
    return round(min(1.0, float(value) / (question.target or 1)), 4)


def _recorded(name: RegistryFactor, weight: float, record: RegistryRecord | None, on: date) -> Factor:
    rule = REGISTRY[name]
    shown: dict[str, JsonValue] = {"full": rule.full, "unit": rule.unit, "meaning": rule.meaning}
    if record is None or record.facility is None:
        return Factor(
            name=f"registry.{name}", weight=weight, value=None, inputs={**shown, "facility": None}, stale=True
        )
    number, inputs = _number(name, record)
    part = None if number is None else min(1.0, number / rule.full)
    value = part if part is None or not rule.falling else 1 - part
    as_of = record.as_of.isoformat() if record.as_of else None
    return Factor(
        name=f"registry.{name}",
        weight=weight,
        value=None if value is None else round(value, 4),
        inputs={**shown, **inputs, "facility": record.facility, "trials": record.trials, "as_of": as_of},
        stale=record.as_of is None or on - record.as_of > STALE_AFTER,
    )


def _number(name: RegistryFactor, record: RegistryRecord) -> tuple[float | None, dict[str, JsonValue]]:
    match name:
        case "similar_trials":
            return record.similar, {"similar": record.similar}
        case "enrolment_speed":
            return record.speed, {"speed": record.speed, "speed_trials": record.speed_trials}
        case _:
            at_place, in_city = record.competing_facility, record.competing_city
            inputs: dict[str, JsonValue] = {
                "at_facility": at_place,
                "in_city": in_city,
                "city_share": CITY_SHARE,
            }
            return at_place + CITY_SHARE * in_city, inputs
