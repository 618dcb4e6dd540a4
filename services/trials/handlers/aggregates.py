"""The aggregates of the trials service: one stream each."""

from services.trials.commands.consent import RecordConsentVersion
from services.trials.commands.deviation import AnnulDeviation, ReportDeviation
from services.trials.commands.diversity import RecordSubgroupCounts
from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.domain import (
    consent_version,
    deviation,
    diversity,
    enrolment,
    erasure,
    hold,
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
    Aggregate(
        "subject", subject.SubjectCommand, subject.Subject(), subject.decide, subject.evolve, subject.wake_at
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
)
