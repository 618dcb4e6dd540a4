"""Decisions about a leg's legal basis: element by element, its life, its scope, its revocation (0.8)."""

from datetime import date, datetime
from typing import assert_never

from services.retrieval.commands import (
    BasisCommand,
    RejectLegalBasis,
    RevokeAuthorization,
    SubmitLegalBasis,
    VerifyLegalBasis,
)
from services.retrieval.domain.ending import end_leg
from services.retrieval.domain.state import UNCHECKED, UNSENT, Leg, Request
from services.retrieval.legal_basis import (
    BASES,
    PART2,
    PART2_PROOFS,
    PSYCHOTHERAPY,
    TURNAROUND,
    last_valid_day,
)
from shared.contracts import retrieval as r
from shared.contracts.message import Refusal
from shared.rules.dates import local_date


def decide(state: Request, command: BasisCommand, now: datetime) -> list[r.RequestEvent] | Refusal:
    """The events of a command about a legal basis."""
    today = local_date(now, state.zone)
    if isinstance(command, RevokeAuthorization):
        return _revoke(state, command)
    leg = state.legs.get(command.leg_id)
    if leg is None:
        return Refusal("unknown_leg", "the request has no such leg")
    if leg.ended:
        return Refusal("leg_ended", "the leg has ended", leg.status)
    match command:
        case SubmitLegalBasis():
            if leg.submitted == command.sha256:
                return []
            submitted = command.model_dump(include={"leg_id", "basis", "document_ref", "sha256"})
            return [r.LegalBasisSubmitted(**state.about(), **submitted, submitted_on=today)]
        case VerifyLegalBasis():
            return _verify(state, leg, command, today)
        case RejectLegalBasis():
            return _reject(state, leg, command, today)
        case _:
            assert_never(command)


def _verify(
    state: Request, leg: Leg, command: VerifyLegalBasis, today: date
) -> list[r.RequestEvent] | Refusal:
    expires_on = last_valid_day(
        leg.custodian_state,
        leg.custodian_kind,
        command.signed_on,
        command.expires_on,
        command.expiry_event is not None,
    )
    same = (leg.basis, leg.proof, leg.expires_on) == (command.basis, command.sha256, expires_on)
    if same and leg.leg_id not in state.review:
        return []
    if refusal := _obstacle(state, leg, command, expires_on, today):
        return refusal
    found = {
        "expires_before_turnaround": expires_on is not None and expires_on < today + TURNAROUND,
        "subject_died": state.died_on is not None and BASES[command.basis].personal,
    }
    return [
        r.LegalBasisVerified(
            **state.about(),
            **command.model_dump(
                include={"leg_id", "basis", "elements", "document_ref", "sha256", "signed_on"}
            ),
            citation=BASES[command.basis].citation,
            expires_on=expires_on,
            warnings=tuple(code for code, is_so in found.items() if is_so),
            verified_on=today,
        )
    ]


def _obstacle(
    state: Request, leg: Leg, command: VerifyLegalBasis, expires_on: date | None, today: date
) -> Refusal | None:
    shown = {element.code for element in command.elements if element.ok}
    rule = BASES[command.basis]
    if state.access_withdrawn and rule.personal:
        return Refusal("access_withdrawn", "the subject withdrew from access to records", leg.status)
    if missing := [e for e in rule.elements if e.code not in shown]:
        named = ", ".join(f"{e.code} ({e.citation})" for e in missing)
        return Refusal("element_missing", f"the basis does not show: {named}", leg.status, "elements")
    if expires_on is not None and expires_on < today:
        return Refusal("authorization_expired", f"the last valid day was {expires_on}", leg.status)
    if PSYCHOTHERAPY in leg.record_types and (
        command.basis != "authorization" or leg.record_types != (PSYCHOTHERAPY,)
    ):
        return Refusal("psychotherapy_notes", "psychotherapy notes need an authorisation of their own")
    if PART2 in leg.record_types and (
        command.basis == "adverse_event_reporting" or not shown.intersection(PART2_PROOFS)
    ):
        return Refusal("part2", "42 CFR Part 2 records need a consent (2.31) or the research rule (2.52)")
    return _beyond(leg, command) if rule.personal else None


def _beyond(leg: Leg, command: VerifyLegalBasis) -> Refusal | None:
    """A form, or a person's own request, opens what it names and nothing more."""
    covers = command.covers
    if covers is None:
        return Refusal("scope_missing", "state what the form or the person asks for", leg.status, "covers")
    more = set(leg.record_types) - set(covers.record_types)
    if more or leg.range_from < covers.range_from or leg.range_to > covers.range_to:
        return Refusal("scope_exceeded", "the leg asks for more than is allowed", leg.status, "covers")
    return None


def _reject(
    state: Request, leg: Leg, command: RejectLegalBasis, today: date
) -> list[r.RequestEvent] | Refusal:
    if leg.status not in UNCHECKED | {"verified"}:
        return Refusal("already_sent", "the request is with the custodian: revoke or cancel it", leg.status)
    if leg.status == "authorization_rejected":
        return []
    rejected = command.model_dump(include={"leg_id", "basis", "defects", "elements"})
    return [r.LegalBasisRejected(**state.about(), **rejected, rejected_on=today)]


def _revoke(state: Request, command: RevokeAuthorization) -> list[r.RequestEvent]:
    """Unsent legs end, records in hand are sealed, what was delivered in reliance on it stays (R63)."""
    named = command.leg_ids or tuple(state.legs)
    resting = [
        leg
        for leg in (state.legs[leg_id] for leg_id in named if leg_id in state.legs)
        if leg.basis == "authorization" or (leg.basis is None and leg.status in UNSENT)
    ]
    legs = [leg for leg in resting if not leg.revoked]
    if resting and not legs:
        return []
    about = state.about() if state.request_id else {"request_id": command.request_id}
    events: list[r.RequestEvent] = [
        r.AuthorizationRevoked(
            **about,
            revoked_on=command.revoked_on,
            legs=tuple(leg.leg_id for leg in legs),
            relied_on=tuple(leg.leg_id for leg in legs if leg.delivered),
            breaks=() if legs else ("no_authorization_known",),
        )
    ]
    for leg in legs:
        if not leg.ended:
            events += end_leg(state, leg, "authorization_revoked", "authorization_revoked")
    return events
