"""The ledger's decider: transferred and taken back in writing, told when the day comes (21 CFR 312.52)."""

from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.trials.commands.obligations import ReturnObligations, TransferObligations
from services.trials.domain.obligations_state import (
    Bound,
    Ledger,
    Period,
    Written,
    evolve,
    owner_on,
)
from services.trials.projections.guards import TrialGuard
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.obligation import (
    ObligationAgreed,
    ObligationEvent,
    ObligationName,
    ObligationReturned,
    ObligationTransferred,
)
from shared.rules.dates import local_date, start_of_day
from shared.rules.obligations import obligations

__all__ = ["Ledger", "ObligationsCommand", "decide", "evolve", "owner_on", "wake_at"]

ObligationsCommand = TransferObligations | ReturnObligations
Events = list[ObligationEvent]


def decide(
    ledger: Ledger, command: ObligationsCommand | Wake, facts: Facts, now: datetime
) -> Events | Refusal:
    """The events of a command; repeating one that took effect causes none."""
    if isinstance(command, Wake):
        return _due(ledger, now)
    if ledger.zone not in (None, command.zone):
        return Refusal("obligation.zone", f"the days of this ledger are those of {ledger.zone}", None, "zone")
    agreed: Events = []
    for name in dict.fromkeys(command.obligations):
        found = _agree(ledger, command, name, facts)
        if isinstance(found, Refusal):
            return found
        agreed += found
    after = ledger
    for event in agreed:
        after = evolve(after, event)
    return [*agreed, *_due(after, now)] if agreed else []


def wake_at(ledger: Ledger) -> datetime | None:
    """UTC: when the next transfer or return begins that was agreed for a coming day."""
    days = [bound.day for name in ledger.periods for bound in ledger.untold(name)[:1]]
    return start_of_day(min(days), ledger.zone) if days and ledger.zone else None


def _due(ledger: Ledger, now: datetime) -> Events:
    """The transfers and returns whose day has come."""
    if ledger.trial_id is None or ledger.zone is None:
        return []
    today = local_date(now, ledger.zone)
    return [
        _come(ledger.trial_id, name, bound)
        for name in ledger.periods
        for bound in ledger.untold(name)
        if bound.day <= today
    ]


def _come(trial_id: UUID, name: ObligationName, bound: Bound) -> ObligationEvent:
    kind = ObligationTransferred if bound.begins else ObligationReturned
    return kind(
        trial_id=trial_id,
        obligation=name,
        organisation_id=bound.organisation_id,
        since=bound.day,
        document_ref=bound.by.document_ref,
        sha256=bound.by.sha256,
    )


def _agree(
    ledger: Ledger, command: ObligationsCommand, name: ObligationName, facts: Facts
) -> Events | Refusal:
    """What the document says of one obligation; nothing where it is what stands, or was the last to speak."""
    periods, by = ledger.of(name), Written(command.document_ref, command.sha256)
    last = periods[-1] if periods else None
    agreed = _agreed(command, name)
    if agreed == ledger.agreed.get(name):
        return []
    match command:
        case TransferObligations(organisation_id=to, since=since):
            if (to, since, by) in [(one.organisation_id, one.since, one.by) for one in periods]:
                return []
            if last and (last.until is None or since < last.until):
                return _overlap(name, last)
        case ReturnObligations(since=since):
            if (since, by) in [(one.until, one.ended_by) for one in periods]:
                return []
            planned = _planned(facts, command, name)
            if last is None and planned:
                return [agreed.model_copy(update={"carried_by": planned})]
            if last is None or last.until:
                carries = f"the sponsor carries {name}, or will by what was agreed"
                return Refusal("obligation.not_transferred", carries, "sponsor", "obligations")
            begins = last.since or since
            if since < begins or (since == begins and len(ledger.untold(name)) == 0):
                begun = f"{name} was transferred from {last.since} on"
                return Refusal("obligation.before_transfer", begun, str(last.organisation_id), "since")
        case _:
            assert_never(command)
    return [agreed]


def _planned(facts: Facts, command: ObligationsCommand, name: ObligationName) -> UUID | None:
    """The organisation that has the obligation by the trial's plan, as long as the ledger is silent on it."""
    trial = facts.get(TrialGuard, command.trial_id)
    return trial.owner_id if trial and obligations()[name].default else None


def _overlap(name: ObligationName, last: Period) -> Refusal:
    begins = f"from {last.since}" if last.since else "by the trial's plan"
    days = f"{begins} on" if last.until is None else f"{begins} to before {last.until}"
    detail = f"{name} is {last.organisation_id}'s {days}: two owners on one day"
    return Refusal("obligation.overlap", detail, str(last.organisation_id), "since")


def _agreed(command: ObligationsCommand, name: ObligationName) -> ObligationAgreed:
    return ObligationAgreed(
        trial_id=command.trial_id,
        obligation=name,
        organisation_id=command.organisation_id if isinstance(command, TransferObligations) else None,
        since=command.since,
        zone=command.zone,
        document_ref=command.document_ref,
        sha256=command.sha256,
    )
