"""What the runtime runs of the trials service: aggregates, rows and reactions."""

from pathlib import Path

from services.trials import (
    erasure_rows,
    guard_folds,
    guards,
    hold_rows,
    projections,
    reactions,
    site_rows,
    subject_rows,
)
from services.trials import retention as kept
from services.trials.commands import AnnulDeviation, AnnulHold, ApplyHold, LiftHold, ReportDeviation
from services.trials.domain import deviation, erasure, hold, retention, site, subject, trial
from services.trials.domain.state import Trial
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
        Projection(projections.TrialRow, projections.trial_keys, projections.fold_trial, OWN),
        Projection(site_rows.SiteRow, site_rows.site_keys, site_rows.fold_site, OWN),
        Projection(subject_rows.SubjectRow, subject_rows.subject_keys, subject_rows.fold_subject, OWN),
        Projection(hold_rows.HoldRow, hold_rows.hold_keys, hold_rows.fold_hold, OWN),
        Projection(hold_rows.DeviationRow, hold_rows.deviation_keys, hold_rows.fold_deviation, OWN),
        Projection(kept.Retention, kept.retention_keys, kept.fold_retention, OWN),
        Projection(erasure_rows.ErasureRow, erasure_rows.erasure_keys, erasure_rows.fold_erasure, OWN),
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
