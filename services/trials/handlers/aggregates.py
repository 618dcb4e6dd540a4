"""The aggregates of the trials service: one stream each."""

from services.trials.commands.consent import RecordConsentVersion
from services.trials.commands.country import CountryCommand
from services.trials.commands.data_counts import RecordDataCounts
from services.trials.commands.design import RecordDesign
from services.trials.commands.diversity import RecordSubgroupCounts
from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.commands.investigator import InvestigatorCommand
from services.trials.commands.matching import RecordCriteria, RecordMatchingRun
from services.trials.commands.programme import ProgrammeCommand
from services.trials.commands.recruitment import AssessRetentionRisk
from services.trials.commands.site_contract import ContractCommand
from services.trials.commands.statistics import SignDesignInput
from services.trials.domain import (
    analysis_plan,
    budget,
    campaign,
    capa,
    consent_version,
    country,
    criteria,
    data,
    data_counts,
    design,
    deviation,
    diversity,
    engagement,
    enrolment,
    erasure,
    feed,
    hold,
    investigator,
    invoice,
    kri,
    matching,
    monitoring_visit,
    obligations,
    programme,
    protocol,
    remote_review,
    retention,
    retention_risk,
    site,
    site_contract,
    statistics,
    subject,
    support,
    trial,
    trial_budget,
)
from services.trials.domain.state import Trial
from shared.runtime.service import Aggregate

AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate("trial", trial.TrialCommand, Trial(), trial.decide, trial.evolve),
    Aggregate("site", site.SiteCommand, site.Site(), site.decide, site.evolve, site.wake_at),
    Aggregate(
        "subject", subject.SubjectCommand, subject.Subject(), subject.decide, subject.evolve, subject.wake_at
    ),
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
    Aggregate("feed", feed.FeedCommand, feed.Feed(), feed.decide, feed.evolve, feed.wake_at),
    Aggregate("criteria", RecordCriteria, criteria.Criteria(), criteria.decide, criteria.evolve),
    Aggregate("matching", RecordMatchingRun, matching.Runs(), matching.decide, matching.evolve),
    Aggregate("campaign", campaign.CampaignCommand, campaign.Campaign(), campaign.decide, campaign.evolve),
    Aggregate(
        "support", support.SupportCommand, support.Support(), support.decide, support.evolve, support.wake_at
    ),
    Aggregate(
        "retention_risk",
        AssessRetentionRisk,
        retention_risk.RetentionRisk(),
        retention_risk.decide,
        retention_risk.evolve,
    ),
    Aggregate("erasure", erasure.ErasureCommand, erasure.Erasure(), erasure.decide, erasure.evolve),
    Aggregate(
        "site_contract",
        ContractCommand,
        site_contract.Contract(),
        site_contract.decide,
        site_contract.evolve,
    ),
    Aggregate(
        "investigator",
        InvestigatorCommand,
        investigator.Investigator(),
        investigator.decide,
        investigator.evolve,
        investigator.wake_at,
    ),
    Aggregate(
        "consent_versions",
        RecordConsentVersion,
        consent_version.ConsentVersions(),
        consent_version.decide,
        consent_version.evolve,
    ),
    Aggregate(
        "enrolment", enrolment.EnrolmentCommand, enrolment.Enrolment(), enrolment.decide, enrolment.evolve
    ),
    Aggregate("subgroups", RecordSubgroupCounts, diversity.Subgroups(), diversity.decide, diversity.evolve),
    Aggregate("programme", ProgrammeCommand, programme.Programme(), programme.decide, programme.evolve),
    Aggregate("country", CountryCommand, country.Country(), country.decide, country.evolve, country.wake_at),
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
