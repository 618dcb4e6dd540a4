"""Events of the trials service, a module an aggregate: the union of all that its topic carries."""

from shared.contracts.message import CommandRefused
from shared.contracts.parked import ParkedEvent
from shared.contracts.trials.budget import InvoiceEvent, SiteBudgetEvent, TrialBudgetEvent
from shared.contracts.trials.capa import CapaEvent
from shared.contracts.trials.consent import ConsentEvent, ConsentVersionReleased
from shared.contracts.trials.country import CountryEvent
from shared.contracts.trials.data import DataCountsRecorded, DataEvent
from shared.contracts.trials.design import DesignRecorded
from shared.contracts.trials.deviation import DeviationEvent
from shared.contracts.trials.diversity import SubgroupCountsRecorded
from shared.contracts.trials.engagement import EngagementEvent
from shared.contracts.trials.enrolment import EnrolmentEvent
from shared.contracts.trials.feasibility import FeasibilityEvent
from shared.contracts.trials.feed import FeedEvent
from shared.contracts.trials.hold import HoldEvent, PermissionsChanged
from shared.contracts.trials.investigator import InvestigatorEvent
from shared.contracts.trials.keeping import ErasureEvent, RetentionEvent
from shared.contracts.trials.kri import KriEvent
from shared.contracts.trials.matching import CriteriaRecorded, MatchingRun
from shared.contracts.trials.monitoring import VisitEvent
from shared.contracts.trials.obligation import ObligationEvent
from shared.contracts.trials.programme import ProgrammeEvent
from shared.contracts.trials.protocol import ProtocolEvent
from shared.contracts.trials.recruitment import CampaignEvent, RetentionRiskAssessed, SupportEvent
from shared.contracts.trials.remote_review import RemoteReviewEvent
from shared.contracts.trials.site import SiteEvent
from shared.contracts.trials.site_contract import ContractEvent
from shared.contracts.trials.site_steps import SiteStepEvent
from shared.contracts.trials.statistics import StatisticsEvent
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
    | FeedEvent
    | CriteriaRecorded
    | MatchingRun
    | CampaignEvent
    | SupportEvent
    | RetentionRiskAssessed
    | CommandRefused
    | ParkedEvent
    | SiteStepEvent
    | FeasibilityEvent
    | ContractEvent
    | InvestigatorEvent
    | ConsentVersionReleased
    | ConsentEvent
    | EnrolmentEvent
    | SubgroupCountsRecorded
    | ProgrammeEvent
    | CountryEvent
    | ProtocolEvent
    | DesignRecorded
    | StatisticsEvent
    | ObligationEvent
    | EngagementEvent
    | DeviationEvent
    | VisitEvent
    | RemoteReviewEvent
    | CapaEvent
    | KriEvent
    | DataEvent
    | SiteBudgetEvent
    | TrialBudgetEvent
    | InvoiceEvent
)
