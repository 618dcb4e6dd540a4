"""Whether the programme above a trial has come as far as the trial's phase needs."""

from datetime import date

from services.trials.projections.programme_guards import ProgrammeStanding
from services.trials.rules.phases import need_of
from services.trials.rules.programme import ORDER
from shared.contracts.message import Refusal


def unmet(standing: ProgrammeStanding | None, on: date) -> Refusal | None:
    """The refusal of a start on that local day, naming what is missing; None where nothing is.

    A trial outside every programme has no row, and is not held against what a phase needs.
    """
    if standing is None or standing.programme_id is None:
        return None
    if standing.phase is None:
        return Refusal("programme.pending", "the programme has not taken the trial up yet", None)
    need = need_of(standing.phases)
    if need is None:
        return Refusal("phase.unknown", "the plan names no phase of the registry", standing.phase, "phases")
    if need.reached and ORDER.index(standing.phase) < ORDER.index(need.reached):
        detail = f"the programme is in phase {standing.phase}, the trial needs {need.reached}"
        return Refusal("phase.not_reached", f"{detail} ({need.citation})", standing.phase)
    done = {work.kind for work in standing.milestones.values() if work.completed_on <= on}
    if lacking := [kind for kind in need.milestones if kind not in done]:
        detail = f"not completed: {', '.join(lacking)} ({need.citation})"
        return Refusal("phase.milestone_missing", detail, standing.phase)
    held = [t for t in standing.authorisations.values() if t.kind == "marketing_authorisation"]
    if need.marketing and not any(term.holds(on) for term in held):
        detail = f"no marketing authorisation is in force ({need.citation})"
        return Refusal("phase.no_marketing_authorisation", detail, standing.phase)
    return None
