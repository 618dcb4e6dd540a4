"""Of which new investigators the authority has to be notified, by when, and of which it was (R23)."""

from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from services.regulatory.commands.investigator_notice import (
    HearTrialInd,
    NoticeCommand,
    OfNotices,
    OweInvestigatorNotice,
    RecordInvestigatorNotice,
    WaiveInvestigatorNotices,
)
from services.regulatory.deadlines import NEW_INVESTIGATOR
from services.regulatory.domain.investigator_notice_state import InvestigatorNotices, Person, evolve, told
from services.regulatory.projections.guards import KnownTrial
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.regulatory import (
    InvestigatorNoticeOwed,
    InvestigatorNoticeReceived,
    InvestigatorNoticeWaived,
    NoNotice,
    NoticeEvent,
    NoticeWaiver,
    TrialIndTold,
)
from shared.rules.dates import latest_date
from shared.rules.deadlines import clock_deadline_id

__all__ = ["InvestigatorNotices", "decide", "evolve"]

Events = list[NoticeEvent]


def decide(
    state: InvestigatorNotices, command: NoticeCommand | Wake, facts: Facts, now: datetime
) -> Events | Refusal:
    """The events of a command; repeating what is done gives none."""
    match command:
        case Wake():
            return []
        case OweInvestigatorNotice():
            return _added(state, command, facts)
        case HearTrialInd():
            return _heard(state, command, facts)
        case RecordInvestigatorNotice():
            # Who tells it dates that by their own day.
            return _received(state, command, latest_date(now))
        case WaiveInvestigatorNotices():
            return _waive(state, command)
        case _:
            assert_never(command)


def _added(state: InvestigatorNotices, command: OweInvestigatorNotice, facts: Facts) -> Events:
    if command.investigator_id in state.people:
        return []
    person = Person(command.site_id, command.from_on)
    return _stand(state, command, command.investigator_id, person, facts)


def _heard(state: InvestigatorNotices, command: HearTrialInd, facts: Facts) -> Events:
    """An IND as it stands: every notice that is not settled is judged by it."""
    event = TrialIndTold(record_id=command.stream_id, **command.model_dump(exclude={"cause"}))
    known = state.inds.get(command.ind_id)
    if known == event or (known is None and command.in_effect_on is None):
        return []
    after = evolve(state, event)
    people = after.people.items()
    return [event, *(one for id_, person in people for one in _stand(after, command, id_, person, facts))]


def _stand(
    state: InvestigatorNotices,
    command: OweInvestigatorNotice | HearTrialInd,
    id_: UUID,
    person: Person,
    facts: Facts,
) -> Events:
    """Whether the notice is owed by what is known now; nothing where that is as it was."""
    if person.closed:
        return []
    day = state.added_on(person.from_on)
    if day is None:
        return _waived(command, id_, person, "no_ind")
    clock = NEW_INVESTIGATOR.clock(day, "receipt", command.cause)
    trial = facts.get(KnownTrial, command.trial_id)
    if trial and trial.adopted_on and clock.due_on < trial.adopted_on:
        return _waived(command, id_, person, "closed_before_takeover")
    if person.owed and person.owed.clock.anchor_on == day:
        return []
    owed = InvestigatorNoticeOwed(
        record_id=command.stream_id,
        trial_id=command.trial_id,
        site_id=person.site_id,
        investigator_id=id_,
        from_on=person.from_on,
        duty_id=clock_deadline_id(id_, clock, "operational"),
        clock=clock,
        supersedes=person.owed.duty_id if person.owed else None,
    )
    before = state.told.get(id_)
    if before is None:
        return [owed]
    fields = {"investigators": (id_,), "meets": (owed.duty_id,), "breaks": ()}
    return [owed, before.model_copy(update=fields)]


def _waived(
    command: OfNotices, id_: UUID, person: Person, reason: NoNotice | NoticeWaiver, ref: str | None = None
) -> Events:
    """No notice of the person is owed; nothing where that was said before."""
    if person.waived == reason:
        return []
    return [
        InvestigatorNoticeWaived(
            record_id=command.stream_id,
            trial_id=command.trial_id,
            site_id=person.site_id,
            investigator_id=id_,
            from_on=person.from_on,
            reason=reason,
            duty_id=person.owed.duty_id if person.owed else None,
            document_ref=ref,
        )
    ]


def _received(state: InvestigatorNotices, command: RecordInvestigatorNotice, today: date) -> Events:
    future = command.receipt_on > today
    unknown = any(id_ not in state.people for id_ in command.investigators)
    named = (state.people[id_].owed for id_ in command.investigators if id_ in state.people)
    meets = () if future else tuple(dict.fromkeys(owed.duty_id for owed in named if owed))
    event = InvestigatorNoticeReceived(
        record_id=command.stream_id,
        **command.model_dump(),
        meets=meets,
        breaks=(
            *(("investigator_notice.in_future",) if future else ()),
            *(("investigator_notice.person_unknown",) if unknown else ()),
        ),
    )
    return [] if told(event) in state.heard and not meets else [event]


def _waive(state: InvestigatorNotices, command: WaiveInvestigatorNotices) -> Events | Refusal:
    named = tuple(dict.fromkeys(command.investigators))
    if unknown := [id_ for id_ in named if id_ not in state.people]:
        return Refusal(
            "investigator_notice.person_unknown", f"no such investigator: {unknown[0]}", None, "investigators"
        )
    people = ((id_, state.people[id_]) for id_ in named if not state.people[id_].met)
    return [
        event
        for id_, person in people
        for event in _waived(command, id_, person, command.reason, command.document_ref)
    ]
