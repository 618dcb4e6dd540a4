"""Decisions about records in hand: checked, redacted, delivered; or not to be had."""

from datetime import datetime
from typing import assert_never
from uuid import uuid5

from services.retrieval.commands import (
    NAMESPACE,
    CloseLegWithoutRecords,
    DeliverRecords,
    FailQualityControl,
    PassQualityControl,
    ReceiveRecords,
    RecordRedaction,
    RecordsCommand,
)
from services.retrieval.domain.arrival import receive
from services.retrieval.domain.ending import days_of
from services.retrieval.domain.state import AT_CUSTODIAN, Leg, Request
from services.retrieval.legal_basis import BASES, PART2
from shared.contracts import retrieval as r
from shared.contracts.message import Facts, Refusal
from shared.rules.dates import local_date

ATTEMPTS = 3  # domain 4.1: a certificate, or three documented attempts


def decide(
    state: Request, command: RecordsCommand, facts: Facts, now: datetime
) -> list[r.RequestEvent] | Refusal:
    """The events of a command about records."""
    leg = state.legs.get(command.leg_id)
    if isinstance(command, ReceiveRecords):
        return receive(state, leg, command, facts, now)
    if leg is None:
        return Refusal("unknown_leg", "the request has no such leg")
    match command:
        case PassQualityControl():
            return _pass(state, leg, command)
        case FailQualityControl():
            return _fail(state, leg, command)
        case RecordRedaction():
            documents = tuple(r.Document(**d.model_dump()) for d in command.documents)
            if leg.status == "deliverable" and leg.documents == documents:
                return []
            if leg.status != "redaction":
                return Refusal("nothing_to_redact", "no redaction is asked for", leg.status)
            return [r.RecordsRedacted(**state.about(), leg_id=leg.leg_id, documents=documents)]
        case DeliverRecords():
            return _deliver(state, leg, command, now)
        case CloseLegWithoutRecords():
            return _close(state, leg, command, now)
        case _:
            assert_never(command)


def _pass(state: Request, leg: Leg, command: PassQualityControl) -> list[r.RequestEvent] | Refusal:
    if leg.status in ("redaction", "deliverable"):
        return []
    if leg.status != "records_received":
        return Refusal("no_records_in_hand", "there is nothing to check", leg.status)
    faults = [name for name, ok in command.findings.model_dump().items() if not ok]
    if faults:
        return Refusal(
            "qc_findings", f"these findings do not pass: {', '.join(faults)}", leg.status, "findings"
        )
    redaction = command.redaction
    return [
        r.RecordsQcPassed(**state.about(), leg_id=leg.leg_id, documents=leg.documents, redaction=redaction)
    ]


def _fail(state: Request, leg: Leg, command: FailQualityControl) -> list[r.RequestEvent] | Refusal:
    if leg.status == "qc_failed":
        return []
    if leg.status != "records_received":
        return Refusal("no_records_in_hand", "there is nothing to check", leg.status)
    about = {**state.about(), "leg_id": leg.leg_id}
    events: list[r.RequestEvent] = [
        r.RecordsQcFailed(**about, documents=leg.documents, reasons=command.reasons)
    ]
    if "wrong_patient" in command.reasons:  # misdirected records are sealed at once (0.12)
        events += [
            r.RecordsSealed(
                **about,
                reason="wrong_patient",
                received_on=arrival.received_on,
                zone=arrival.zone,
                **arrival.document.model_dump(),
            )
            for arrival in leg.arrivals
        ]
    return events


def _deliver(
    state: Request, leg: Leg, command: DeliverRecords, now: datetime
) -> list[r.RequestEvent] | Refusal:
    if leg.status == "delivered":
        return []
    if leg.status != "deliverable" or leg.basis is None:
        return Refusal("quality_not_released", "a person must release the records first", leg.status)
    if PART2 in leg.record_types and not command.part2_notice:
        return Refusal("part2_notice", "Part 2 records travel with their notice (42 CFR 2.32)", leg.status)
    if state.frozen_by:
        return Refusal("hold", "retrieving records for research is on hold", leg.status)
    gross, net = days_of(state, now, leg)
    return [
        r.RecordsDelivered(
            **state.about(),
            leg_id=leg.leg_id,
            recipient=command.recipient,
            documents=leg.documents,
            delivered_on=local_date(now, state.zone),
            link_expires_on=command.link_expires_on,
            part2_notice=command.part2_notice,
            custody_seq=leg.custody + 1,
            disclosure_id=uuid5(NAMESPACE, f"disclosure/{leg.leg_id}/{leg.custody + 1}"),
            accountable=BASES[leg.basis].accountable,
            first_sent_on=leg.first_sent_on,
            days_gross=gross,
            days_net=net,
        )
    ]


def _close(
    state: Request, leg: Leg, command: CloseLegWithoutRecords, now: datetime
) -> list[r.RequestEvent] | Refusal:
    if leg.status == command.outcome:
        return []
    if leg.status not in AT_CUSTODIAN:
        return Refusal("not_at_custodian", "only a custodian that was asked can say no", leg.status)
    about = {**state.about(), "leg_id": leg.leg_id, "first_sent_on": leg.first_sent_on}
    closed_on = local_date(now, state.zone)
    if command.outcome == "refused":
        return [r.LegRefused(**about, reason=command.reason or "", closed_on=closed_on)]
    attempts = leg.attempt + leg.calls
    if command.certificate_ref is None and attempts < ATTEMPTS:
        detail = f"a certificate, or {ATTEMPTS} documented attempts: {attempts} so far"
        return Refusal("due_diligence", detail, leg.status, "certificate_ref")
    return [
        r.LegNoRecords(
            **about, certificate_ref=command.certificate_ref, attempts=attempts, closed_on=closed_on
        )
    ]
