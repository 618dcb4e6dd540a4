"""What the service can be asked or told: requests, which may be refused, and reports, which are kept."""

from services.trials.commands.deviation import AnnulDeviation, ReportDeviation
from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.commands.retention import (
    ApproveErasure,
    PlaceLegalHold,
    RejectErasure,
    ReleaseLegalHold,
    RequestErasure,
    SetRetention,
)
from services.trials.commands.site import (
    ActivateSite,
    IdentifySite,
    RecordGateEvidence,
    RecordRegistrySite,
    ReviewSite,
    SelectSite,
)
from services.trials.commands.subject import (
    CorrectEnrolment,
    DoseSubject,
    EnrolSubject,
    RandomiseSubject,
    WithdrawSubject,
)
from services.trials.commands.trial import (
    ChangeTrialStatus,
    RecordAuthorisation,
    RecordRegistryEntry,
    RegisterTrial,
    ReopenAccrual,
    ReviewTrial,
)

__all__ = [
    "ActivateSite",
    "AnnulDeviation",
    "AnnulHold",
    "ApplyHold",
    "ApproveErasure",
    "ChangeTrialStatus",
    "CorrectEnrolment",
    "DoseSubject",
    "EnrolSubject",
    "IdentifySite",
    "LiftHold",
    "PlaceLegalHold",
    "RandomiseSubject",
    "RecordAuthorisation",
    "RecordGateEvidence",
    "RecordRegistryEntry",
    "RecordRegistrySite",
    "RegisterTrial",
    "RejectErasure",
    "ReleaseLegalHold",
    "ReopenAccrual",
    "ReportDeviation",
    "RequestErasure",
    "ReviewSite",
    "ReviewTrial",
    "SelectSite",
    "SetRetention",
    "WithdrawSubject",
]
