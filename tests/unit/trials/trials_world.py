"""The trials service in memory: its deciders, guard rows and reactions, without broker or database."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from services.trials.commands.budget import (
    AgreeBudget,
    AgreeTrialBudget,
    ReachMilestone,
    ReportCost,
    ReportPayable,
)
from services.trials.commands.data import (
    LockDatabase,
    RecordLastVisit,
    RecordTmfComplete,
    ReleaseCrf,
    SoftLockData,
    StartCleaning,
    UnlockDatabase,
)
from services.trials.commands.data_counts import RecordDataCounts
from services.trials.commands.deviation import AnnulDeviation, ReportDeviation
from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.commands.invoice import ReportInvoice, ReportInvoiceApproval, ReportPayment
from services.trials.commands.site import (
    ActivateSite,
    IdentifySite,
    RecordGateEvidence,
    RecordRegistrySite,
    ReviewSite,
    SelectSite,
)
from services.trials.commands.subject import (
    CorrectEnrolment,
    DoseSubject,
    EnrolSubject,
    RandomiseSubject,
    WithdrawSubject,
)
from services.trials.commands.trial import (
    ChangeTrialStatus,
    RecordAuthorisation,
    RecordRegistryEntry,
    RegisterTrial,
    ReopenAccrual,
    ReviewTrial,
)
from services.trials.domain import (
    budget,
    data,
    data_counts,
    deviation,
    hold,
    invoice,
    site,
    subject,
    trial,
    trial_budget,
)
from services.trials.domain.state import Trial
from services.trials.projections import guard_folds, guards, trial_data
from services.trials.reactions import (
    needs_of_own,
    needs_of_regulatory,
    react_to_own,
    react_to_regulatory,
)
from shared.contracts.message import Actor, Command, Event, Facts, Need, Recorded, Refusal

TRIAL, SITE, SUBJECT = (UUID(int=n) for n in (1, 2, 3))
NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)

AGGREGATES: tuple[tuple[Any, Any, tuple[type[Command], ...]], ...] = (
    (
        trial,
        Trial(),
        (
            RegisterTrial,
            RecordRegistryEntry,
            ChangeTrialStatus,
            ReopenAccrual,
            RecordAuthorisation,
            ReviewTrial,
        ),
    ),
    (
        site,
        site.Site(),
        (IdentifySite, RecordRegistrySite, SelectSite, RecordGateEvidence, ReviewSite, ActivateSite),
    ),
    (
        subject,
        subject.Subject(),
        (EnrolSubject, CorrectEnrolment, RandomiseSubject, DoseSubject, WithdrawSubject),
    ),
    (hold, hold.Hold(), (ApplyHold, LiftHold, AnnulHold)),
    (deviation, deviation.Deviation(), (ReportDeviation, AnnulDeviation)),
    (budget, budget.Budget(), (AgreeBudget, ReachMilestone, ReportPayable)),
    (trial_budget, trial_budget.TrialBudget(), (AgreeTrialBudget, ReportCost)),
    (invoice, invoice.Invoice(), (ReportInvoice, ReportInvoiceApproval, ReportPayment)),
    (
        data,
        data.Data(),
        (
            ReleaseCrf,
            StartCleaning,
            SoftLockData,
            LockDatabase,
            UnlockDatabase,
            RecordLastVisit,
            RecordTmfComplete,
        ),
    ),
    (data_counts, data_counts.Counts(), (RecordDataCounts,)),
)
GUARDS: tuple[tuple[type[Any], Any, Any], ...] = (
    (guards.TrialGuard, guard_folds.trial_guard_keys, guard_folds.fold_trial_guard),
    (guards.SiteGuard, guard_folds.site_guard_keys, guard_folds.fold_site_guard),
    (guards.SubjectGuard, guard_folds.subject_guard_keys, guard_folds.fold_subject_guard),
    (guards.TrialSites, guard_folds.trial_sites_keys, guard_folds.fold_trial_sites),
    (guards.TrialCount, guard_folds.trial_count_keys, guard_folds.fold_trial_count),
    (trial_data.TrialData, trial_data.trial_data_keys, trial_data.fold_trial_data),
)


def recorded(event: Event, stream: UUID, version: int = 1, source: str = "trials") -> Recorded[Any]:
    return Recorded(
        id=uuid5(stream, f"{version}"),
        type=type(event).type,
        source=f"/trialwire/{source}",
        stream_id=stream,
        version=version,
        sponsor_id=UUID(int=9),
        trial_id=getattr(event, "trial_id", None),
        time=NOW,
        data=event,
        actor=Actor("test", "tester"),
        correlation_id=UUID(int=8),
    )


@dataclass
class World:
    """Streams, guards and what was recorded; `do` runs a command and the reactions that follow from it."""

    now: datetime = NOW
    streams: dict[UUID, list[Event]] = field(default_factory=dict)
    states: dict[UUID, tuple[Any, Any]] = field(default_factory=dict)
    guards: dict[tuple[type[Any], tuple[Any, ...]], Any] = field(default_factory=dict)
    told: list[Recorded[Any]] = field(default_factory=list)

    def facts(self, needs: tuple[Need, ...]) -> Facts:
        found = [self.guards.get((need.row, need.key)) for need in needs]
        return Facts(*(row for row in found if row is not None))

    def decide(self, command: Command) -> list[Event] | Refusal:
        module, initial = next((m, i) for m, i, commands in AGGREGATES if isinstance(command, commands))
        _, state = self.states.get(command.stream_id, (module, initial))
        decision: list[Event] | Refusal = module.decide(state, command, self.facts(command.needs()), self.now)
        return decision

    def do(self, command: Command) -> list[Event] | Refusal:
        """Decide, record, and let own reactions follow until nothing more happens."""
        module, initial = next((m, i) for m, i, commands in AGGREGATES if isinstance(command, commands))
        decision = self.decide(command)
        if isinstance(decision, Refusal):
            return decision
        messages = [self._record(module, initial, command.stream_id, event) for event in decision]
        for message in messages:
            for reaction in react_to_own(message, self.facts(needs_of_own(message))):
                self.do(reaction)
        return decision

    def hear(self, event: Event, stream: UUID) -> None:
        """An event of regulatory arrives."""
        message = recorded(event, stream, len(self.told) + 1, "regulatory")
        for reaction in react_to_regulatory(message, self.facts(needs_of_regulatory(message))):
            self.do(reaction)

    def _record(self, module: Any, initial: Any, stream: UUID, event: Event) -> Recorded[Any]:
        self.streams.setdefault(stream, []).append(event)
        _, state = self.states.get(stream, (module, initial))
        self.states[stream] = (module, module.evolve(state, event))
        message = recorded(event, stream, len(self.streams[stream]))
        self.told.append(message)
        for row, keys, fold in GUARDS:
            for key in keys(message):
                self.guards[row, key] = fold(self.guards.get((row, key)), message, key)
        return message

    def events(self, kind: type[Event]) -> list[Any]:
        return [message.data for message in self.told if isinstance(message.data, kind)]

    def guard(self, row: type[Any], *key: Any) -> Any:
        return self.guards.get((row, key))

    def site(self, site_id: UUID = SITE) -> Any:
        return self.states[site_id][1]
