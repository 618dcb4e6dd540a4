"""Changes made at once against a hazard: whether board and authority were told in time."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import uuid5

from services.trials.domain.protocol_state import Protocol
from services.trials.rules import NAMESPACE
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.protocol import Told, UrgentChangeMade, UrgentChangeTold
from shared.rules.dates import local_date, start_of_day


def informed(protocol: Protocol) -> Iterator[UrgentChangeTold]:
    """Who has the version knows of the change, where no notice says on which day they were told."""
    for made in protocol.urgent.values():
        for whom, found in (("board", _board(protocol, made)), ("authority", _authority(protocol, made))):
            if found and (made.change_id, whom) not in protocol.told:
                yield UrgentChangeTold(
                    trial_id=made.trial_id,
                    version=made.version,
                    change_id=made.change_id,
                    whom="board" if whom == "board" else "authority",
                    told_on=found[0],
                    reference=found[1],
                )


def judged(protocol: Protocol, now: datetime) -> Iterator[DeviationReported | DeviationAnnulled]:
    """A deviation for each notice that is overdue or came late; annulled where it came in time."""
    for made, whom, due, citation in _notices(protocol):
        told = protocol.told.get((made.change_id, whom))
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
        if (made.change_id, whom) not in protocol.told
        and (made.change_id, f"protocol.{whom}_not_told") not in protocol.deviations
    ]
    return min(waiting, default=None)


def _authority(protocol: Protocol, made: UrgentChangeMade) -> tuple[date, str] | None:
    """The day and the reference of the version's submission."""
    return protocol.submitted.get((made.version, made.country))


def _board(protocol: Protocol, made: UrgentChangeMade) -> tuple[date, str] | None:
    """The day by which all sites of the change had an approval of the version, and the last of these."""
    approved = [one for one in protocol.approvals.values() if one.version == made.version]
    first = [
        min(
            ((one.effective_on, str(one.approval_id)) for one in approved if site in one.site_ids),
            default=None,
        )
        for site in made.site_ids
    ]
    known = [found for found in first if found]
    return max(known) if len(known) == len(first) else None


def _notices(protocol: Protocol) -> Iterator[tuple[UrgentChangeMade, Told, date, str | None]]:
    for made in protocol.urgent.values():
        if made.board_by:
            yield made, "board", made.board_by, made.board_citation
        if made.authority_by:
            yield made, "authority", made.authority_by, made.authority_citation
