"""Who owns each deadline of a trial: the ledger of obligations where it speaks, else the trial's plan."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from shared.contracts.deadline import DeadlineArmed
from shared.contracts.message import Facts, Need, Recorded
from shared.contracts.trials.obligation import ObligationReturned, ObligationTransferred
from shared.contracts.trials.trial import TrialPlanRecorded, TrialRegistered
from shared.rules.deadline_commands import AssignDeadline, Owner
from shared.rules.ledger_rows import ObligationOwners, OpenDeadline, TrialDeadlines
from shared.rules.obligations import obligation_of, obligations

Owners = Callable[[str], Owner]  # of a deadline, by its code
MakesOwners = ObligationTransferred | ObligationReturned | TrialRegistered | TrialPlanRecorded
Given = list[tuple[OpenDeadline, AssignDeadline]]

# What is not transferred in writing is not transferred (21 CFR 312.52(a), R25).
SPONSOR = Owner("sponsor")


def owner_of(code: str, ledger: ObligationOwners | None, plan: Owner | None) -> Owner:
    """Who owns a deadline of this code: by the ledger where it speaks, else by the plan, else the sponsor.

    An organisation that the plan names has the obligations that follow the plan, and no other.
    """
    name = obligation_of(code)
    if name and ledger and name in ledger.owners:
        to = ledger.owners[name]
        return Owner("cro", to, name) if to else SPONSOR
    if plan is None or plan.organisation_id is None:
        return plan or SPONSOR
    return replace(plan, obligation=name) if name and obligations()[name].default else SPONSOR


def owners_of(trial_id: UUID, facts: Facts, plan: Owner | None) -> Owners:
    """Who owns each deadline of a trial; `facts` have the row of its ledger."""
    ledger = facts.get(ObligationOwners, trial_id)
    return lambda code: owner_of(code, ledger, plan)


def needs_to_hand_on(message: Recorded[Any]) -> tuple[Need, ...]:
    """The ledger, and where owners change the open deadlines too."""
    ledger = Need(ObligationOwners, (message.trial_id,))
    match message.data:
        case ObligationTransferred() | ObligationReturned():
            return (ledger, Need(TrialDeadlines, (message.trial_id,)))
        case TrialRegistered(owner_id=to) | TrialPlanRecorded(owner_id=to) if to:
            return (ledger, Need(TrialDeadlines, (message.trial_id,)))
        case DeadlineArmed() if message.trial_id:
            return (ledger,)
        case _:
            return ()


def handed_on(message: Recorded[Any], facts: Facts, plan: Owner | None) -> Given:
    """What is open, each with the command that gives it to whom an event made its owner.

    Also a deadline that was armed before its owner was heard of: topics have no order among them.
    """
    trial = message.trial_id
    if trial is None:
        return []
    owners = owners_of(trial, facts, plan)
    match message.data:
        case ObligationTransferred() | ObligationReturned() | TrialRegistered() | TrialPlanRecorded():
            name = getattr(message.data, "obligation", None)
            found = _open(facts, trial)
            return [
                (one, _assign(deadline, trial, owners(one.code)))
                for deadline, one in found
                if name in (None, obligation_of(one.code))
            ]
        case DeadlineArmed(clock=clock) as armed:
            owner = owners(clock.code)
            if (owner.owner, owner.organisation_id) == (armed.owner, armed.organisation_id):
                return []
            one = OpenDeadline(clock.code, armed.subject_kind, armed.subject_id)
            return [(one, _assign(armed.deadline_id, trial, owner))]
        case _:
            return []


def _open(facts: Facts, trial_id: UUID) -> Iterator[tuple[UUID, OpenDeadline]]:
    known = facts.get(TrialDeadlines, trial_id)
    yield from sorted(known.open.items()) if known else ()


def _assign(deadline_id: UUID, trial_id: UUID, owner: Owner) -> AssignDeadline:
    return AssignDeadline(
        deadline_id=deadline_id,
        trial_id=trial_id,
        organisation_id=owner.organisation_id,
        owner=owner.owner,
        obligation=owner.obligation,
        by_ledger=True,
    )
