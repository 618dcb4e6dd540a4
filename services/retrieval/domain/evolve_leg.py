"""The state of one provider leg after an event."""

from dataclasses import replace
from datetime import date
from typing import assert_never

from services.retrieval.domain.state import UNCHECKED, Arrival, Leg, LegStatus
from shared.contracts import retrieval as r

LegEvent = r.BasisEvent | r.RouteEvent | r.FeeEvent | r.RecordsEvent


def moved(leg: Leg, event: LegEvent) -> Leg:
    """A report that breaks a rule is stored and moves no leg."""
    match event:
        case r.LegalBasisSubmitted() | r.LegalBasisVerified() | r.LegalBasisRejected():
            return _basis(leg, event)
        case r.FeeQuoted() | r.FeeApproved() | r.FeeDisputed() | r.FeePaid():
            return _fee(leg, event)
        case (
            r.RecordsReceived()
            | r.RecordsSealed()
            | r.RecordsQcPassed()
            | r.RecordsQcFailed()
            | r.RecordsRedacted()
            | r.RecordsDelivered()
        ):
            return _records(leg, event)
        case _:
            return _way(leg, event)


def _basis(leg: Leg, event: r.BasisEvent) -> Leg:
    unchecked = leg.status in UNCHECKED
    match event:
        case r.LegalBasisSubmitted():
            leg = _waited(leg, event.submitted_on)
            status: LegStatus = "authorization_check" if unchecked else leg.status
            return replace(leg, status=status, submitted=event.sha256)
        case r.LegalBasisVerified():
            leg = _waited(leg, event.verified_on)
            status = "verified" if unchecked else leg.status
            return replace(
                leg,
                status=status,
                basis=event.basis,
                proof=event.sha256,
                expires_on=event.expires_on,
                revoked=False,
            )
        case r.LegalBasisRejected():
            since = leg.waiting_since or event.rejected_on
            return replace(
                leg, status="authorization_rejected", basis=None, submitted=None, waiting_since=since
            )
        case _:
            assert_never(event)


def _waited(leg: Leg, until: date) -> Leg:
    if leg.waiting_since is None:
        return leg
    return replace(leg, waiting_since=None, waited=leg.waited + (until - leg.waiting_since).days)


def _way(leg: Leg, event: r.RouteEvent) -> Leg:
    match event:
        case r.LegAdded():
            return leg  # a leg is added once
        case r.LegAssigned(organisation_id=to):
            return replace(leg, organisation=to)
        case r.LegUnroutable():
            return leg if event.breaks else replace(leg, status="unroutable")
        case r.LegRerouted():
            return replace(leg, status="verified", contact=event.contact_ref)
        case r.LegSent():
            return replace(
                leg,
                status="sent",
                attempt=event.attempt,
                first_sent_on=leg.first_sent_on or event.sent_on,
                sent_at=event.sent_at,
                day=event.cadence_day,
                due=0,
            )
        case r.LegFollowUpDue():
            status: LegStatus = "follow_up_due" if leg.status == "sent" else leg.status
            return replace(leg, status=status, day=event.day, due=leg.due + 1)
        case r.LegFollowedUp():
            status = "sent" if leg.status == "follow_up_due" else leg.status
            return leg if event.breaks else replace(leg, status=status, due=0, calls=leg.calls + 1)
        case r.LegEscalated():
            return replace(leg, status="escalated")
        case r.LegAcknowledged():
            return leg if event.breaks else replace(leg, status="acknowledged", due=0)
        case r.LegNoRecords():
            return replace(leg, status="no_records")
        case r.LegRefused():
            return replace(leg, status="refused")
        case r.LegCancelled():
            return replace(
                leg, status="quarantined" if event.quarantined else "cancelled", reason=event.reason
            )
        case _:
            assert_never(event)


def _fee(leg: Leg, event: r.FeeEvent) -> Leg:
    match event:
        case r.FeeQuoted():
            fee = (event.amount_minor, event.currency, event.above_cap)
            return leg if event.breaks else replace(leg, status="fee_quoted", fee=fee, due=0)
        case r.FeeApproved():
            return replace(leg, status="fee_approved")
        case r.FeeDisputed():
            return replace(leg, status="fee_disputed")
        case r.FeePaid():
            return leg if event.breaks else replace(leg, status="acknowledged")
        case _:
            assert_never(event)


def _records(leg: Leg, event: r.RecordsEvent) -> Leg:
    leg = replace(leg, custody=leg.custody + 1)
    match event:
        case r.RecordsReceived(document_ref=ref):
            document = r.Document(document_ref=ref, sha256=event.sha256, pages=event.pages)
            arrivals = (*leg.arrivals, Arrival(document, event.received_on, event.zone))
            return replace(leg, status="records_received", arrivals=arrivals, seen=(*leg.seen, ref), due=0)
        case r.RecordsSealed(document_ref=ref):
            kept = tuple(a for a in leg.arrivals if a.document.document_ref != ref)
            return replace(leg, arrivals=kept, seen=(*leg.seen, ref))
        case r.RecordsQcPassed():
            return replace(leg, status="redaction" if event.redaction else "deliverable")
        case r.RecordsQcFailed():
            return replace(leg, status="qc_failed", failed=event.documents[-1].document_ref)
        case r.RecordsRedacted():
            last = leg.arrivals[-1]
            arrivals = tuple(Arrival(d, last.received_on, last.zone) for d in event.documents)
            return replace(leg, status="deliverable", arrivals=arrivals)
        case r.RecordsDelivered():
            return replace(leg, status="delivered", delivered=True, arrivals=())
        case _:
            assert_never(event)
