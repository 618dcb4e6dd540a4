"""The deadline as services use it: its commands and ids, its decider, its row."""

from shared.rules.deadline_commands import (
    ArmDeadline,
    AssignDeadline,
    CancelDeadline,
    DeadlineCommand,
    Leg,
    MeetDeadline,
    Owner,
    SupersedeDeadline,
    clock_deadline_id,
    deadline_id,
)
from shared.rules.deadline_decider import Deadline, decide, evolve, held_by, wake_at, warn_on
from shared.rules.deadline_row import DeadlineRow, deadline_keys, fold_deadline

__all__ = [
    "ArmDeadline",
    "AssignDeadline",
    "CancelDeadline",
    "Deadline",
    "DeadlineCommand",
    "DeadlineRow",
    "Leg",
    "MeetDeadline",
    "Owner",
    "SupersedeDeadline",
    "clock_deadline_id",
    "deadline_id",
    "deadline_keys",
    "decide",
    "evolve",
    "fold_deadline",
    "held_by",
    "wake_at",
    "warn_on",
]
