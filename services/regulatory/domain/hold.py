"""The clinical hold's decider: the authority imposes and the authority lifts, time never does (R21, R22)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from services.regulatory.commands import HoldCommand, ImposeClinicalHold, LiftClinicalHold
from shared.contracts.message import Facts, Refusal
from shared.contracts.regulatory import ClinicalHoldImposed, ClinicalHoldLifted, Effect, HoldEvent

# A full hold stops new subjects and dosing (21 CFR 312.42(a), grade T), and shipping. A partial one of which
# nobody wrote down what it stops is read the same way until somebody reports it in full.
STOPPED_BY_A_FULL_HOLD: tuple[Effect, ...] = (
    "screen",
    "consent",
    "enrol",
    "randomise",
    "dose",
    "ship_product",
)


@dataclass(frozen=True)
class Hold:
    """State of one clinical hold. A lift may be reported before the hold that it ends."""

    imposed: ClinicalHoldImposed | None = None
    lifted: ClinicalHoldLifted | None = None
    contradicting: tuple[HoldEvent, ...] = ()


def decide(state: Hold, command: HoldCommand, facts: Facts, now: datetime) -> list[HoldEvent] | Refusal:
    """The events of a command. Both are reports: nothing is refused, the same report again gives none."""
    match command:
        case ImposeClinicalHold():
            return _impose(state, command)
        case LiftClinicalHold():
            return _lift(state, command)
        case _:
            assert_never(command)


def evolve(state: Hold, event: HoldEvent) -> Hold:
    """The state after an event; the first report of an act stands, others are kept beside it."""
    match event:
        case ClinicalHoldImposed() if state.imposed is None:
            return replace(state, imposed=event)
        case ClinicalHoldLifted() if state.lifted is None or state.lifted.breaks:
            return replace(state, lifted=event)
        case _:
            return replace(state, contradicting=(*state.contradicting, event))


def _impose(state: Hold, command: ImposeClinicalHold) -> list[HoldEvent]:
    stated = command.effects
    if command.kind == "full" or not stated:
        stated = tuple(dict.fromkeys((*STOPPED_BY_A_FULL_HOLD, *stated)))
    unstated = command.kind == "partial" and not command.effects
    event = ClinicalHoldImposed(
        **command.model_dump(exclude={"trial_id", "effects"}),
        effects=stated,
        breaks=("clinical_hold.effects_unstated",) if unstated else (),
    )
    if state.imposed is None:
        return [event, *_lifted_before(state, event)]
    if event == state.imposed:
        return []
    event = event.model_copy(update={"breaks": (*event.breaks, "clinical_hold.reported_otherwise")})
    return [] if event in state.contradicting else [event]


def _lifted_before(state: Hold, imposed: ClinicalHoldImposed) -> list[HoldEvent]:
    if state.lifted is None:
        return []
    known = {"trial_ids": imposed.trial_ids, "ind_id": imposed.ind_id, "breaks": ()}
    return [state.lifted.model_copy(update=known)]


def _lift(state: Hold, command: LiftClinicalHold) -> list[HoldEvent]:
    hold = state.imposed
    event = ClinicalHoldLifted(
        hold_id=command.hold_id,
        trial_ids=hold.trial_ids if hold else (),
        lifted_on=command.lifted_on,
        letter_ref=command.letter_ref,
        ind_id=hold.ind_id if hold else None,
        breaks=() if hold else ("clinical_hold.unknown",),
    )
    if state.lifted is None:
        return [event]
    if event == state.lifted:
        return []
    event = event.model_copy(update={"breaks": (*event.breaks, "clinical_hold.lifted_before")})
    return [] if event in state.contradicting else [event]
