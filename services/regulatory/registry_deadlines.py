"""The deadlines of registry duties: armed, superseded, met, cancelled."""

from services.regulatory import deadlines
from shared.contracts.message import Command
from shared.contracts.regulatory import RegistryDutiesReleased, RegistryDutyArisen, RegistryUpdated
from shared.rules.deadlines import ArmDeadline
from shared.rules.ownership import Owners


def arm(duty: RegistryDutyArisen, owners: Owners) -> list[Command]:
    """The deadline of a duty; the ones it takes the place of are superseded."""
    owner = owners(duty.clock.code)
    armed = ArmDeadline(
        deadline_id=duty.duty_id,
        trial_id=duty.trial_id,
        subject_kind=duty.subject_kind,
        subject_id=duty.subject_id,
        clock=duty.clock,
        owner=owner.owner,
        organisation_id=owner.organisation_id,
        obligation=owner.obligation,
    )
    former = [deadlines.supersede(old, duty.duty_id, duty.trial_id, "reanchored") for old in duty.supersedes]
    return [armed, *former]


def settle(event: RegistryUpdated | RegistryDutiesReleased) -> list[Command]:
    """The deadlines of duties that were met, or that are not owed."""
    if isinstance(event, RegistryUpdated):
        return deadlines.meet(event.meets, event.trial_id, event.updated_on)
    return [deadlines.cancel(duty, event.trial_id, event.reason) for duty in event.duties]
