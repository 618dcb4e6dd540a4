"""What the runtime runs of the retrieval service: aggregates, rows and reactions."""

from pathlib import Path

from services.retrieval.commands import RetrievalCommand
from services.retrieval.domain import Request, decide, evolve, held_by, wake_at
from services.retrieval.particulars import DOCUMENTS, KINDS
from services.retrieval.projections import custody, guards, legs, requests
from services.retrieval.reactions import (
    needs_of_own,
    needs_of_safety,
    needs_of_trials,
    react_to_own,
    react_to_safety,
    react_to_trials,
)
from shared.contracts.retrieval import RetrievalEvent
from shared.contracts.safety import SafetyEvent
from shared.contracts.trials import TrialsEvent
from shared.rules import ledger_rows as ledger
from shared.runtime.deadline import DEADLINE, deadline_rows
from shared.runtime.service import Aggregate, Service
from shared.runtime.takers import Projection, Reaction
from shared.vault.service import VAULT, vault_projections

OWN, TRIALS = ("retrieval",), ("trials",)

SERVICE = Service(
    name="retrieval",
    contracts={"retrieval": RetrievalEvent, "trials": TrialsEvent, "safety": SafetyEvent},
    aggregates=(
        Aggregate("request", RetrievalCommand, Request(), decide, evolve, wake_at, held_by=held_by),
        DEADLINE,
        VAULT,
    ),
    projections=(
        Projection(requests.RequestRow, requests.request_keys, requests.fold_request, OWN),
        Projection(legs.LegRow, legs.leg_keys, legs.fold_leg, OWN),
        Projection(custody.CustodyRow, custody.custody_keys, custody.fold_custody, OWN),
        Projection(guards.ScopeRequests, guards.scope_requests_keys, guards.fold_scope_requests, OWN),
        Projection(guards.KnownSubject, guards.known_subject_keys, guards.fold_known_subject, TRIALS),
        Projection(guards.SubjectAccess, guards.subject_access_keys, guards.fold_subject_access, TRIALS),
        Projection(guards.ScopeHolds, guards.scope_holds_keys, guards.fold_scope_holds, TRIALS),
        deadline_rows(*OWN),
        Projection(ledger.ObligationOwners, ledger.owners_keys, ledger.fold_owners, TRIALS),
        Projection(ledger.TrialDeadlines, ledger.trial_deadlines_keys, ledger.fold_trial_deadlines, OWN),
        *vault_projections("retrieval"),
    ),
    reactions=(
        Reaction("safety", react_to_safety, needs_of_safety),
        Reaction("trials", react_to_trials, needs_of_trials),
        Reaction("retrieval", react_to_own, needs_of_own),
    ),
    migrations=Path(__file__).parent / "migrations",
    documents=DOCUMENTS,
    particulars=KINDS,
)
