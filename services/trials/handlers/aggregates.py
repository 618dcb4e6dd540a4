"""The aggregates of the trials service: one stream each."""

from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.domain import (
    capa,
    deviation,
    erasure,
    hold,
    kri,
    monitoring_visit,
    remote_review,
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
        deviation.DeviationCommand,
        deviation.Deviation(),
        deviation.decide,
        deviation.evolve,
    ),
    Aggregate(
        "retention", retention.RetentionCommand, retention.Keeping(), retention.decide, retention.evolve
    ),
    Aggregate("erasure", erasure.ErasureCommand, erasure.Erasure(), erasure.decide, erasure.evolve),
    Aggregate(
        "monitoring_visit",
        monitoring_visit.VisitCommand,
        monitoring_visit.Visit(),
        monitoring_visit.decide,
        monitoring_visit.evolve,
        monitoring_visit.wake_at,
    ),
    Aggregate(
        "remote_review",
        remote_review.ReviewCommand,
        remote_review.Review(),
        remote_review.decide,
        remote_review.evolve,
        remote_review.wake_at,
    ),
    Aggregate("capa", capa.CapaCommand, capa.Capa(), capa.decide, capa.evolve, capa.wake_at),
    Aggregate("monitoring", kri.MonitoringCommand, kri.Monitoring(), kri.decide, kri.evolve, kri.wake_at),
)
