"""The risk that a subject leaves: factors with their weights, the sum, its band."""

from dataclasses import dataclass
from datetime import datetime

from services.trials.commands.recruitment import AssessRetentionRisk
from services.trials.rules.recruitment import FACTORS, level_of
from shared.contracts.message import Facts, Wake
from shared.contracts.trials.recruitment import RetentionRiskAssessed, RiskFactor


@dataclass(frozen=True)
class RetentionRisk:
    """The latest assessment."""

    latest: RetentionRiskAssessed | None = None


def decide(
    risk: RetentionRisk, command: AssessRetentionRisk | Wake, facts: Facts, now: datetime
) -> list[RetentionRiskAssessed]:
    """The event of an assessment; repeating it causes none."""
    if isinstance(command, Wake):
        return []
    factors = tuple(RiskFactor(code=code, weight=FACTORS[code]) for code in sorted(command.factors))
    score = sum(factor.weight for factor in factors)
    assessed = RetentionRiskAssessed(
        **command.model_dump(exclude={"factors"}), factors=factors, score=score, level=level_of(score)
    )
    return [] if assessed == risk.latest else [assessed]


def evolve(risk: RetentionRisk, event: RetentionRiskAssessed) -> RetentionRisk:
    return RetentionRisk(event)
