"""Risk indicators: the monitoring plan of a trial, runs over its sites, breaches and their ends."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Value

Kri = Literal[
    "enrolment_rate",
    "screen_failure_rate",
    "deviation_rate",
    "adverse_event_rate",
    "serious_reporting_lag",
    "query_ageing",
    "sdv_backlog",
    "visits_overdue",
    "data_completeness",
]
Level = Literal["alert", "action"]
Verdict = Literal["within", "alert", "action", "not_judged"]


class Tolerance(Value):
    """Above which value an indicator that is not compared between sites calls for alert and for action."""

    kri: Kri
    alert: int
    action: int


class KriValue(Value):
    """One indicator of one site.

    `value` is numerator by denominator in the indicator's unit, `target` the same of the trial's other sites,
    `expected` the count that they lead to expect here. Limits are in the unit of `value`; there is none where
    nothing was judged. `reason` is why not.
    """

    kri: Kri
    numerator: int
    denominator: int | None = None
    value: float | None = None
    target: float | None = None
    expected: float | None = None
    alert_limit: float | None = None
    action_limit: float | None = None
    verdict: Verdict
    reason: str | None = None


class Dispersion(Value):
    """How far the sites of a run differ beyond chance: the mean squared z-score, 1 where chance is all.

    It is for the reader: limits are not widened by it.
    """

    kri: Kri
    sites: int
    phi: float


class MonitoringPlanned(Event):
    """How the trial is watched: its indicators, how often they are computed, sites visited, data verified.

    `sdv_percent`: the share of entered forms to be verified against their source. `targeted_days`: within how
    many calendar days a breach of `visit_from` or worse asks for a visit. The clock goes by days in `zone`.
    """

    type: ClassVar[str] = "trials.monitoring.planned.v1"
    trial_id: UUID
    kris: tuple[Kri, ...]
    tolerances: tuple[Tolerance, ...] = ()
    run_every_days: int
    visit_interval_days: int
    targeted_days: int
    visit_from: Level
    sdv_percent: int
    zone: str
    document_ref: str | None = None
    planned_on: date


class MonitoringEnded(Event):
    """The trial is finished: no run is made of it any more, by nobody."""

    type: ClassVar[str] = "trials.monitoring.ended.v1"
    trial_id: UUID


class KriRunStarted(Event):
    """A central-monitoring run began, by a person or as it was due; it is about all up to its data cut.

    `definitions` is the version of the indicators' definitions, `data_cut_ref` names an extract, where one
    was made, `cut_on` is the local day of the cut.
    """

    type: ClassVar[str] = "trials.kri.run_started.v1"
    run_id: UUID
    trial_id: UUID
    by: Literal["person", "clock"]
    cut_on: date
    definitions: str
    data_cut_ref: str | None = None


class KriComputed(Event):
    """The indicators of one site in a run."""

    type: ClassVar[str] = "trials.kri.computed.v1"
    run_id: UUID
    trial_id: UUID
    site_id: UUID
    cut_on: date
    definitions: str
    values: tuple[KriValue, ...]


class KriBreached(Event):
    """An indicator of a site left its limits; told once, until it has recovered.

    `visit_by`: the local day by which a targeted visit shall take place, none where the plan wants none.
    """

    type: ClassVar[str] = "trials.kri.breached.v1"
    breach_id: UUID
    run_id: UUID
    trial_id: UUID
    site_id: UUID
    level: Level
    cut_on: date
    found: KriValue
    visit_by: date | None = None


class KriEscalated(Event):
    """A breach that was told as an alert now calls for action."""

    type: ClassVar[str] = "trials.kri.escalated.v1"
    breach_id: UUID
    run_id: UUID
    trial_id: UUID
    site_id: UUID
    cut_on: date
    found: KriValue
    visit_by: date | None = None


class KriRecovered(Event):
    """The indicator is within its limits again."""

    type: ClassVar[str] = "trials.kri.recovered.v1"
    breach_id: UUID
    run_id: UUID
    trial_id: UUID
    site_id: UUID
    kri: Kri
    cut_on: date


class KriRunCompleted(Event):
    """All sites are computed. `data_cut_at`: what the service knew at this moment (UTC) went in."""

    type: ClassVar[str] = "trials.kri.run_completed.v1"
    run_id: UUID
    trial_id: UUID
    cut_on: date
    data_cut_at: datetime
    definitions: str
    data_cut_ref: str | None = None
    sites: int
    dispersion: tuple[Dispersion, ...] = ()


KriEvent = (
    MonitoringPlanned
    | MonitoringEnded
    | KriRunStarted
    | KriComputed
    | KriBreached
    | KriEscalated
    | KriRecovered
    | KriRunCompleted
)
