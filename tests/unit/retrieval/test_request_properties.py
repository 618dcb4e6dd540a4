"""What holds of a request after any sequence of commands at any time."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.retrieval import commands as c
from services.retrieval.domain import Request, decide, evolve
from services.retrieval.domain.state import ENDED, UNSENT
from shared.contracts import retrieval as r
from shared.contracts.message import Facts, Refusal
from tests.unit.retrieval import desk as d

LEGS = (d.LEG, d.OTHER_LEG)


def _of(leg: UUID) -> list[c.RetrievalCommand]:
    return [
        d.leg(leg, fee_limit_minor=50),
        d.accept(leg, expires_on=None),
        d.accept(leg, expires_on=None),
        d.accept(leg, basis="adverse_event_reporting"),
        d.reject(leg),
        d.of_leg(c.SubmitLegalBasis, leg, basis="authorization", document_ref="form:1", sha256=d.SHA),
        d.send(leg),
        d.send(leg),
        d.of_leg(c.ReportLegUnroutable, leg, reason="practice_closed"),
        d.of_leg(c.RerouteLeg, leg, contact_ref="contact:1"),
        d.of_leg(c.AcknowledgeLeg, leg, acknowledged_on=date(2026, 3, 3)),
        d.of_leg(c.RecordFollowUp, leg, method="phone"),
        d.of_leg(c.QuoteFee, leg, amount_minor=40, currency="USD"),
        d.of_leg(c.QuoteFee, leg, amount_minor=60, currency="USD"),
        d.of_leg(c.ApproveFee, leg),
        d.of_leg(c.DisputeFee, leg, reason="too_high"),
        d.of_leg(c.RecordFeePayment, leg),
        d.receive(leg, "doc:1"),
        d.receive(leg, "doc:2"),
        d.release(leg),
        d.release(leg),
        d.release(leg, redaction=("third_party",)),
        d.of_leg(
            c.RecordRedaction,
            leg,
            documents=(c.NewDocument(document_ref="doc:r", sha256=d.SHA, pages=1),),
        ),
        d.fail(leg_id=leg),
        d.fail("wrong_patient", leg_id=leg),
        d.deliver(leg),
        d.deliver(leg),
        d.close("refused", leg),
        d.close("no_records", leg, certificate_ref="certificate:1"),
        d.of_leg(c.CancelLeg, leg, reason="duplicate"),
        d.revoke(leg),
    ]


COMMANDS: list[c.RetrievalCommand] = [
    d.opening(),
    d.of_request(c.ReprioritiseRequest, priority="urgent", legal_due=date(2026, 3, 10)),
    d.of_request(c.CancelRequest, reason="case_nullified"),
    d.of_request(c.NoteWithdrawal),
    d.revoke(),
    c.Wake(stream=d.REQUEST),
    *(command for leg in LEGS for command in _of(leg)),
]
# Sequences begin on the way, so that most of them reach records.
BEGINNINGS: list[list[c.RetrievalCommand]] = [
    [],
    [d.opening()],
    [d.opening(), d.leg(), d.accept(), d.send()],
    [d.opening(), *(make(leg) for leg in LEGS for make in (d.leg, d.accept, d.send, d.receive))],
]
SEQUENCES = st.tuples(
    st.sampled_from(BEGINNINGS),
    st.lists(st.tuples(st.sampled_from(COMMANDS), st.integers(0, 3)), max_size=25),
)


def _carried_out(sequence: Any) -> list[tuple[Request, c.RetrievalCommand, list[r.RequestEvent] | Refusal]]:
    """Each command with the state it met and what it made."""
    beginning, rest = sequence
    state, now, story = Request(), d.START, []
    for command, days in [*((one, 0) for one in beginning), *rest]:
        now += timedelta(days=days)
        made = decide(state, command, Facts(), now)
        story.append((state, command, made))
        if isinstance(made, Refusal):
            assert not command.report, made
            continue
        for event in made:
            state = evolve(state, event)
        if not command.report:
            assert decide(state, command, Facts(), now) == []
    return story


def _events(story: Any) -> list[r.RequestEvent]:
    return [event for _, _, made in story if not isinstance(made, Refusal) for event in made]


@given(SEQUENCES)
def test_reports_are_never_refused_and_what_is_done_is_not_done_again(sequence: Any) -> None:
    _carried_out(sequence)


@given(SEQUENCES)
def test_nothing_is_sent_without_a_basis_that_a_person_accepted(sequence: Any) -> None:
    accepted: set[UUID] = set()
    for event in _events(_carried_out(sequence)):
        match event:
            case r.LegalBasisVerified(leg_id=leg):
                accepted.add(leg)
            case r.LegalBasisRejected(leg_id=leg) | r.LegCancelled(leg_id=leg):
                accepted.discard(leg)
            case r.LegSent(leg_id=leg):
                assert leg in accepted


@given(SEQUENCES)
def test_nothing_is_delivered_that_nobody_released_after_it_came(sequence: Any) -> None:
    released: set[UUID] = set()
    for event in _events(_carried_out(sequence)):
        match event:
            case r.RecordsQcPassed(leg_id=leg):
                released.add(leg)
            case r.RecordsReceived(leg_id=leg) | r.RecordsQcFailed(leg_id=leg):
                released.discard(leg)
            case r.RecordsDelivered(leg_id=leg):
                assert leg in released


@given(SEQUENCES)
def test_sealed_records_are_never_delivered(sequence: Any) -> None:
    sealed: set[tuple[UUID, str]] = set()
    for event in _events(_carried_out(sequence)):
        match event:
            case r.RecordsSealed(leg_id=leg, document_ref=document):
                sealed.add((leg, document))
            case r.RecordsDelivered(leg_id=leg):
                assert not {(leg, one.document_ref) for one in event.documents} & sealed


@given(SEQUENCES)
def test_a_revocation_leaves_no_leg_of_its_own_open(sequence: Any) -> None:
    for before, command, made in _carried_out(sequence):
        if not isinstance(command, c.RevokeAuthorization) or isinstance(made, Refusal):
            continue
        after = before
        for event in made:
            after = evolve(after, event)
        for leg_id in command.leg_ids or tuple(before.legs):
            leg = before.legs.get(leg_id)
            if leg and (leg.basis == "authorization" or (leg.basis is None and leg.status in UNSENT)):
                assert after.legs[leg_id].ended


@given(SEQUENCES)
def test_the_outcome_stands_exactly_while_every_leg_has_ended(sequence: Any) -> None:
    state = Request()
    for _, _, made in _carried_out(sequence):
        for event in [] if isinstance(made, Refusal) else made:
            state = evolve(state, event)
        legs = [leg.status for leg in state.legs.values()]
        over = bool(legs or state.cancelled) and all(status in ENDED for status in legs)
        assert (state.outcome is not None) == over
