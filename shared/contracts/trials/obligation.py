"""Obligations of a trial's sponsor, and the organisations to which they are transferred in writing."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Event

ObligationName = Literal[
    "safety_reporting",
    "investigator_letters",
    "aggregate_reports",
    "monitoring",
    "registry",
    "data_management",
    "record_retrieval",
    "trial_master_file",
    "ethics_submissions",
    "ind_amendments",
]


class ObligationAgreed(Event):
    """The sponsor signed who carries an obligation from the local day `since` (in `zone`) on.

    `organisation_id`: to whom it is transferred; none where the sponsor takes it back. `carried_by`: who had
    it by the trial's plan, where the sponsor takes back what no document had transferred. `document_ref` and
    `sha256` are those of the written description (21 CFR 312.52(a)).
    """

    type: ClassVar[str] = "trials.obligation.agreed.v1"
    trial_id: UUID
    obligation: ObligationName
    organisation_id: UUID | None = None
    carried_by: UUID | None = None
    since: date
    zone: str
    document_ref: str
    sha256: str


class ObligationTransferred(Event):
    """The day of the agreement has come: the organisation carries the obligation in the sponsor's place."""

    type: ClassVar[str] = "trials.obligation.transferred.v1"
    trial_id: UUID
    obligation: ObligationName
    organisation_id: UUID
    since: date
    document_ref: str
    sha256: str


class ObligationReturned(Event):
    """The sponsor carries the obligation again, from `since` on; before it was `organisation_id` that did."""

    type: ClassVar[str] = "trials.obligation.returned.v1"
    trial_id: UUID
    obligation: ObligationName
    organisation_id: UUID
    since: date
    document_ref: str
    sha256: str


ObligationEvent = ObligationAgreed | ObligationTransferred | ObligationReturned
