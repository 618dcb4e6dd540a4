"""The rows of the trials service: guards of decisions, and what stands behind its pages."""

from services.trials.projections import cycle_times as cycles
from services.trials.projections import erasures, guard_folds, guards, holds, sites, subjects, trials
from services.trials.projections import retention as kept
from shared.runtime.deadline import deadline_rows
from shared.runtime.service import Projection

OWN = ("trials",)

PROJECTIONS: tuple[Projection, ...] = (
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
    Projection(cycles.CycleTimes, cycles.cycle_keys, cycles.fold_cycle, OWN),
    deadline_rows("regulatory", "safety", "retrieval"),
)
