"""Moves through a trial's lifecycle, with the statuses in between that nobody stated."""

from collections import deque
from uuid import UUID

from services.trials.projections.guards import TrialGuard
from services.trials.rules.lifecycle import FINISHED, TRANSITIONS
from shared.contracts.message import Refusal
from shared.contracts.trials.trial import TrialStatus, TrialStatusChanged

# What a jump may pass through: registries and sponsors both leave these unsaid.
_UNSAID_BY_SPONSOR: frozenset[TrialStatus] = frozenset({"closed_accrual", "closed_accrual_intervention"})
_UNSAID_BY_REGISTRY: frozenset[TrialStatus] = _UNSAID_BY_SPONSOR | {"active"}


def finished(trial: TrialGuard | None) -> Refusal | None:
    """What refuses to begin anything in a trial that is over."""
    if trial is None or trial.status not in FINISHED:
        return None
    return Refusal("trial.finished", f"the trial is {trial.status}", trial.status)


def path(
    before: TrialStatus, after: TrialStatus, through: frozenset[TrialStatus] = _UNSAID_BY_SPONSOR
) -> tuple[TrialStatus, ...]:
    """The shortest allowed way from one status to another, without the first; empty where there is none."""
    ways: deque[tuple[TrialStatus, ...]] = deque([(before,)])
    seen = {before}
    while ways:
        way = ways.popleft()
        for following in TRANSITIONS.get(way[-1], ()):
            if following == after:
                return (*way[1:], following)
            if following in through and following not in seen:
                seen.add(following)
                ways.append((*way, following))
    return ()


def moved_by_registry(
    trial_id: UUID, before: TrialStatus, after: TrialStatus, reason: str | None, by_invitation: bool = False
) -> list[TrialStatusChanged]:
    """A registry's new status is a report: where no way leads to it, it is told as one step."""
    way = path(before, after, _UNSAID_BY_REGISTRY) or (after,)
    steps = moves(trial_id, before, way, "registry", reason)
    return [*steps[:-1], steps[-1].model_copy(update={"by_invitation": by_invitation})]


def moves(
    trial_id: UUID, before: TrialStatus, way: tuple[TrialStatus, ...], basis: str, reason: str | None
) -> list[TrialStatusChanged]:
    """One event a step; the reason belongs to the last, the others are inferred."""
    steps: list[TrialStatusChanged] = []
    for n, status in enumerate(way, 1):
        last = n == len(way)
        steps.append(
            TrialStatusChanged(
                trial_id=trial_id,
                before=before,
                after=status,
                basis="registry" if basis == "registry" else "sponsor",
                reason=reason if last else None,
                inferred=not last,
            )
        )
        before = status
    return steps
