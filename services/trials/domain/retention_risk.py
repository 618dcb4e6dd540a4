"""The risk that a subject leaves: factors with their weights, the sum, its band."""

from dataclasses import dataclass
from datetime import datetime

from services.trials.commands.recruitment import AssessRetentionRisk
from services.trials.domain.broken import deviation, site_breaks
from services.trials.projections.guards import SiteGuard
from services.trials.rules.recruitment import FACTORS, level_of
from shared.contracts.message import Facts, Wake
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.recruitment import RetentionRiskAssessed, RiskFactor

Events = list[RetentionRiskAssessed | DeviationReported]


@dataclass(frozen=True)
class RetentionRisk:
    """The latest assessment."""

    latest: RetentionRiskAssessed | None = None


def decide(risk: RetentionRisk, command: AssessRetentionRisk | Wake, facts: Facts, now: datetime) -> Events:
    """The event of an assessment; repeating it causes none."""
    if isinstance(command, Wake):
        return []
    factors = tuple(RiskFactor(code=code, weight=FACTORS[code]) for code in sorted(command.factors))
    score = sum(factor.weight for factor in factors)
    breaks = site_breaks(facts.get(SiteGuard, command.site_id), command.trial_id)
    given = command.model_dump(exclude={"factors"})
    assessed = RetentionRiskAssessed(
        **given, factors=factors, score=score, level=level_of(score), breaks=breaks
    )
    if assessed == risk.latest:
        return []
    name, day = f"{command.site_id}|{command.subject_id}", command.assessed_on
    return [assessed, *deviation(command.trial_id, "retention_risk", f"{name}|{day}", breaks, day)]


def evolve(risk: RetentionRisk, event: RetentionRiskAssessed | DeviationReported) -> RetentionRisk:
    return risk if isinstance(event, DeviationReported) else RetentionRisk(event)
