"""What events of other services, and our own across streams, make retrieval do."""

from uuid import UUID, uuid5

from services.retrieval.commands import (
    NAMESPACE,
    FreezeRequest,
    NoteDeath,
    NoteWithdrawal,
    OpenRequest,
    ReprioritiseRequest,
    ThawRequest,
    in_vault,
)
from services.retrieval.deadlines import needs_of_service_level, service_level
from services.retrieval.projections.guards import IndexedRequest, ScopeHolds, ScopeRequests, SubjectAccess
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.retrieval import (
    LegAssigned,
    RecordsSealed,
    RequestCompleted,
    RequestFrozen,
    RequestOpened,
    RequestReopened,
    RetrievalEvent,
)
from shared.contracts.safety import FollowUpRequested
from shared.contracts.trials.hold import HoldAnnulled, HoldApplied, HoldLifted
from shared.contracts.trials.keeping import SubjectErased
from shared.contracts.trials.subject import SubjectDied, SubjectWithdrawn
from shared.rules.ownership import MakesOwners
from shared.rules.vault_commands import CloseVault, HandVault, SealDocument
from shared.rules.vault_rows import DocumentRow


def request_of(followup_id: UUID) -> UUID:
    """The request that a follow-up of safety opens: the same one, however often it is asked for."""
    return uuid5(NAMESPACE, f"followup/{followup_id}")


Ended = SubjectErased | SubjectWithdrawn | SubjectDied
OfTrials = Ended | HoldApplied | HoldLifted | HoldAnnulled | MakesOwners


def needs_of_safety(message: Recorded[FollowUpRequested]) -> tuple[Need, ...]:
    """The requests that the case has already."""
    return (Need(ScopeRequests, (message.data.case_id,)),)


def react_to_safety(message: Recorded[FollowUpRequested], facts: Facts) -> list[Command]:
    """A follow-up opens a request; while one of the case is open, it makes that one more urgent instead."""
    asked, request_id = message.data, request_of(message.data.followup_id)
    known = [one for one in _requests(facts, asked.case_id) if one.purpose == "safety_followup"]
    going_on = [one.request_id for one in known if one.open and one.request_id != request_id]
    if going_on and request_id not in {one.request_id for one in known}:
        return [_reprioritise(asked, one) for one in going_on]
    return [_open(asked, request_id)]


def needs_of_trials(message: Recorded[OfTrials]) -> tuple[Need, ...]:
    """The requests in the scope that the event is about."""
    match message.data:
        case SubjectWithdrawn(subject_id=subject) | SubjectDied(subject_id=subject):
            return (Need(ScopeRequests, (subject,)),)
        case HoldApplied(scope_id=scope) | HoldLifted(scope_id=scope) | HoldAnnulled(scope_id=scope):
            return (Need(ScopeRequests, (scope,)),)
        case _:
            return needs_of_service_level(message)


def react_to_trials(message: Recorded[OfTrials], facts: Facts) -> list[Command]:
    """A withdrawal or a death reaches the subject's requests, an erasure their vault, a hold its scope."""
    match message.data:
        case SubjectErased(trial_id=trial, subject_id=subject):
            return [CloseVault(trial_id=trial, subject_id=subject)]
        case SubjectWithdrawn(subject_id=subject, scopes=scopes) if "records_access" in scopes:
            return [NoteWithdrawal(request_id=one.request_id) for one in _requests(facts, subject)]
        case SubjectDied(subject_id=subject, died_on=day):
            return [NoteDeath(request_id=one.request_id, died_on=day) for one in _requests(facts, subject)]
        case HoldApplied(hold_id=hold, scope_id=scope, effects=effects) if "retrieve_records" in effects:
            return [FreezeRequest(request_id=one, hold_id=hold) for one in _research(facts, scope)]
        case HoldLifted(hold_id=hold, scope_id=scope) | HoldAnnulled(hold_id=hold, scope_id=scope):
            return [ThawRequest(request_id=one, hold_id=hold) for one in _research(facts, scope)]
        case _:
            return service_level(message, facts)


