"""What is asked for of a protocol version and can be refused: draft, withdrawal, end as a draft."""

from services.trials.commands.protocol import (
    AbandonProtocolVersion,
    DraftProtocolVersion,
    WithdrawProtocolVersion,
)
from services.trials.domain.lifecycle import finished
from services.trials.domain.protocol_state import Events, Protocol, Version
from services.trials.projections.guards import TrialGuard
from services.trials.rules.protocol import GIVEN_UP, TRANSITIONS
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.protocol import (
    ProtocolVersionAbandoned,
    ProtocolVersionDrafted,
    ProtocolVersionWithdrawn,
    VersionStatus,
)


def drafted(protocol: Protocol, command: DraftProtocolVersion, facts: Facts) -> Events | Refusal:
    """A version is drafted once; each but the first amends one that stands, and no two amend it alike."""
    known = protocol.versions.get(command.version)
    ordinal = known.ordinal if known else len(protocol.versions) + 1
    there = any(name == command.version for name, _ in protocol.submitted)
    event = ProtocolVersionDrafted(
        **command.model_dump(), ordinal=ordinal, status="submitted" if there else "drafted"
    )
    if known:
        if known.drafted.model_copy(update={"status": event.status}) == event:
            return []
        said = "a version of this name was drafted otherwise"
        return Refusal("protocol.version_known", said, known.status, "version")
    trial = facts.get(TrialGuard, command.trial_id)
    if trial is None or trial.status is None:
        return Refusal("trial.unknown", "there is no trial with this id", None, "trial_id")
    return finished(trial) or _out_of_line(protocol, command) or [event]


def _out_of_line(protocol: Protocol, command: DraftProtocolVersion) -> Refusal | None:
    standing = {name: one for name, one in protocol.versions.items() if one.status not in GIVEN_UP}
    if command.amends is None:
        if not standing:
            return None
        return Refusal("protocol.amends_missing", "name the version that it amends", None, "amends")
    amended = standing.get(command.amends)
    if amended is None:
        given_up = protocol.versions.get(command.amends)
        said = "there is no such version to amend"
        return Refusal("protocol.amends_unknown", said, given_up.status if given_up else None, "amends")
    if command.dated_on < amended.drafted.dated_on:
        said = f"the version that it amends is of {amended.drafted.dated_on}"
        return Refusal("protocol.before_version", said, amended.status, "dated_on")
    if command.countries and not any(amended.concerns(country) for country in command.countries):
        said = "the version that it amends is for other countries"
        return Refusal("protocol.country_not_concerned", said, amended.status, "amends")
    for name, other in standing.items():
        if _beside(other, command):
            said = f"{name} amends {command.amends} there already"
            return Refusal("protocol.overlap", said, other.status, "amends")
    return None


def _beside(other: Version, command: DraftProtocolVersion) -> bool:
    """Whether both amend the same version for one country: the later would lack what the other changed."""
    both = not command.countries or any(other.concerns(country) for country in command.countries)
    return other.drafted.amends == command.amends and both


def given_up(
    protocol: Protocol, command: WithdrawProtocolVersion | AbandonProtocolVersion
) -> Events | Refusal:
    """A submitted version is withdrawn, a draft abandoned, while nothing rests on it."""
    known = protocol.versions.get(command.version)
    if known is None:
        return Refusal("protocol.version_unknown", "there is no such version", None, "version")
    withdrawn = isinstance(command, WithdrawProtocolVersion)
    to: VersionStatus = "withdrawn" if withdrawn else "abandoned"
    if known.status == to:
        return []
    if to not in TRANSITIONS.get(known.status, ()):
        said = f"a version that is {known.status} cannot become {to}"
        return Refusal("protocol.transition", said, known.status, "version")
    for name, other in protocol.versions.items():
        if other.drafted.amends == command.version and other.status not in GIVEN_UP:
            return Refusal("protocol.amended", f"{name} amends it", known.status, "version")
    if isinstance(command, WithdrawProtocolVersion):
        days = [day for (name, _), (day, _) in protocol.submitted.items() if name == command.version]
        if command.withdrawn_on < min(days):
            said = f"it was submitted on {min(days)}"
            return Refusal("protocol.before_submission", said, known.status, "withdrawn_on")
        return [ProtocolVersionWithdrawn(**command.model_dump())]
    return [ProtocolVersionAbandoned(**command.model_dump())]
