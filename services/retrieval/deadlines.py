"""The service level of a leg: armed when first sent, handed on, met at delivery or cancelled with the leg."""

from datetime import date
from typing import Any

from shared.contracts import retrieval as r
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.rules.deadlines import (
    ArmDeadline,
    AssignDeadline,
    CancelDeadline,
    MeetDeadline,
    Owner,
    clock_deadline_id,
    deadline_id,
)
from shared.rules.ledger_rows import ObligationOwners
from shared.rules.ownership import handed_on, needs_to_hand_on, owners_of
from shared.rules.packs import pack

CODE = "record_request_15_day"

# Who fetches records where the ledger of the trial does not say: the house, and whoever it hands a leg to.
HOUSE = Owner("cro")


def needs_of_service_level(message: Recorded[Any]) -> tuple[Need, ...]:
    """The ledger of the trial, which says whose a service level is that no vendor has."""
    match message.data:
        case r.LegSent(attempt=1, trial_id=trial) if trial:
            return (Need(ObligationOwners, (trial,)),)
        case _:
            return needs_to_hand_on(message)


def service_level(message: Recorded[Any], facts: Facts) -> list[Command]:
    """The deadline commands that an event asks for; a re-request keeps the first date (R67)."""
    match message.data:
        case r.LegSent(attempt=1) as event:
            clock = pack("retrieval").find(CODE, "operational").clock(event.sent_on, event.zone)
            owner = Owner("cro", event.organisation_id)
            if event.trial_id and not event.organisation_id:
                owner = owners_of(event.trial_id, facts, HOUSE)(CODE)
            return [
                ArmDeadline(
                    deadline_id=clock_deadline_id(event.leg_id, clock, "operational"),
                    trial_id=event.trial_id,
                    subject_kind="record_request_leg",
                    subject_id=event.leg_id,
                    clock=clock,
                    owner=owner.owner,
                    organisation_id=owner.organisation_id,
                    obligation=owner.obligation,
                )
            ]
        case r.LegAssigned(first_sent_on=sent_on, organisation_id=to) as event if sent_on:
            return [AssignDeadline(**_of(event, sent_on), organisation_id=to)]
        case r.RecordsDelivered(first_sent_on=sent_on) as event if sent_on:
            return [MeetDeadline(**_of(event, sent_on), met_on=event.delivered_on)]
        case r.LegNoRecords(first_sent_on=sent_on) as event if sent_on:
            return [CancelDeadline(**_of(event, sent_on), reason="no_records")]
        case r.LegRefused(first_sent_on=sent_on) as event if sent_on:
            return [CancelDeadline(**_of(event, sent_on), reason="custodian_refused")]
        case r.LegCancelled(first_sent_on=sent_on) as event if sent_on:
            return [CancelDeadline(**_of(event, sent_on), reason=event.reason)]
        case _:
            return [given for _, given in handed_on(message, facts, HOUSE)]


def _of(event: r.AboutLeg, sent_on: date) -> dict[str, Any]:
    deadline = deadline_id(event.leg_id, CODE, "operational", sent_on)
    return {"deadline_id": deadline, "trial_id": event.trial_id}
