"""The design of each protocol version: the arms as decisions read them, and the row behind the trial page."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.trials.design import Arm, DesignRecorded, Encounter, Epoch

Key = tuple[Any, ...]
_TOLD = tuple(DesignRecorded.model_fields)


@dataclass(frozen=True, slots=True)
class TrialArms:
    """The codes of the arms that each recorded design of a trial has."""

    table: ClassVar[str] = "trial_arms"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    arms: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def known(self, code: str) -> bool:
        """Whether any version of the protocol has the arm: subjects go on in arms of older ones."""
        return any(code in codes for codes in self.arms.values())


def trial_arms_keys(message: Recorded[DesignRecorded]) -> tuple[Key, ...]:
    return ((message.data.trial_id,),)


def fold_trial_arms(row: TrialArms | None, message: Recorded[Any], key: Key) -> TrialArms:
    """The arms after a design was recorded."""
    row = row or TrialArms(key[0])
    codes = tuple(arm.code for arm in message.data.arms)
    return replace(row, arms=row.arms | {message.data.version: codes})


@dataclass(frozen=True, slots=True)
class DesignRow:
    """The design of one protocol version, as it was recorded last."""

    table: ClassVar[str] = "design"
    key: ClassVar[tuple[str, ...]] = ("trial_id", "version")
    trial_id: UUID
    version: str
    arms: tuple[Arm, ...] = ()
    epochs: tuple[Epoch, ...] = ()
    encounters: tuple[Encounter, ...] = ()
    masking: str | None = None
    masked: tuple[str, ...] = ()
    assignment: str | None = None
    model: str | None = None
    reason: str | None = None
    recorded_at: datetime | None = None


def design_keys(message: Recorded[DesignRecorded]) -> tuple[Key, ...]:
    return ((message.data.trial_id, message.data.version),)


def fold_design(row: DesignRow | None, message: Recorded[Any], key: Key) -> DesignRow:
    """The design after it was recorded, or recorded again."""
    return DesignRow(**{name: getattr(message.data, name) for name in _TOLD}, recorded_at=message.time)