def needs_of_own(message: Recorded[RetrievalEvent]) -> tuple[Need, ...]:
    """Withdrawals and holds, read again when a request has begun: one may have come at that moment."""
    match message.data:
        case RecordsSealed(document_ref=ref) if document := in_vault(ref):
            return (Need(DocumentRow, (document,)),)
        case RequestOpened() | RequestReopened() | RequestFrozen():
            event = message.data
            holds = tuple(Need(ScopeHolds, (scope,)) for scope in _scopes(event))
            return (*holds, Need(SubjectAccess, (event.subject_id,))) if event.subject_id else holds
        case _:
            return needs_of_service_level(message)


def react_to_own(message: Recorded[RetrievalEvent], facts: Facts) -> list[Command]:
    """Deadlines follow the legs; a new request catches up; what is sealed nobody reads in the vault."""
    match message.data:
        case RecordsSealed() as event:
            return _seal(event, facts)
        case RequestOpened() | RequestReopened():
            return _catch_up(message.data, facts)
        case RequestFrozen(request_id=request, hold_id=hold):
            standing = hold in _holds(message.data, facts)
            return [] if standing else [ThawRequest(request_id=request, hold_id=hold)]
        case LegAssigned(trial_id=trial, subject_id=subject, request_id=request) as event if (
            trial and subject
        ):
            about = {"trial_id": trial, "subject_id": subject, "request_id": request}
            hand = HandVault(**about, site_id=event.site_id, organisations=event.holders)
            return [hand, *service_level(message, facts)]
        case RequestCompleted(trial_id=trial, subject_id=subject, request_id=request) if trial and subject:
            return [HandVault(trial_id=trial, subject_id=subject, request_id=request, organisations=())]
        case _:
            return service_level(message, facts)


def _catch_up(event: RequestOpened | RequestReopened, facts: Facts) -> list[Command]:
    access = facts.get(SubjectAccess, event.subject_id)
    withdrawn = access is not None and access.withdrawn
    commands: list[Command] = [NoteWithdrawal(request_id=event.request_id)] if withdrawn else []
    if access and access.died_on:
        commands.append(NoteDeath(request_id=event.request_id, died_on=access.died_on))
    if event.purpose != "safety_followup":
        holds = sorted(_holds(event, facts))
        commands += [FreezeRequest(request_id=event.request_id, hold_id=hold) for hold in holds]
    return commands


def _seal(event: RecordsSealed, facts: Facts) -> list[Command]:
    """Seal the subject's document, also one that is still to come; never another subject's."""
    ref = in_vault(event.document_ref)
    if ref is None or event.subject_id is None or event.trial_id is None:
        return []
    if (known := facts.get(DocumentRow, ref)) and known.subject_id not in (None, event.subject_id):
        return []
    return [
        SealDocument(
            subject_id=event.subject_id, trial_id=event.trial_id, site_id=event.site_id,
            document_ref=ref, reason=event.reason,
        )
    ]  # fmt: skip


def _scopes(event: RequestOpened | RequestReopened | RequestFrozen) -> tuple[UUID, ...]:
    return tuple(scope for scope in (event.trial_id, event.site_id, event.subject_id) if scope)


def _holds(event: RequestOpened | RequestReopened | RequestFrozen, facts: Facts) -> set[UUID]:
    rows = (facts.get(ScopeHolds, scope) for scope in _scopes(event))
    return {hold for row in rows if row for hold in row.holds}


def _requests(facts: Facts, scope: UUID) -> tuple[IndexedRequest, ...]:
    row = facts.get(ScopeRequests, scope)
    return row.requests if row else ()


def _research(facts: Facts, scope: UUID) -> list[UUID]:
    return [one.request_id for one in _requests(facts, scope) if one.purpose != "safety_followup"]


def _open(asked: FollowUpRequested, request_id: UUID) -> OpenRequest:
    same = {"trial_id", "site_id", "subject_id", "case_id", "followup_id", "priority", "questions"}
    dates = {"legal_due", "operational_due", "zone"}
    return OpenRequest(
        request_id=request_id, purpose="safety_followup", **asked.model_dump(include=same | dates)
    )


def _reprioritise(asked: FollowUpRequested, request_id: UUID) -> ReprioritiseRequest:
    same = {"followup_id", "priority", "questions", "legal_due", "operational_due"}
    return ReprioritiseRequest(request_id=request_id, **asked.model_dump(include=same))
