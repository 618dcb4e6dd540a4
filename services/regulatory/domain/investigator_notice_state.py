"""What is remembered of a trial's INDs and of its investigators, and how events change that."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never, get_args
from uuid import UUID

from shared.contracts.regulatory import (
    InvestigatorNoticeOwed,
    InvestigatorNoticeReceived,
    InvestigatorNoticeWaived,
    NoticeEvent,
    NoticeWaiver,
    TrialIndTold,
)

Told = tuple[str, date, frozenset[UUID], tuple[str, ...]]
_SIGNED: frozenset[str] = frozenset(get_args(NoticeWaiver))


@dataclass(frozen=True)
class Person:
    """An investigator who serves at the site from `from_on`; `owed` is the open duty to tell of them."""

    site_id: UUID
    from_on: date
    owed: InvestigatorNoticeOwed | None = None
    waived: str | None = None
    met: bool = False

    @property
    def closed(self) -> bool:
        """Whether no IND that is told can make the notice due."""
        return self.met or self.waived in _SIGNED


@dataclass(frozen=True)
class InvestigatorNotices:
    """`inds` are those that the trial runs under; `told` has each person's earliest notice, known or not."""

    inds: Mapping[UUID, TrialIndTold] = field(default_factory=dict)
    people: Mapping[UUID, Person] = field(default_factory=dict)
    told: Mapping[UUID, InvestigatorNoticeReceived] = field(default_factory=dict)
    heard: frozenset[Told] = frozenset()

    def added_on(self, from_on: date) -> date | None:
        """The first day from `from_on` on that is one of an IND; None where there is none."""
        terms = ((max(from_on, i.in_effect_on), i.withdrawn_on) for i in self.inds.values() if i.in_effect_on)
        return min((day for day, end in terms if end is None or day < end), default=None)


def evolve(state: InvestigatorNotices, event: NoticeEvent) -> InvestigatorNotices:
    """The state after an event."""
    match event:
        case TrialIndTold(ind_id=ind):
            others = {key: told for key, told in state.inds.items() if key != ind}
            return replace(state, inds=others | {ind: event} if event.in_effect_on else others)
        case InvestigatorNoticeOwed(investigator_id=id_):
            person = Person(event.site_id, event.from_on, owed=event)
            return replace(state, people=dict(state.people) | {id_: person})
        case InvestigatorNoticeWaived(investigator_id=id_):
            person = Person(event.site_id, event.from_on, waived=event.reason)
            return replace(state, people=dict(state.people) | {id_: person})
        case InvestigatorNoticeReceived():
            return _received(state, event)
        case _:
            assert_never(event)


def _received(state: InvestigatorNotices, event: InvestigatorNoticeReceived) -> InvestigatorNotices:
    heard = state.heard | {told(event)}
    if "investigator_notice.in_future" in event.breaks:
        return replace(state, heard=heard)
    met = {
        id_: replace(person, owed=None, met=True)
        for id_, person in state.people.items()
        if person.owed and person.owed.duty_id in event.meets
    }
    first = {
        id_: event
        for id_ in event.investigators
        if id_ not in state.told or event.receipt_on < state.told[id_].receipt_on
    }
    return replace(state, heard=heard, people=dict(state.people) | met, told=dict(state.told) | first)


def told(event: InvestigatorNoticeReceived) -> Told:
    """What makes a notice the same as one heard of before."""
    return event.submission_ref, event.receipt_on, frozenset(event.investigators), event.breaks
