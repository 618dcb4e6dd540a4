"""Events of a trial's protocol: versions, what authorities and boards said, where each is in force."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event

VersionStatus = Literal["drafted", "submitted", "effective", "superseded", "withdrawn", "abandoned"]
Told = Literal["board", "authority"]


class AboutVersion(Event):
    """What every event of a protocol version says: which version of which trial it is about."""

    trial_id: UUID
    version: str


class ProtocolVersionDrafted(AboutVersion):
    """A version of the protocol stands on paper. `ordinal` counts from 1: at a site the higher one counts.

    `amends` is the version that it changes, none for the first. `countries`: those concerned (ISO 3166
    alpha-2), all where it names none. `sections`: codes of what changed. `reason` is a code. `status` is
    `submitted` where an authority was known to have it before.
    """

    type: ClassVar[str] = "trials.protocol.version_drafted.v1"
    ordinal: int
    dated_on: date
    amends: str | None = None
    substantial: bool
    countries: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    reason: str | None = None
    document_ref: str | None = None
    sha256: str | None = None
    status: VersionStatus = "drafted"


class ProtocolVersionSubmitted(AboutVersion):
    """The version went to a country's authority; `submission` is the reference it bears there."""

    type: ClassVar[str] = "trials.protocol.version_submitted.v1"
    country: str
    submission: str
    submitted_on: date
    breaks: tuple[str, ...] = ()


class ProtocolVersionAuthorised(AboutVersion):
    """A country's authority decided that the version may be used: `authorisation` names the letter."""

    type: ClassVar[str] = "trials.protocol.version_authorised.v1"
    country: str
    authorisation: str
    authorised_on: date
    breaks: tuple[str, ...] = ()


class ProtocolVersionApproved(AboutVersion):
    """A board approved the version at these sites for the local days given, inclusive.

    The latest word of an approval counts; one that was ended has its last day the day before.
    """

    type: ClassVar[str] = "trials.protocol.version_approved.v1"
    approval_id: UUID
    site_ids: tuple[UUID, ...]
    effective_on: date
    expires_on: date


class ProtocolVersionEffective(AboutVersion):
    """The version is in force at a site from this local day on, until one of a higher `ordinal` is.

    The latest word on the day counts. `irb_approval` and `submission` are what it rests on, `supersedes` is
    the version that was in force there.
    `urgent`: used at once against an immediate hazard; board and authority are told afterwards.
    """

    type: ClassVar[str] = "trials.protocol.version_effective.v1"
    ordinal: int
    site_id: UUID
    country: str
    irb_approval: UUID | None = None
    submission: str | None = None
    effective_on: date
    supersedes: str | None = None
    urgent: bool = False


class ProtocolVersionSuperseded(AboutVersion):
    """The version is in force at no site any more: higher ones took its place at each of them.

    `superseded_on` is the local day on which the last of them begins; it may be still to come.
    """

    type: ClassVar[str] = "trials.protocol.version_superseded.v1"
    superseded_on: date | None = None


class ProtocolVersionWithdrawn(AboutVersion):
    """The submitted version was taken back before any site used it; `reason` is a code."""

    type: ClassVar[str] = "trials.protocol.version_withdrawn.v1"
    withdrawn_on: date
    reason: str


class ProtocolVersionAbandoned(AboutVersion):
    """The draft will not be submitted; `reason` is a code."""

    type: ClassVar[str] = "trials.protocol.version_abandoned.v1"
    reason: str


class UrgentChangeMade(AboutVersion):
    """Sites of one country follow the version at once, against an immediate hazard; `reason` is a code.

    `board_by` and `authority_by` are the last local days (`zone`) to tell them, inclusive; none where the
    rule counts no days. The citations name the rules.
    """

    type: ClassVar[str] = "trials.protocol.urgent_change_made.v1"
    change_id: UUID
    site_ids: tuple[UUID, ...]
    country: str
    zone: str
    implemented_on: date
    reason: str
    board_by: date | None = None
    board_citation: str | None = None
    authority_by: date | None = None
    authority_citation: str | None = None
    breaks: tuple[str, ...] = ()


class UrgentChangeTold(AboutVersion):
    """The board or the authority was told of an urgent change; the latest word on the day counts.

    `reference` names the letter, or the submission or approval of the version, which tells it as well.
    `site_ids`: the sites whose board was told, empty for all of the change. A notice that cannot be one is
    marked by `breaks` and counts for nobody.
    """

    type: ClassVar[str] = "trials.protocol.urgent_change_told.v1"
    change_id: UUID
    whom: Told
    told_on: date
    reference: str
    site_ids: tuple[UUID, ...] = ()
    breaks: tuple[str, ...] = ()


ProtocolEvent = (
    ProtocolVersionDrafted
    | ProtocolVersionSubmitted
    | ProtocolVersionAuthorised
    | ProtocolVersionApproved
    | ProtocolVersionEffective
    | ProtocolVersionSuperseded
    | ProtocolVersionWithdrawn
    | ProtocolVersionAbandoned
    | UrgentChangeMade
    | UrgentChangeTold
)
