"""A record request taken over while it is open: its clock runs on from the day on which a leg was sent."""

from datetime import datetime
from typing import Any

from services.retrieval import cadence
from services.retrieval.commands import AdoptRequest, OpenRequest
from services.retrieval.domain.state import Request
from services.retrieval.legal_basis import BASES
from shared.contracts import retrieval as r
from shared.contracts.message import Refusal
from shared.rules.dates import local_date, start_of_day

# A day comes before none of those that stand before it here.
_ORDER = ("basis_accepted_on", "sent_on", "acknowledged_on")
_SAME = ("trial_id", "site_id", "subject_id", "case_id", "purpose", "opened_on", "zone")


def adopt(
    state: Request, command: AdoptRequest, opened: list[r.RequestEvent], now: datetime
) -> list[r.RequestEvent] | Refusal:
    """The events of a takeover; of a leg taken over before, whatever became of it since, none.

    `opened` is what opening the request today would tell, with the holds and withdrawals of today.
    """
    if state.request_id:
        same = all(getattr(state, name) == getattr(command, name) for name in _SAME)
        if not (same and state.adopted):
            return Refusal("request_known", "the request is known here otherwise")
        if command.leg_id in state.legs:
            return []
    if refusal := _days(command, now):
        return refusal
    told = {
        "opened_on": command.opened_on,
        "needed_by": command.needed_by,
        "adopted_from": command.document_ref,
    }
    events: list[r.RequestEvent] = [
        event.model_copy(update=told) if isinstance(event, r.RequestOpened) else event for event in opened
    ]
    return [*([] if state.request_id else events), *_leg(command, now)]


def as_opened(command: AdoptRequest) -> OpenRequest:
    """The request as it would be opened today."""
    same = {"request_id", "trial_id", "site_id", "subject_id", "case_id", "purpose", "priority", "zone"}
    return OpenRequest(**command.model_dump(include=same))


def _days(command: AdoptRequest, now: datetime) -> Refusal | None:
    today, before = local_date(now, command.zone), None
    for name in ("opened_on", *_ORDER):
        day = getattr(command, name)
        if day and day > today:
            return Refusal("date_in_future", f"{day} has not come in that zone", None, name)
        if day and name in _ORDER:
            if before and day < before[1]:
                return Refusal("date_before_cause", f"{day} is before {before[0]}", None, name)
            before = (name, day)
    return None


def _leg(command: AdoptRequest, now: datetime) -> list[r.RequestEvent]:
    ids = {"request_id", "trial_id", "site_id", "subject_id", "case_id", "leg_id"}
    about: dict[str, Any] = command.model_dump(include=ids)
    scope = {"custodian", "custodian_kind", "custodian_state", "record_types", "range_from", "range_to"}
    events: list[r.RequestEvent] = [r.LegAdded(**about, **command.model_dump(include=scope))]
    if command.basis and command.basis_accepted_on and command.method and command.sent_on:
        sent_at = start_of_day(command.sent_on, command.zone)
        events += [
            r.LegalBasisVerified(
                **about,
                basis=command.basis,
                citation=BASES[command.basis].citation,
                elements=(),
                document_ref=command.basis_ref,
                sha256=command.basis_sha256,
                expires_on=command.basis_expires_on,
                verified_on=command.basis_accepted_on,
            ),
            r.LegSent(
                **about,
                custodian=command.custodian,
                method=command.method,
                attempt=1,
                sent_on=command.sent_on,
                sent_at=sent_at,
                zone=command.zone,
                cadence_day=cadence.last_day(command.priority, 0, sent_at, now) or 0,
            ),
        ]
    if command.acknowledged_on:
        events.append(r.LegAcknowledged(**about, acknowledged_on=command.acknowledged_on))
    return events
