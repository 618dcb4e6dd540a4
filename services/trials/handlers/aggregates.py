"""The aggregates of the trials service: one stream each."""

from services.trials.commands.deviation import AnnulDeviation, ReportDeviation
from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.domain import (
    deviation,
    engagement,
    erasure,
    hold,
    obligations,
    retention,
    site,
    subject,
    trial,
)
from services.trials.domain.state import Trial
from shared.runtime.service import Aggregate

AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate("trial", trial.TrialCommand, Trial(), trial.decide, trial.evolve),
    Aggregate("site", site.SiteCommand, site.Site(), site.decide, site.evolve, site.wake_at),
    Aggregate("subject", subject.SubjectCommand, subject.Subject(), subject.decide, subject.evolve),
    Aggregate("hold", ApplyHold | LiftHold | AnnulHold, hold.Hold(), hold.decide, hold.evolve),
    Aggregate(
        "deviation",
        ReportDeviation | AnnulDeviation,
        deviation.Deviation(),
        deviation.decide,
        deviation.evolve,
    ),
    Aggregate(
        "retention", retention.RetentionCommand, retention.Keeping(), retention.decide, retention.evolve
    ),
    Aggregate(
        "engagement",
        engagement.EngagementCommand,
        engagement.Engagement(),
        engagement.decide,
        engagement.evolve,
    ),
    Aggregate(
        "obligations",
        obligations.ObligationsCommand,
        obligations.Ledger(),
        obligations.decide,
        obligations.evolve,
        obligations.wake_at,
    ),
    Aggregate("erasure", erasure.ErasureCommand, erasure.Erasure(), erasure.decide, erasure.evolve),
)
