"""What the runtime runs of the safety service: aggregates, rows and reactions."""

from pathlib import Path

from services.safety import deaths, guards, projections
from services.safety.commands import CaseCommand
from services.safety.domain import case
from services.safety.domain.state import Case
from services.safety.reactions import (
    needs_of_own,
    needs_of_trials,
    react_to_own,
    react_to_regulatory,
    react_to_retrieval,
    react_to_trials,
)
from shared.contracts.regulatory import RegulatoryEvent
from shared.contracts.retrieval import RetrievalEvent
from shared.contracts.safety import SafetyEvent
from shared.contracts.trials import TrialsEvent
from shared.rules import ledger_rows as ledger
from shared.runtime.deadline import DEADLINE, deadline_rows
from shared.runtime.service import Aggregate, Service
from shared.runtime.takers import Projection, Reaction
from shared.vault.service import VAULT, vault_projections

OWN, TRIALS = ("safety",), ("trials",)

SERVICE = Service(
    name="safety",
    contracts={
        "safety": SafetyEvent,
        "trials": TrialsEvent,
        "regulatory": RegulatoryEvent,
        "retrieval": RetrievalEvent,
    },
    aggregates=(
        Aggregate("case", CaseCommand, Case(), case.decide, case.evolve),
        DEADLINE,
        VAULT,
    ),
    projections=(
        Projection(projections.CaseRow, projections.case_keys, projections.fold_case, OWN),
        deadline_rows(*OWN),
        Projection(ledger.ObligationOwners, ledger.owners_keys, ledger.fold_owners, TRIALS),
        Projection(ledger.TrialDeadlines, ledger.trial_deadlines_keys, ledger.fold_trial_deadlines, OWN),
        *vault_projections("safety"),
        Projection(guards.KnownTrial, guards.known_trial_keys, guards.fold_known_trial, TRIALS),
        Projection(guards.KnownSite, guards.known_site_keys, guards.fold_known_site, TRIALS),
        Projection(guards.KnownSubject, guards.known_subject_keys, guards.fold_known_subject, TRIALS),
        Projection(deaths.SubjectCases, deaths.subject_cases_keys, deaths.fold_subject_cases, OWN),
    ),
    reactions=(
        Reaction("safety", react_to_own, needs_of_own),
        Reaction("regulatory", react_to_regulatory),
        Reaction("trials", react_to_trials, needs_of_trials),
        Reaction("retrieval", react_to_retrieval),
    ),
    migrations=Path(__file__).parent / "migrations",
    documents=("source_document", "narrative", "laboratory_report", "correspondence", "literature"),
)
