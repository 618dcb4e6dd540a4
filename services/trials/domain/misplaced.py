"""What is told of a subject at a site of another trial: kept, marked on each event, and one deviation."""

from collections.abc import Callable
from datetime import datetime

from services.trials.commands.subject import OfSubject
from services.trials.domain.breaks import Breaks, deviation
from services.trials.domain.broken import elsewhere
from services.trials.domain.subject_state import Events, Subject, Told
from services.trials.projections.guards import SiteGuard
from services.trials.rules.other_trial import OTHER_TRIAL
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.rules.dates import local_date

Decider = Callable[[Facts], Events | Refusal]


def placed(
    subject: Subject, command: OfSubject, facts: Facts, now: datetime, decider: Decider
) -> Events | Refusal:
    """What `decider` makes of the facts, and of none of the site's where it belongs to another trial.

    A request is then refused; the events of a report are marked, and their deviations name no site.
    """
    site = facts.get(SiteGuard, command.site_id)
    if site is None or not elsewhere(site, command.trial_id):
        return decider(facts)
    if not command.report:
        return Refusal(OTHER_TRIAL, "the site belongs to another trial", subject.status, "site_id")
    own = [facts.get(need.row, *need.key) for need in command.needs() if need.key != (command.site_id,)]
    decided = decider(Facts(*(row for row in own if row is not None), actor=facts.actor))
    if isinstance(decided, Refusal) or not decided:
        return decided
    day = local_date(now, site.zone or "UTC")
    raised = deviation(subject, command, "site", Breaks((OTHER_TRIAL,)), day, OTHER_TRIAL)
    return [_marked(event) for event in (*decided, *raised)]


def _marked(event: Told) -> Told:
    if isinstance(event, DeviationReported | DeviationAnnulled):
        return event.model_copy(update={"site_id": None})
    if "breaks" not in type(event).model_fields:
        return event
    return event.model_copy(update={"breaks": (*getattr(event, "breaks", ()), OTHER_TRIAL)})
