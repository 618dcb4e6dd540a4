"""Events of sites: identification, selection, gates, activation, suspension."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event, Identifier
from shared.contracts.trials.trial import Route

Gate = Literal[
    "contract",
    "irb_current",
    "ha_ok",
    "form_1572",
    "financial_disclosure",
    "delegation_log",
    "training",
    "lab_cert",
    "ip_on_site",
    "ib_receipt",
    "siv_done",
    "consent_version_released",
]

SiteStatus = Literal[
    "identified",
    "feasibility_sent",
    "feasibility_received",
    "qualification_scheduled",
    "qualified",
    "selected",
    "startup",
    "ready",
    "activated",
    "enrolling",
    "suspended",
    "closed_to_enrolment",
    "closing",
    "closed",
    "declined",
    "not_selected",
    "terminated",
]


class SiteIdentified(Event):
    """A site that might take part; `zone` is its IANA zone where known.

    `adopted_from` is the record by which somebody vouches for a site that was taken over in mid-life.
    """

    type: ClassVar[str] = "trials.site.identified.v1"
    trial_id: UUID
    site_id: UUID
    name: str
    country: str | None = None
    city: str | None = None
    state: str | None = None
    postcode: str | None = None
    zone: str | None = None
    basis: Literal["sponsor", "registry"]
    registry_status: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    adopted_from: str | None = None


class SiteDetailsChanged(Event):
    """Of a site that was identified before something is otherwise, or more is known; the whole stands here.

    Country and zone of a selected site stay those of its selection.
    """

    type: ClassVar[str] = "trials.site.details_changed.v1"
    trial_id: UUID
    site_id: UUID
    name: str
    country: str | None = None
    city: str | None = None
    state: str | None = None
    postcode: str | None = None
    zone: str | None = None
    identifiers: tuple[Identifier, ...] = ()


class SiteRegistryStatusChanged(Event):
    """The registry says something else of the site; `listed` is false when it names it no more."""

    type: ClassVar[str] = "trials.site.registry_status_changed.v1"
    trial_id: UUID
    site_id: UUID
    registry_status: str | None = None
    listed: bool = True


class SiteSelected(Event):
    """The site shall take part; its ethics board, zone and the gates it has to pass are known.

    `qualification_waived` is the code of why the sponsor takes it without a qualification. Of a site taken
    over in mid-life `selected_on` is the local day of that, and `adopted_from` the record that says so.
    """

    type: ClassVar[str] = "trials.site.selected.v1"
    trial_id: UUID
    site_id: UUID
    irb: str | None = None
    zone: str
    country: str
    route: Route
    required_gates: tuple[Gate, ...]
    target: int | None = None
    qualification_waived: str | None = None
    selected_on: date | None = None
    adopted_from: str | None = None


class GateEvidenceRecorded(Event):
    """A document or decision that bears on a gate, valid on the site's local dates given (inclusive).

    `corrects` names the evidence whose place this one takes, which may be itself with other dates;
    `adopted_from` the record that told it, of a site taken over in mid-life. Unless it `counts`, whoever
    recorded it does not speak for the board or the authority, and it opens and closes nothing.
    """

    type: ClassVar[str] = "trials.site.gate_evidence_recorded.v1"
    trial_id: UUID
    site_id: UUID
    gate: Gate
    evidence_id: UUID
    valid_from: date
    valid_to: date | None = None
    document_ref: str | None = None
    corrects: UUID | None = None
    counts: bool = True
    recorded_on: date
    adopted_from: str | None = None


class GateSatisfied(Event):
    """A gate is open: `evidence` says by what, valid on these local days (inclusive).

    `replaces` is the evidence whose loss had closed it.
    """

    type: ClassVar[str] = "trials.site.gate_satisfied.v1"
    trial_id: UUID
    site_id: UUID
    gate: Gate
    evidence: UUID
    valid_from: date | None = None
    valid_to: date | None = None
    replaces: UUID | None = None


class GateRevoked(Event):
    """A gate closed again: by `hold` where one is named, else as its evidence ran out or was corrected."""

    type: ClassVar[str] = "trials.site.gate_revoked.v1"
    trial_id: UUID
    site_id: UUID
    gate: Gate
    evidence: UUID
    valid_to: date | None = None
    activated: bool = False
    hold: UUID | None = None
    revoked_on: date


class SiteReady(Event):
    """All gates of the site are open; a signed act may activate it."""

    type: ClassVar[str] = "trials.site.ready.v1"
    trial_id: UUID
    site_id: UUID
    gates: tuple[Gate, ...]


class SiteActivated(Event):
    """The signed green light: the site may begin. `gates` are those open at that moment.

    `adopted_from`: it was given elsewhere, before the site was taken over.
    """

    type: ClassVar[str] = "trials.site.activated.v1"
    trial_id: UUID
    site_id: UUID
    gates: tuple[Gate, ...]
    activated_on: date
    zone: str
    country: str
    adopted_from: str | None = None


class SiteEnrolmentStarted(Event):
    """The first subject of the site consented, or enrolled where no consent was told.

    `adopted_from` is as at the activation.
    """

    type: ClassVar[str] = "trials.site.enrolment_started.v1"
    trial_id: UUID
    site_id: UUID
    adopted_from: str | None = None


class SiteSuspended(Event):
    """The site stopped for the holds named, or for the gates lost."""

    type: ClassVar[str] = "trials.site.suspended.v1"
    trial_id: UUID
    site_id: UUID
    holds: tuple[UUID, ...] = ()
    gates: tuple[Gate, ...] = ()


class SiteResumed(Event):
    """Nothing stops the site any more: it goes on with the status it had."""

    type: ClassVar[str] = "trials.site.resumed.v1"
    trial_id: UUID
    site_id: UUID
    status: Literal["activated", "enrolling"]


SiteEvent = (
    SiteIdentified
    | SiteDetailsChanged
    | SiteRegistryStatusChanged
    | SiteSelected
    | GateEvidenceRecorded
    | GateSatisfied
    | GateRevoked
    | SiteReady
    | SiteActivated
    | SiteEnrolmentStarted
    | SiteSuspended
    | SiteResumed
)
