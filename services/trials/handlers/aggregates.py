"""The aggregates of the trials service: one stream each."""

from services.trials.commands.data_counts import RecordDataCounts
from services.trials.commands.deviation import AnnulDeviation, ReportDeviation
from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.domain import (
    budget,
    data,
    data_counts,
    deviation,
    erasure,
    hold,
    invoice,
    retention,
    site,
    subject,
    trial,
    trial_budget,
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
    Aggregate("budget", budget.BudgetCommand, budget.Budget(), budget.decide, budget.evolve),
    Aggregate(
        "trial_budget",
        trial_budget.TrialBudgetCommand,
        trial_budget.TrialBudget(),
        trial_budget.decide,
        trial_budget.evolve,
    ),
    Aggregate("invoice", invoice.InvoiceCommand, invoice.Invoice(), invoice.decide, invoice.evolve),
    Aggregate("data", data.DataCommand, data.Data(), data.decide, data.evolve),
    Aggregate("data_counts", RecordDataCounts, data_counts.Counts(), data_counts.decide, data_counts.evolve),
)
