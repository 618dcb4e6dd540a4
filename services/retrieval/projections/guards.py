"""Guard rows of retrieval: who withdrew, which holds forbid retrieval, which requests a scope has."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.message import Event, Recorded
from shared.contracts.retrieval import RequestCompleted, RequestOpened, RequestReopened
from shared.contracts.trials.hold import HoldAnnulled, HoldApplied, HoldLifted
from shared.contracts.trials.subject import (
    SubjectDied,
    SubjectEnrolled,
    SubjectEnrolmentCorrected,
    SubjectWithdrawn,
)

Key = tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class SubjectAccess:
    """Whether a subject withdrew from access to records, and the day on which they died."""

    table: ClassVar[str] = "subject_access"
    key: ClassVar[tuple[str, ...]] = ("subject_id",)
    subject_id: UUID
    withdrawn: bool = False
    died_on: date | None = None


@dataclass(frozen=True, slots=True)
class KnownSubject:
    """In which trial and at which site a subject was enrolled: that is where their vault is."""

    table: ClassVar[str] = "known_subject"
    key: ClassVar[tuple[str, ...]] = ("subject_id",)
    subject_id: UUID
    trial_id: UUID | None = None
    site_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ScopeHolds:
    """The holds that forbid retrieving records in a trial, at a site or of a subject."""

    table: ClassVar[str] = "scope_holds"
    key: ClassVar[tuple[str, ...]] = ("scope_id",)
    scope_id: UUID
    holds: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexedRequest:
    """A request of a scope; `open` until it is completed."""

    request_id: UUID
    purpose: str
    open: bool


@dataclass(frozen=True, slots=True)
class ScopeRequests:
    """The requests of a case or subject; of a trial or site those that are open, for research only."""

    table: ClassVar[str] = "scope_requests"
    key: ClassVar[tuple[str, ...]] = ("scope_id",)
    scope_id: UUID
    requests: tuple[IndexedRequest, ...] = ()


def known_subject_keys(message: Recorded[SubjectEnrolled | SubjectEnrolmentCorrected]) -> tuple[Key, ...]:
    """The subject that was enrolled, or whose enrolment was corrected."""
    return ((message.data.subject_id,),)


def fold_known_subject(row: KnownSubject | None, message: Recorded[Event], key: Key) -> KnownSubject | None:
    """The subject after the event."""
    match message.data:
        case (
            SubjectEnrolled(trial_id=trial, site_id=site)
            | SubjectEnrolmentCorrected(trial_id=trial, site_id=site)
        ):
            return KnownSubject(key[0], trial, site)
        case _:
            return row


def subject_access_keys(message: Recorded[SubjectWithdrawn | SubjectDied]) -> tuple[Key, ...]:
    """The subject that withdrew from access to records, or died."""
    match message.data:
        case SubjectWithdrawn(subject_id=subject, scopes=scopes) if "records_access" in scopes:
            return ((subject,),)
        case SubjectDied(subject_id=subject):
            return ((subject,),)
        case _:
            return ()


def fold_subject_access(
    row: SubjectAccess | None, message: Recorded[Event], key: Key
) -> SubjectAccess | None:
    """A withdrawal stands: a subject who comes back gives a new authorisation."""
    known = row or SubjectAccess(key[0])
    match message.data:
        case SubjectWithdrawn():
            return replace(known, withdrawn=True)
        case SubjectDied(died_on=day):
            return replace(known, died_on=day)
        case _:
            return row


def scope_holds_keys(message: Recorded[HoldApplied | HoldLifted | HoldAnnulled]) -> tuple[Key, ...]:
    """The hold's scope. Which subjects an arm has is not known here: its holds count for the whole trial."""
    match message.data:
        case HoldApplied(scope_id=scope, effects=effects) if "retrieve_records" in effects:
            return ((scope,),)
        case HoldLifted(scope_id=scope) | HoldAnnulled(scope_id=scope):
            return ((scope,),)
        case _:
            return ()


def fold_scope_holds(row: ScopeHolds | None, message: Recorded[Event], key: Key) -> ScopeHolds | None:
    """Each hold comes and goes by its own counterpart."""
    holds = set(row.holds if row else ())
    match message.data:
        case HoldApplied(hold_id=hold):
            holds.add(hold)
        case HoldLifted(hold_id=hold) | HoldAnnulled(hold_id=hold):
            holds.discard(hold)
        case _:
            return row
    return ScopeHolds(key[0], tuple(sorted(holds))) if holds else None


def scope_requests_keys(
    message: Recorded[RequestOpened | RequestCompleted | RequestReopened],
) -> tuple[Key, ...]:
    """Case and subject always; trial and site where a hold may freeze the request."""
    event = message.data
    wide = (event.trial_id, event.site_id) if event.purpose != "safety_followup" else ()
    return tuple((scope,) for scope in (event.case_id, event.subject_id, *wide) if scope)


def fold_scope_requests(
    row: ScopeRequests | None, message: Recorded[Event], key: Key
) -> ScopeRequests | None:
    """Requests of other streams keep their place: the row is the same in any order of the streams."""
    event = message.data
    if not isinstance(event, RequestOpened | RequestCompleted | RequestReopened):
        return row
    row = row or ScopeRequests(key[0])
    rest = [one for one in row.requests if one.request_id != event.request_id]
    is_open = not isinstance(event, RequestCompleted)
    if is_open or key[0] in (event.case_id, event.subject_id):
        rest.append(IndexedRequest(event.request_id, event.purpose, is_open))
    return replace(row, requests=tuple(sorted(rest, key=lambda one: one.request_id))) if rest else None
