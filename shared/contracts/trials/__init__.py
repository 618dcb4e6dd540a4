"""Events of the trials service, a module an aggregate: the union of all that its topic carries."""

from shared.contracts.message import CommandRefused
from shared.contracts.parked import ParkedEvent
from shared.contracts.trials.capa import CapaEvent
from shared.contracts.trials.data import DataCountsRecorded
from shared.contracts.trials.deviation import DeviationEvent
from shared.contracts.trials.hold import HoldEvent, PermissionsChanged
from shared.contracts.trials.keeping import ErasureEvent, RetentionEvent
from shared.contracts.trials.kri import KriEvent
from shared.contracts.trials.monitoring import VisitEvent
from shared.contracts.trials.remote_review import RemoteReviewEvent
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
    | DeviationEvent
    | VisitEvent
    | RemoteReviewEvent
    | CapaEvent
    | KriEvent
    | CommandRefused
    | ParkedEvent
)
