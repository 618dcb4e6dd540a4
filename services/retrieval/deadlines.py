"""The service level of a leg: armed when first sent, handed on, met at delivery or cancelled with the leg."""

from datetime import date
from typing import Any

from shared.contracts import retrieval as r
from shared.contracts.message import Command
from shared.rules.deadlines import (
    ArmDeadline,
    AssignDeadline,
    CancelDeadline,
    MeetDeadline,
    clock_deadline_id,
    deadline_id,
)
from shared.rules.packs import pack

CODE = "record_request_15_day"


def service_level(event: Any) -> list[Command]:
    """The deadline commands that an event of a leg asks for; a re-request keeps the first date (R67)."""
    match event:
        case r.LegSent(attempt=1):
            clock = pack("retrieval").find(CODE, "operational").clock(event.sent_on, event.zone)
            return [
                ArmDeadline(
                    deadline_id=clock_deadline_id(event.leg_id, clock, "operational"),
                    trial_id=event.trial_id,
                    subject_kind="record_request_leg",
                    subject_id=event.leg_id,
                    clock=clock,
                    owner="cro",
                    organisation_id=event.organisation_id,
                )
            ]
        case r.LegAssigned(first_sent_on=sent_on, organisation_id=to) if sent_on:
            return [AssignDeadline(**_of(event, sent_on), organisation_id=to)]
        case r.RecordsDelivered(first_sent_on=sent_on) if sent_on:
            return [MeetDeadline(**_of(event, sent_on), met_on=event.delivered_on)]
        case r.LegNoRecords(first_sent_on=sent_on) if sent_on:
            return [CancelDeadline(**_of(event, sent_on), reason="no_records")]
        case r.LegRefused(first_sent_on=sent_on) if sent_on:
            return [CancelDeadline(**_of(event, sent_on), reason="custodian_refused")]
        case r.LegCancelled(first_sent_on=sent_on) if sent_on:
            return [CancelDeadline(**_of(event, sent_on), reason=event.reason)]
        case _:
            return []


def _of(event: r.AboutLeg, sent_on: date) -> dict[str, Any]:
    deadline = deadline_id(event.leg_id, CODE, "operational", sent_on)
    return {"deadline_id": deadline, "trial_id": event.trial_id}
