"""The aggregates of the trials service: one stream each."""

from services.trials.commands.design import RecordDesign
from services.trials.commands.deviation import AnnulDeviation, ReportDeviation
from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.commands.statistics import SignDesignInput
from services.trials.domain import (
    analysis_plan,
    design,
    deviation,
    erasure,
    hold,
    protocol,
    retention,
    site,
    statistics,
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
    Aggregate("erasure", erasure.ErasureCommand, erasure.Erasure(), erasure.decide, erasure.evolve),
    Aggregate(
        "protocol",
        protocol.ProtocolCommand,
        protocol.Protocol(),
        protocol.decide,
        protocol.evolve,
        protocol.wake_at,
    ),
    Aggregate("design", RecordDesign, design.Design(), design.decide, design.evolve),
    Aggregate("statistics", SignDesignInput, statistics.Statistics(), statistics.decide, statistics.evolve),
    Aggregate(
        "analysis_plan",
        analysis_plan.PlanCommand,
        analysis_plan.Plans(),
        analysis_plan.decide,
        analysis_plan.evolve,
    ),
)
