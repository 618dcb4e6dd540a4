"""The rows of the trials service: guards of decisions, and what stands behind its pages."""

from services.trials.projections import (
    budgets,
    capa,
    consent_guards,
    countries,
    data_counts,
    design,
    engagements,
    enrolment,
    enrolment_guards,
    erasures,
    feasibility,
    feeds,
    guard_folds,
    guards,
    holds,
    indicators,
    investigators,
    invoices,
    kri_folds,
    kri_guards,
    matching,
    monitoring,
    obligations,
    programme_guards,
    programmes,
    protocol,
    protocol_guards,
    recruitment,
    remote_review,
    scorecard,
    site_contracts,
    sites,
    staff,
    statistics,
    subjects,
    trial_data,
    trials,
)
from services.trials.projections import cycle_times as cycles
from services.trials.projections import retention as kept
from shared.runtime.deadline import deadline_rows
from shared.runtime.takers import Projection

OWN = ("trials",)

PROJECTIONS: tuple[Projection, ...] = (
    Projection(guards.TrialGuard, guard_folds.trial_guard_keys, guard_folds.fold_trial_guard, OWN),
    Projection(guards.SiteGuard, guard_folds.site_guard_keys, guard_folds.fold_site_guard, OWN),
    Projection(guards.SubjectGuard, guard_folds.subject_guard_keys, guard_folds.fold_subject_guard, OWN),
    Projection(guards.TrialSites, guard_folds.trial_sites_keys, guard_folds.fold_trial_sites, OWN),
    Projection(guards.TrialCount, enrolment_guards.count_keys, enrolment_guards.fold_trial_count, OWN),
    Projection(trials.TrialRow, trials.trial_keys, trials.fold_trial, OWN),
    Projection(sites.SiteRow, sites.site_keys, sites.fold_site, OWN),
    Projection(subjects.SubjectRow, subjects.subject_keys, subjects.fold_subject, OWN),
    Projection(holds.HoldRow, holds.hold_keys, holds.fold_hold, OWN),
    Projection(holds.DeviationRow, holds.deviation_keys, holds.fold_deviation, OWN),
    Projection(kept.Retention, kept.retention_keys, kept.fold_retention, OWN),
    Projection(erasures.ErasureRow, erasures.erasure_keys, erasures.fold_erasure, OWN),
    Projection(feeds.FeedRow, feeds.feed_keys, feeds.fold_feed, OWN),
    Projection(feeds.SiteFeeds, feeds.site_feeds_keys, feeds.fold_site_feeds, OWN),
    Projection(feeds.SiteFeedsDue, feeds.site_feeds_due_keys, feeds.fold_site_feeds_due, OWN),
    Projection(matching.CriteriaRow, matching.criteria_keys, matching.fold_criteria, OWN),
    Projection(matching.MatchingRow, matching.matching_keys, matching.fold_matching, OWN),
    Projection(recruitment.CampaignRow, recruitment.campaign_keys, recruitment.fold_campaign, OWN),
    Projection(recruitment.SupportRow, recruitment.support_keys, recruitment.fold_support, OWN),
    Projection(
        recruitment.RetentionRiskRow, recruitment.retention_risk_keys, recruitment.fold_retention_risk, OWN
    ),
    deadline_rows("regulatory", "safety", "retrieval"),
    Projection(feasibility.FeasibilityRow, feasibility.feasibility_keys, feasibility.fold_feasibility, OWN),
    Projection(staff.SiteStaff, staff.staff_keys, staff.fold_staff, OWN),
    Projection(site_contracts.ContractRow, site_contracts.contract_keys, site_contracts.fold_contract, OWN),
    Projection(
        investigators.InvestigatorRow, investigators.investigator_keys, investigators.fold_investigator, OWN
    ),
    Projection(
        consent_guards.SiteConsents, consent_guards.site_consents_keys, consent_guards.fold_site_consents, OWN
    ),
    Projection(
        consent_guards.SiteSubjects, consent_guards.site_subjects_keys, consent_guards.fold_site_subjects, OWN
    ),
    Projection(
        enrolment_guards.EnrolmentTargets, enrolment_guards.targets_keys, enrolment_guards.fold_targets, OWN
    ),
    Projection(
        enrolment_guards.EnrolmentCount, enrolment_guards.count_keys, enrolment_guards.fold_count, OWN
    ),
    Projection(enrolment.TargetReached, enrolment.reached_keys, enrolment.fold_reached, OWN),
    Projection(enrolment.SubgroupTarget, enrolment.subgroup_target_keys, enrolment.fold_subgroup_target, OWN),
    Projection(enrolment.SubgroupCounts, enrolment.subgroup_counts_keys, enrolment.fold_subgroup_counts, OWN),
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
    Projection(
        protocol_guards.TrialProtocol,
        protocol_guards.trial_protocol_keys,
        protocol_guards.fold_trial_protocol,
        OWN,
    ),
    Projection(
        protocol_guards.SiteProtocol,
        protocol_guards.site_protocol_keys,
        protocol_guards.fold_site_protocol,
        OWN,
    ),
    Projection(protocol.VersionRow, protocol.version_keys, protocol.fold_version, OWN),
    Projection(protocol.UrgentChangeRow, protocol.urgent_keys, protocol.fold_urgent, OWN),
    Projection(design.TrialArms, design.trial_arms_keys, design.fold_trial_arms, OWN),
    Projection(design.DesignRow, design.design_keys, design.fold_design, OWN),
    Projection(statistics.DesignInputRow, statistics.design_input_keys, statistics.fold_design_input, OWN),
    Projection(statistics.AnalysisPlanRow, statistics.plan_keys, statistics.fold_plan, OWN),
    Projection(engagements.EngagementRow, engagements.engagement_keys, engagements.fold_engagement, OWN),
    Projection(
        scorecard.OwnedDeadline,
        scorecard.owned_deadline_keys,
        scorecard.fold_owned_deadline,
        ("regulatory", "safety", "retrieval"),
    ),
    Projection(obligations.ObligationRow, obligations.obligation_keys, obligations.fold_obligation, OWN),
    Projection(kri_guards.MonitoringPlan, kri_folds.plan_keys, kri_folds.fold_plan, OWN),
    Projection(kri_guards.SiteCounters, kri_folds.counters_keys, kri_folds.fold_counters, (*OWN, "safety")),
    Projection(monitoring.VisitRow, monitoring.visit_keys, monitoring.fold_visit, OWN),
    Projection(monitoring.ActionItemRow, monitoring.action_item_keys, monitoring.fold_action_item, OWN),
    Projection(
        remote_review.RemoteReviewRow, remote_review.remote_review_keys, remote_review.fold_remote_review, OWN
    ),
    Projection(capa.CapaRow, capa.capa_keys, capa.fold_capa, OWN),
    Projection(indicators.IndicatorRow, indicators.indicator_keys, indicators.fold_indicator, OWN),
    Projection(indicators.RunRow, indicators.run_keys, indicators.fold_run, OWN),
    Projection(budgets.SiteBudget, budgets.site_budget_keys, budgets.fold_site_budget, OWN),
    Projection(budgets.Payable, budgets.payable_keys, budgets.fold_payable, OWN),
    Projection(budgets.TrialBudget, budgets.trial_budget_keys, budgets.fold_trial_budget, OWN),
    Projection(invoices.InvoiceRow, invoices.invoice_keys, invoices.fold_invoice, OWN),
    Projection(trial_data.TrialData, trial_data.trial_data_keys, trial_data.fold_trial_data, OWN),
    Projection(data_counts.DataCounts, data_counts.data_counts_keys, data_counts.fold_data_counts, OWN),
    Projection(data_counts.TrialForms, data_counts.trial_forms_keys, data_counts.fold_trial_forms, OWN),
    Projection(cycles.CycleTimes, cycles.cycle_keys, cycles.fold_cycle, OWN),
)
