"""The deadline as services use it: its commands and ids, its decider, its row."""

from shared.rules.deadline_commands import (
    ArmDeadline,
    CancelDeadline,
    DeadlineCommand,
    Leg,
    MeetDeadline,
    SupersedeDeadline,
    clock_deadline_id,
    deadline_id,
)
from shared.rules.deadline_decider import Deadline, decide, evolve, wake_at, warn_on
from shared.rules.deadline_row import DeadlineRow, deadline_keys, fold_deadline

__all__ = [
    "ArmDeadline",
    "CancelDeadline",
    "Deadline",
    "DeadlineCommand",
    "DeadlineRow",
    "Leg",
    "MeetDeadline",
    "SupersedeDeadline",
    "clock_deadline_id",
    "deadline_id",
    "deadline_keys",
    "decide",
    "evolve",
    "fold_deadline",
    "wake_at",
    "warn_on",
]
