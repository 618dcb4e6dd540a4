"""What decisions need of a monitoring visit, its status on a day, and how its events change that."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import assert_never
from uuid import UUID

from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.monitoring import (
    ActionItem,
    ActionItemCompleted,
    ActionItemOverdue,
    VisitCancelled,
    VisitConducted,
    VisitEvent,
    VisitKind,
    VisitReportApproved,
    VisitReportReturned,
    VisitReportSubmitted,
    VisitRescheduled,
    VisitScheduled,
    VisitStatus,
    VisitStatusChanged,
)
from shared.rules.dates import start_of_day

Events = list[VisitEvent | DeviationReported]


@dataclass(frozen=True)
class Visit:
    """`told` is the status as it was told last; `open` are the approved items that are not done.

    `late` are the items of which it was told that they are overdue.
    """

    of: tuple[UUID, UUID] | None = None  # trial and site
    kind: VisitKind | None = None
    zone: str = "UTC"
    planned_on: date | None = None
    conducted_on: date | None = None
    report: VisitReportSubmitted | None = None
    approved: bool = False
    cancelled: bool = False
    told: VisitStatus | None = None
    open: dict[UUID, ActionItem] = field(default_factory=dict)
    done: frozenset[UUID] = frozenset()
    late: frozenset[UUID] = frozenset()
    reported: frozenset[UUID] = frozenset()  # deviations

    def status(self, today: date) -> VisitStatus | None:
        """The status on a local day of the site."""
        if self.of is None:
            return None
        if self.approved:
            return "follow_up" if self.open else "complete"
        if self.conducted_on:
            return "report_pending_review" if self.report else "awaiting_report"
        if self.cancelled:
            return "cancelled"
        return "overdue" if self.planned_on and self.planned_on < today else "scheduled"


def wake_at(visit: Visit) -> datetime | None:
    """When the next day that something had to be done by is over at the site."""
    days = [item.due_on for item in visit.open.values() if item.item_id not in visit.late]
    if visit.told == "scheduled" and visit.planned_on:
        days.append(visit.planned_on)
    return start_of_day(min(days) + timedelta(days=1), visit.zone) if days else None


def evolve(visit: Visit, event: VisitEvent | DeviationReported) -> Visit:
    match event:
        case VisitScheduled():
            of = (event.trial_id, event.site_id)
            return replace(visit, of=of, kind=event.kind, zone=event.zone, planned_on=event.planned_on)
        case VisitRescheduled(planned_on=day):
            return replace(visit, planned_on=day)
        case VisitConducted():
            of = visit.of or (event.trial_id, event.site_id)
            return replace(visit, of=of, kind=event.kind, zone=event.zone, conducted_on=event.conducted_on)
        case VisitReportSubmitted():
            return replace(visit, report=event)
        case VisitReportReturned():
            return replace(visit, report=None)
        case VisitReportApproved(action_items=items):
            return replace(visit, approved=True, open={item.item_id: item for item in items})
        case VisitCancelled():
            return replace(visit, cancelled=True)
        case ActionItemCompleted(item_id=done):
            left = {item_id: item for item_id, item in visit.open.items() if item_id != done}
            return replace(visit, open=left, done=visit.done | {done})
        case ActionItemOverdue(item_id=item_id):
            return replace(visit, late=visit.late | {item_id})
        case VisitStatusChanged(after=status):
            return replace(visit, told=status)
        case DeviationReported(deviation_id=deviation):
            return replace(visit, reported=visit.reported | {deviation})
        case _:
            assert_never(event)
