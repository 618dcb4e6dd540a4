"""Changes made at once against a hazard: whether boards and authority were told in time."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from services.trials.commands.protocol import RecordUrgentNotice
from services.trials.domain.broken import deviation, in_future, rules_of
from services.trials.domain.protocol_state import Events, Protocol
from services.trials.rules import NAMESPACE
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.protocol import Told, UrgentChangeMade, UrgentChangeTold
from shared.rules.dates import local_date, start_of_day


def noticed(protocol: Protocol, command: RecordUrgentNotice, now: datetime) -> Events:
    """A notice as it is told; one that cannot be a notice of the change is marked and a deviation."""
    made = protocol.urgent.get(command.change_id)
    sites = command.site_ids if command.whom == "board" else ()
    if made and command.whom == "board" and not sites and len(made.site_ids) == 1:
        sites = made.site_ids
    found = {
        "protocol.before_change": made is not None and command.told_on < made.implemented_on,
        "protocol.in_future": in_future(command.told_on, now),
        "protocol.sites_not_named": command.whom == "board" and not sites,
    }
    breaks = rules_of(found)
    told = UrgentChangeTold(**command.model_dump(exclude={"site_ids"}), site_ids=sites, breaks=breaks)
    known = {protocol.told.get((command.change_id, command.whom, site)) for site in sites or (None,)}
    if told in protocol.heard or (not breaks and known == {command.told_on}):
        return []
    name = f"{command.change_id}|{command.whom}|{command.told_on}|{sorted(sites)}"
    return [told, *deviation(command.trial_id, "protocol", name, breaks, command.told_on)]


def informed(protocol: Protocol) -> Iterator[UrgentChangeTold]:
    """Who has the version knows of the change, where no notice says on which day they were told."""
    for made in protocol.urgent.values():
        about: dict[str, Any] = made.model_dump(include={"trial_id", "version", "change_id"})
        submitted = protocol.submitted.get((made.version, made.country))
        if submitted and (made.change_id, "authority", None) not in protocol.told:
            day, reference = submitted
            yield UrgentChangeTold(**about, whom="authority", told_on=day, reference=reference)
        approved: dict[tuple[date, str], tuple[UUID, ...]] = {}
        for site in made.site_ids:
            found = None if _board_knew(protocol, made, site) else _approved(protocol, made, site)
            if found:
                approved[found] = (*approved.get(found, ()), site)
        for (day, reference), sites in approved.items():
            yield UrgentChangeTold(**about, whom="board", told_on=day, reference=reference, site_ids=sites)


def judged(protocol: Protocol, now: datetime) -> Iterator[DeviationReported | DeviationAnnulled]:
    """A deviation for each notice that is overdue or came late; annulled where it came in time."""
    for made, whom, due, citation in _notices(protocol):
        told = _told_on(protocol, made, whom)
        late = told > due if told else local_date(now, made.zone) > due
        rule = f"protocol.{whom}_not_told"
        counting = protocol.deviations.get((made.change_id, rule))
        if late and not counting:
            yield DeviationReported(
                deviation_id=uuid5(NAMESPACE, f"{rule}|{made.trial_id}|{made.change_id}|{told}"),
                trial_id=made.trial_id,
                category="protocol",
                rules=(rule,),
                citation=citation,
                occurred_on=due,
                cause=made.change_id,
            )
        elif counting and told and not late:
            yield DeviationAnnulled(
                deviation_id=counting, trial_id=made.trial_id, reason="protocol.told_in_time"
            )


def wake_at(protocol: Protocol) -> datetime | None:
    """The first moment after the last day of a notice that has not been given."""
    waiting = [
        start_of_day(due + timedelta(days=1), made.zone)
        for made, whom, due, _ in _notices(protocol)
        if _told_on(protocol, made, whom) is None
        and (made.change_id, f"protocol.{whom}_not_told") not in protocol.deviations
    ]
    return min(waiting, default=None)


def _told_on(protocol: Protocol, made: UrgentChangeMade, whom: Told) -> date | None:
    """The day on which the authority knew, or the boards of all sites of the change."""
    if whom == "authority":
        return protocol.told.get((made.change_id, whom, None))
    days = [_board_knew(protocol, made, site) for site in made.site_ids]
    known = [day for day in days if day]
    return max(known) if len(known) == len(days) else None


def _board_knew(protocol: Protocol, made: UrgentChangeMade, site: UUID) -> date | None:
    told, change = protocol.told, made.change_id
    return told.get((change, "board", site)) or told.get((change, "board", None))


def _approved(protocol: Protocol, made: UrgentChangeMade, site: UUID) -> tuple[date, str] | None:
    """The first approval of the version at a site: its day and its id."""
    found = (
        (one.effective_on, str(one.approval_id))
        for one in protocol.approvals.values()
        if one.version == made.version and site in one.site_ids
    )
    return min(found, default=None)


def _notices(protocol: Protocol) -> Iterator[tuple[UrgentChangeMade, Told, date, str | None]]:
    for made in protocol.urgent.values():
        if made.board_by:
            yield made, "board", made.board_by, made.board_citation
        if made.authority_by:
            yield made, "authority", made.authority_by, made.authority_citation
