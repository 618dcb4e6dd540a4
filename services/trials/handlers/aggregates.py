"""The aggregates of the trials service: one stream each."""

from services.trials.commands.country import CountryCommand
from services.trials.commands.deviation import AnnulDeviation, ReportDeviation
from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.commands.programme import ProgrammeCommand
from services.trials.domain import (
    country,
    deviation,
    erasure,
    hold,
    programme,
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
    Aggregate("erasure", erasure.ErasureCommand, erasure.Erasure(), erasure.decide, erasure.evolve),
    Aggregate("programme", ProgrammeCommand, programme.Programme(), programme.decide, programme.evolve),
    Aggregate("country", CountryCommand, country.Country(), country.decide, country.evolve, country.wake_at),
)
