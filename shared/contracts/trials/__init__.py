"""Events of the trials service, a module an aggregate: the union of all that its topic carries."""

from shared.contracts.message import CommandRefused
from shared.contracts.parked import ParkedEvent
from shared.contracts.trials.budget import InvoiceEvent, SiteBudgetEvent, TrialBudgetEvent
from shared.contracts.trials.data import DataCountsRecorded, DataEvent
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.hold import HoldEvent, PermissionsChanged
from shared.contracts.trials.keeping import ErasureEvent, RetentionEvent
from shared.contracts.trials.site import SiteEvent
from shared.contracts.trials.subject import SubjectEvent, SubjectStatusChanged
from shared.contracts.trials.trial import TrialEvent

TrialsEvent = (
    TrialEvent
    | RetentionEvent
    | ErasureEvent
    | HoldEvent
    | PermissionsChanged
    | SiteEvent
    | SubjectEvent
    | SubjectStatusChanged
    | DataCountsRecorded
    | DataEvent
    | SiteBudgetEvent
    | TrialBudgetEvent
    | InvoiceEvent
    | DeviationReported
    | DeviationAnnulled
    | CommandRefused
    | ParkedEvent
)
