"""Records arrive: read or sealed, and marked with the rules that their coming breaks."""

from datetime import datetime

from services.retrieval.commands import ReceiveRecords, in_vault
from services.retrieval.domain.opening import rests_on_the_patient
from services.retrieval.domain.state import ENDED, STOPPED, Leg, Request
from shared.contracts import retrieval as r
from shared.contracts.message import Facts
from shared.rules.dates import local_date
from shared.rules.vault_rows import DocumentRow


def receive(
    state: Request, leg: Leg | None, command: ReceiveRecords, facts: Facts, now: datetime
) -> list[r.RequestEvent]:
    """A report of a fact is never refused: what nobody may read is sealed, what is odd is marked."""
    if command.document_ref in (leg.seen if leg else state.strays):
        return []
    about = state.about() if state.request_id else {"request_id": command.request_id}
    record = command.model_dump(include={"leg_id", "received_on", "zone", "pages", "sha256", "document_ref"})
    future = command.received_on > local_date(now, command.zone)
    breaks = (*(("date_in_future",) if future else ()), *_of_the_document(state, command, facts))
    if reason := _seal(state, leg):
        return [r.RecordsSealed(**about, **record, reason=reason, breaks=(reason, *breaks))]
    odd = _oddities(leg, command) if leg else ()
    return [r.RecordsReceived(**about, **record, breaks=(*breaks, *odd))]


def _of_the_document(state: Request, command: ReceiveRecords, facts: Facts) -> tuple[str, ...]:
    """What does not fit between the report and the document in our vault that it names."""
    ref = in_vault(command.document_ref)
    if ref is None:
        return ()
    document = facts.get(DocumentRow, ref)
    if document is None or document.sha256 is None or document.subject_id != state.subject_id:
        return ("document_not_stored",)  # not of this subject, which is all that the sender may know
    return ("document_differs",) if document.sha256 != command.sha256 else ()


def _seal(state: Request, leg: Leg | None) -> r.SealReason | None:
    """Why nobody may read what arrived; None where it may be read."""
    if state.request_id is None:
        return "unknown_request"
    if leg is None:
        return "unknown_leg"
    if leg.revoked:
        return "authorization_revoked"
    if state.access_withdrawn and rests_on_the_patient(leg):
        return "access_withdrawn"
    if leg.status in STOPPED:
        return "request_cancelled" if state.cancelled else "leg_cancelled"
    return "basis_not_verified" if leg.basis is None else None


def _oddities(leg: Leg, command: ReceiveRecords) -> tuple[str, ...]:
    """Rules that the arrival breaks and that do not keep it from being read."""
    return tuple(
        rule
        for rule, broken in (
            ("not_sent", leg.attempt == 0),
            ("after_end", leg.status in ENDED),
            ("authorization_expired", leg.expires_on is not None and leg.expires_on < command.received_on),
        )
        if broken
    )
