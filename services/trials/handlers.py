"""What the runtime runs of the trials service: aggregates, rows and reactions."""

from pathlib import Path

from services.trials import reactions
from services.trials.commands import AnnulDeviation, AnnulHold, ApplyHold, LiftHold, ReportDeviation
from services.trials.domain import deviation, erasure, hold, retention, site, subject, trial
from services.trials.domain.state import Trial
from services.trials.projections import erasures, guard_folds, guards, holds, sites, subjects, trials
from services.trials.projections import retention as kept
from shared.contracts.regulatory import RegulatoryEvent
from shared.contracts.retrieval import RetrievalEvent
from shared.contracts.safety import SafetyEvent
from shared.contracts.trials import TrialsEvent
from shared.runtime.deadline import deadline_rows
from shared.runtime.service import Aggregate, Projection, Reaction, Service

OWN = ("trials",)

SERVICE = Service(
    name="trials",
    contracts={
        "trials": TrialsEvent,
        "regulatory": RegulatoryEvent,
        "safety": SafetyEvent,
        "retrieval": RetrievalEvent,
    },
    aggregates=(
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
    ),
    projections=(
        Projection(guards.TrialGuard, guard_folds.trial_guard_keys, guard_folds.fold_trial_guard, OWN),
        Projection(guards.SiteGuard, guard_folds.site_guard_keys, guard_folds.fold_site_guard, OWN),
        Projection(guards.SubjectGuard, guard_folds.subject_guard_keys, guard_folds.fold_subject_guard, OWN),
        Projection(guards.TrialSites, guard_folds.trial_sites_keys, guard_folds.fold_trial_sites, OWN),
        Projection(guards.TrialCount, guard_folds.trial_count_keys, guard_folds.fold_trial_count, OWN),
        Projection(trials.TrialRow, trials.trial_keys, trials.fold_trial, OWN),
        Projection(sites.SiteRow, sites.site_keys, sites.fold_site, OWN),
        Projection(subjects.SubjectRow, subjects.subject_keys, subjects.fold_subject, OWN),
        Projection(holds.HoldRow, holds.hold_keys, holds.fold_hold, OWN),
        Projection(holds.DeviationRow, holds.deviation_keys, holds.fold_deviation, OWN),
        Projection(kept.Retention, kept.retention_keys, kept.fold_retention, OWN),
        Projection(erasures.ErasureRow, erasures.erasure_keys, erasures.fold_erasure, OWN),
        deadline_rows("regulatory", "safety", "retrieval"),
    ),
    reactions=(
        Reaction("trials", reactions.react_to_own, reactions.needs_of_own),
        Reaction("regulatory", reactions.react_to_regulatory, reactions.needs_of_regulatory),
        Reaction("safety", reactions.react_to_safety),
        Reaction("retrieval", reactions.react_to_retrieval),
    ),
    migrations=Path(__file__).parent / "migrations",
)
