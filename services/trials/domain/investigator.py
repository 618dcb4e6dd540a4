"""A person at a site: added, qualified, given tasks, warned before a qualification ends, gone."""

from datetime import date, datetime
from typing import assert_never

from services.trials.commands.investigator import (
    AddInvestigator,
    DelegateTasks,
    EndInvestigator,
    InvestigatorCommand,
    RecordQualification,
)
from services.trials.domain.investigator_state import Investigator, evolve
from services.trials.domain.training import look, wake_at
from services.trials.projections.guards import SiteGuard
from services.trials.projections.staff import SiteStaff
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.investigator import (
    InvestigatorAdded,
    InvestigatorEvent,
    InvestigatorLeft,
    QualificationRecorded,
    TasksDelegated,
)
from shared.rules.dates import local_date

__all__ = ["Investigator", "decide", "evolve", "wake_at"]

Events = list[InvestigatorEvent]


def decide(
    person: Investigator, command: InvestigatorCommand | Wake, facts: Facts, now: datetime
) -> Events | Refusal:
    """The events of a command and what they make of warnings; repeats cause none."""
    if isinstance(command, Wake):
        return look(person, now)
    told = _told(person, command, facts, now)
    if isinstance(told, Refusal):
        return told
    for event in told:
        person = evolve(person, event)
    return [*told, *(look(person, now) if told else [])]


def _told(
    person: Investigator, command: InvestigatorCommand, facts: Facts, now: datetime
) -> Events | Refusal:
    match command:
        case RecordQualification():
            return _qualify(person, command, facts, now)
        case AddInvestigator():
            return _add(person, command, facts)
        case _ if person.added is None:
            return Refusal("investigator.unknown", "nobody was added by this id", None, "investigator_id")
        case _ if (person.added.trial_id, person.added.site_id) != (command.trial_id, command.site_id):
            return Refusal("investigator.other_site", "the person serves elsewhere", "serving", "site_id")
        case EndInvestigator():
            return _end(person, person.added, command, now)
        case DelegateTasks():
            return _delegate(person, person.added, command)
        case _:
            assert_never(command)


def _add(person: Investigator, command: AddInvestigator, facts: Facts) -> Events | Refusal:
    site = facts.get(SiteGuard, command.site_id)
    if site is None or site.trial_id != command.trial_id:
        return Refusal("site.unknown", "the trial has no such site", None, "site_id")
    added = InvestigatorAdded(**command.model_dump(), zone=site.zone or "UTC")
    if person.added:
        same = person.added == added.model_copy(update={"zone": person.added.zone})
        return [] if same else Refusal("investigator.id_in_use", "another person has this id", "serving")
    staff = facts.get(SiteStaff, command.site_id)
    principals = [p for p in (staff.staff.values() if staff else ()) if p.role == "principal"]
    if command.role == "principal" and any(p.until is None or p.until >= added.from_on for p in principals):
        detail = "the site has a principal investigator on that day"
        return Refusal("investigator.second_principal", detail, "serving", "role")
    return [added]


def _end(
    person: Investigator, added: InvestigatorAdded, command: EndInvestigator, now: datetime
) -> Events | Refusal:
    if person.until == command.until:
        return []
    if refusal := _early(command.until, "until", added.from_on):
        return refusal
    if command.until > local_date(now, added.zone):
        detail = f"{command.until} has not come at the site"
        return Refusal("investigator.date_in_future", detail, "serving", "until")
    return [InvestigatorLeft(**command.model_dump())]


def _delegate(person: Investigator, added: InvestigatorAdded, command: DelegateTasks) -> Events | Refusal:
    delegated = TasksDelegated(**command.model_dump())
    if person.delegated == delegated:
        return []
    if refusal := _early(command.from_on, "from_on", added.from_on):
        return refusal
    if person.until:
        detail = f"the person served until {person.until}"
        return Refusal("investigator.not_serving", detail, "left", "from_on")
    return [delegated]


def _qualify(person: Investigator, command: RecordQualification, facts: Facts, now: datetime) -> Events:
    site = facts.get(SiteGuard, command.site_id)
    zone = person.added.zone if person.added else (site.zone if site else None) or "UTC"
    # Where the person serves, their own stream says.
    own = person.added or command
    recorded = QualificationRecorded(
        **command.model_dump() | {"trial_id": own.trial_id, "site_id": own.site_id},
        recorded_on=local_date(now, zone),
    )
    known = person.qualifications.get(command.qualification_id)
    same = known and known == recorded.model_copy(update={"recorded_on": known.recorded_on})
    return [] if same else [recorded]


def _early(day: date, field: str, begun: date) -> Refusal | None:
    if day >= begun:
        return None
    return Refusal("investigator.date_before_cause", f"{day} is before {begun}", "serving", field)
