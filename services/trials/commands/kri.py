"""Commands on the monitoring of a trial: its plan, runs over its sites, its end."""

from typing import Annotated, ClassVar, Self
from uuid import UUID, uuid5

from pydantic import Field, model_validator
from uuid_utils.compat import uuid7

from services.trials.commands.words import DocumentRef
from services.trials.projections.feeds import SiteFeeds
from services.trials.projections.guards import TrialGuard
from services.trials.projections.kri_guards import SiteCounters
from services.trials.rules import NAMESPACE
from services.trials.rules.kri import INDICATORS
from shared.contracts.message import Command, Need, Value
from shared.contracts.trials.kri import Kri, Level
from shared.rules.dates import ZoneName

_Days = Annotated[int, Field(ge=0, le=3650)]


class ToleranceSet(Value):
    """The trial's own limits of an indicator: above `alert` an alert, above `action` action."""

    kri: Kri
    alert: _Days
    action: _Days


class OfMonitoring(Command):
    """A command on the monitoring of a trial: a stream of its own."""

    trial_id: UUID

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"monitoring/{self.trial_id}")


class PlanMonitoring(OfMonitoring):
    """State how the trial is watched; again where the plan changes."""

    type: ClassVar[str] = "trials.plan_monitoring.v1"
    kris: tuple[Kri, ...] = Field(default=tuple(INDICATORS), min_length=1, max_length=len(INDICATORS))
    tolerances: tuple[ToleranceSet, ...] = Field(default=(), max_length=len(INDICATORS))
    run_every_days: Annotated[int, Field(ge=1, le=92)] = 7
    visit_interval_days: Annotated[int, Field(ge=7, le=1096)]
    targeted_days: Annotated[int, Field(ge=1, le=92)] = 14
    visit_from: Level = "alert"
    sdv_percent: Annotated[int, Field(ge=1, le=100)] = 100
    zone: ZoneName
    document_ref: DocumentRef | None = None

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if len(set(self.kris)) < len(self.kris):
            raise ValueError("kris: an indicator is named twice")
        if len({one.kri for one in self.tolerances}) < len(self.tolerances):
            raise ValueError("tolerances: an indicator is named twice")
        for one in self.tolerances:
            if INDICATORS[one.kri].method != "tolerance":
                raise ValueError(
                    f"tolerances: {one.kri} is compared between sites and has no limits of its own"
                )
            if one.action < one.alert:
                raise ValueError(f"tolerances: of {one.kri} action begins before alert")
        return self

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialGuard, (self.trial_id,)),)


class RunIndicators(OfMonitoring):
    """Compute the indicators of all active sites now; `data_cut_ref` names an extract made for it."""

    type: ClassVar[str] = "trials.run_indicators.v1"
    run_id: UUID = Field(default_factory=uuid7)
    data_cut_ref: DocumentRef | None = None


class ComputeIndicators(OfMonitoring):
    """A run goes over these sites: their counters are what it reads."""

    type: ClassVar[str] = "trials.compute_indicators.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
    run_id: UUID
    sites: tuple[UUID, ...]

    def needs(self) -> tuple[Need, ...]:
        rows = (SiteCounters, SiteFeeds)
        of_sites = (Need(row, (site_id,)) for row in rows for site_id in self.sites)
        return (Need(TrialGuard, (self.trial_id,)), *of_sites)


class EndMonitoring(OfMonitoring):
    """The trial is finished."""

    type: ClassVar[str] = "trials.end_monitoring.v1"
    report: ClassVar[bool] = True
    internal: ClassVar[bool] = True
