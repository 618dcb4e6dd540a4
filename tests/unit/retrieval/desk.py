"""A records desk for tests: a request brought to a state by commands, its events kept."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from services.retrieval import commands as c
from services.retrieval.domain import Request, decide, evolve, wake_at
from services.retrieval.legal_basis import BASES
from shared.contracts import retrieval as r
from shared.contracts.message import Event, Facts, Refusal

REQUEST, TRIAL, SITE, SUBJECT, CASE, FOLLOWUP = (UUID(int=n) for n in range(1, 7))
LEG, OTHER_LEG, HOLD = (UUID(int=n) for n in range(11, 14))
START = datetime(2026, 3, 2, 14, tzinfo=UTC)
SHA = "a" * 64
GOOD = c.QcFindings(
    right_patient=True, range_complete=True, types_complete=True, legible=True, images_present=True
)
SCOPE = c.Scope(record_types=("discharge_summary",), range_from=date(2026, 1, 1), range_to=date(2026, 3, 1))


@dataclass
class Desk:
    """Carries out commands on one request; `now` moves by `later`."""

    state: Request = field(default_factory=Request)
    events: list[r.RequestEvent] = field(default_factory=list)
    now: datetime = START

    def do(self, command: c.RetrievalCommand, facts: Facts | None = None) -> list[r.RequestEvent]:
        """The new events; AssertionError where the command is refused."""
        made = decide(self.state, command, facts or Facts(), self.now)
        assert not isinstance(made, Refusal), made
        for event in made:
            self.state = evolve(self.state, event)
        self.events += made
        return made

    def refusal(self, command: c.RetrievalCommand) -> str:
        """The rule by which the command is refused."""
        made = decide(self.state, command, Facts(), self.now)
        assert isinstance(made, Refusal), made
        return made.rule

    def later(self, **by: float) -> Self:
        self.now += timedelta(**by)
        return self

    def wake(self) -> list[r.RequestEvent]:
        return self.do(c.Wake(stream=REQUEST))

    def next_wake(self) -> datetime | None:
        return wake_at(self.state)

    def status(self, leg: UUID = LEG) -> str:
        return self.state.legs[leg].status

    def made(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def opening(**changes: Any) -> c.OpenRequest:
    given: dict[str, Any] = {
        "request_id": REQUEST,
        "trial_id": TRIAL,
        "site_id": SITE,
        "subject_id": SUBJECT,
        "case_id": CASE,
        "followup_id": FOLLOWUP,
        "purpose": "safety_followup",
        "priority": "routine",
        "legal_due": date(2026, 3, 20),
        "operational_due": date(2026, 3, 16),
    }
    return c.OpenRequest(**{**given, **changes})


def leg(leg_id: UUID = LEG, **changes: Any) -> c.AddLeg:
    given: dict[str, Any] = {
        "custodian": "custodian:17",
        "record_types": ("discharge_summary",),
        "range_from": date(2026, 1, 1),
        "range_to": date(2026, 3, 1),
    }
    return c.AddLeg(request_id=REQUEST, leg_id=leg_id, **{**given, **changes})


def accept(leg_id: UUID = LEG, basis: r.LegalBasis = "authorization", **changes: Any) -> c.VerifyLegalBasis:
    elements = tuple(c.CheckedElement(code=e.code, ok=True, page=1) for e in BASES[basis].elements)
    given: dict[str, Any] = {"elements": elements, "covers": SCOPE, "expires_on": date(2027, 3, 1)}
    return c.VerifyLegalBasis(request_id=REQUEST, leg_id=leg_id, basis=basis, **{**given, **changes})


def reject(leg_id: UUID = LEG) -> c.RejectLegalBasis:
    return c.RejectLegalBasis(
        request_id=REQUEST, leg_id=leg_id, basis="authorization", defects=("signature_missing",)
    )


def send(leg_id: UUID = LEG) -> c.SendLeg:
    return c.SendLeg(request_id=REQUEST, leg_id=leg_id, method="fax")


def receive(leg_id: UUID = LEG, document: str = "doc:1", on: date = date(2026, 3, 2)) -> c.ReceiveRecords:
    return c.ReceiveRecords(
        request_id=REQUEST,
        leg_id=leg_id,
        received_on=on,
        zone="America/Chicago",
        pages=12,
        sha256=SHA,
        document_ref=document,
    )


def release(leg_id: UUID = LEG, **changes: Any) -> c.PassQualityControl:
    return c.PassQualityControl(request_id=REQUEST, leg_id=leg_id, findings=GOOD, **changes)


def fail(*reasons: str, leg_id: UUID = LEG) -> c.FailQualityControl:
    return c.FailQualityControl.model_validate(
        {"request_id": REQUEST, "leg_id": leg_id, "reasons": reasons or ("missing_pages",)}
    )


def deliver(leg_id: UUID = LEG, **changes: Any) -> c.DeliverRecords:
    return c.DeliverRecords(request_id=REQUEST, leg_id=leg_id, recipient="safety", **changes)


def close(outcome: str = "refused", leg_id: UUID = LEG, **changes: Any) -> c.CloseLegWithoutRecords:
    given = {"reason": "not_ours"} if outcome == "refused" else {}
    return c.CloseLegWithoutRecords.model_validate(
        {"request_id": REQUEST, "leg_id": leg_id, "outcome": outcome, **given, **changes}
    )


def revoke(*legs: UUID) -> c.RevokeAuthorization:
    return c.RevokeAuthorization(request_id=REQUEST, leg_ids=legs, revoked_on=date(2026, 3, 3))


def of_request(kind: type[Any], **fields: Any) -> Any:
    return kind(request_id=REQUEST, **fields)


def of_leg(kind: type[Any], leg_id: UUID = LEG, **fields: Any) -> Any:
    return kind(request_id=REQUEST, leg_id=leg_id, **fields)


def desk(*commands: c.RetrievalCommand, opened: c.OpenRequest | None = None) -> Desk:
    """A desk with an opened request on which these commands were carried out."""
    made = Desk()
    for command in (opened or opening(), *commands):
        made.do(command)
    return made


def sent_desk(**changes: Any) -> Desk:
    return desk(leg(), accept(), send(), opened=opening(**changes))


def in_hand(**changes: Any) -> Desk:
    made = sent_desk(**changes)
    made.do(receive())
    return made
