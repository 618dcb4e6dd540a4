"""The deadlines of registry duties: armed, superseded, met, cancelled."""

from services.regulatory import deadlines
from shared.contracts.message import Command
from shared.contracts.regulatory import RegistryDutiesReleased, RegistryDutyArisen, RegistryUpdated
from shared.rules.ownership import Owners


def arm(duty: RegistryDutyArisen, owners: Owners) -> list[Command]:
    """The deadline of a duty; the ones it takes the place of are superseded."""
    return deadlines.arm_duty(duty, duty.subject_kind, duty.subject_id, duty.supersedes, owners)


def settle(event: RegistryUpdated | RegistryDutiesReleased) -> list[Command]:
    """The deadlines of duties that were met, or that are not owed."""
    if isinstance(event, RegistryUpdated):
        return deadlines.meet(event.meets, event.trial_id, event.updated_on)
    return [deadlines.cancel(duty, event.trial_id, event.reason) for duty in event.duties]
