"""The rows of the trials service: guards of decisions, and what stands behind its pages."""

from services.trials.projections import (
    countries,
    erasures,
    guard_folds,
    guards,
    holds,
    programme_guards,
    programmes,
    sites,
    subjects,
    trials,
)
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
    Projection(
        programme_guards.ProgrammeGuard,
        programme_guards.programme_guard_keys,
        programme_guards.fold_programme_guard,
        OWN,
    ),
    Projection(
        programme_guards.ProgrammeStanding,
        programme_guards.programme_standing_keys,
        programme_guards.fold_programme_standing,
        OWN,
    ),
    Projection(programmes.ProgrammeRow, programmes.programme_keys, programmes.fold_programme, OWN),
    Projection(countries.CountryGuard, countries.country_keys, countries.fold_country_guard, OWN),
    Projection(countries.CountryRow, countries.country_keys, countries.fold_country, OWN),
    deadline_rows("regulatory", "safety", "retrieval"),
)
