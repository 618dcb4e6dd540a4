"""The projected deadline: one row from arming to its end, whoever owns it."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.deadline import (
    DeadlineArmed,
    DeadlineAssigned,
    DeadlineAtRisk,
    DeadlineAwaited,
    DeadlineCancelled,
    DeadlineEvent,
    DeadlineMet,
    DeadlineMetLate,
    DeadlineMissed,
    DeadlineSuperseded,
)
from shared.contracts.message import Actor, CommandRefused, Event, Recorded, wire_type
from shared.rules.deadlines import DeadlineRow, deadline_keys, fold_deadline
from shared.rules.packs import pack
from tests.support.touched import touched

ROOT = Path(__file__).parents[3]
STREAM, CASE, TRIAL = UUID(int=3), UUID(int=1), UUID(int=2)
CLOCK = pack("us_ind").find("us_ind_15_day", "provisional").clock(date(2026, 3, 2), "UTC")
ARMED = DeadlineArmed(
    deadline_id=STREAM, subject_kind="case", subject_id=CASE, clock=CLOCK, owner="sponsor", provisional=True
)
WHAT: dict[str, Any] = {"deadline_id": STREAM, "code": CLOCK.code, "due_on": CLOCK.due_on}


def recorded(event: Event, version: int = 1) -> Recorded[Any]:
    return Recorded(
        id=UUID(int=100 + version),
        type=wire_type(type(event), "regulatory"),
        source="/trialwire/regulatory",
        stream_id=STREAM,
        version=version,
        sponsor_id=UUID(int=7),
        trial_id=TRIAL,
        time=datetime(2026, 3, 2, version, tzinfo=UTC),
        data=event,
        actor=Actor("regulatory", "service"),
        correlation_id=UUID(int=8),
    )


def folded(*events: DeadlineEvent) -> DeadlineRow | None:
    row = None
    for version, event in enumerate(events, 1):
        message = recorded(event, version)
        for key in touched(deadline_keys, message):
            row = fold_deadline(row, message, key)
    return row


def test_an_armed_deadline_shows_its_reason_and_its_owner() -> None:
    row = folded(ARMED)
    assert row is not None
    assert (row.service, row.status, row.due_on) == ("regulatory", "armed", CLOCK.due_on)
    assert (row.citation, row.verified, row.anchor_on) == (CLOCK.citation, False, CLOCK.anchor_on)
    assert (row.trial_id, row.owner, row.provisional) == (TRIAL, "sponsor", True)


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (DeadlineAtRisk(**WHAT, days_left=3), "at_risk"),
        (DeadlineMet(**WHAT, met_on=date(2026, 3, 9)), "met"),
        (DeadlineMetLate(**WHAT, met_on=date(2026, 3, 20), days_late=3), "met_late"),
        (
            DeadlineMissed(**WHAT, subject_kind="case", subject_id=CASE, citation="c", owner="sponsor"),
            "missed",
        ),
        (
            DeadlineSuperseded(deadline_id=STREAM, code="c", successor_id=UUID(int=4), reason="anchor"),
            "superseded",
        ),
        (DeadlineCancelled(deadline_id=STREAM, code="c", reason="not_reportable"), "cancelled"),
    ],
)
def test_each_event_moves_the_row_to_its_status(event: DeadlineEvent, status: str) -> None:
    row = folded(ARMED, event)
    assert row is not None
    assert row.status == status


def test_a_missed_deadline_met_late_keeps_the_days() -> None:
    row = folded(ARMED, DeadlineMetLate(**WHAT, met_on=date(2026, 3, 20), days_late=3))
    assert row is not None
    assert (row.met_on, row.days_late) == (date(2026, 3, 20), 3)


def test_what_waits_for_its_arming_has_no_row() -> None:
    assert folded(DeadlineAwaited(deadline_id=STREAM, outcome="met", met_on=date(2026, 3, 9))) is None
    assert fold_deadline(None, recorded(DeadlineMet(**WHAT, met_on=date(2026, 3, 9))), (STREAM,)) is None


def test_an_event_about_something_else_leaves_the_row_as_it_is() -> None:
    row = folded(ARMED)
    refused = CommandRefused(command_id=STREAM, command_type="x", rule="r", detail="d")
    assert fold_deadline(row, recorded(refused, 2), (STREAM,)) == row


def test_a_row_belongs_to_the_organisation_that_the_deadline_was_handed_to() -> None:
    one, other = UUID(int=41), UUID(int=42)
    armed = ARMED.model_copy(update={"organisation_id": one})
    handed = DeadlineAssigned(deadline_id=STREAM, organisation_id=other)
    cases: tuple[tuple[tuple[DeadlineEvent, ...], UUID | None], ...] = (
        ((ARMED,), None),
        ((armed,), one),
        ((armed, handed), other),
    )
    for events, owner in cases:
        row = folded(*events)
        assert row is not None
        assert (row.organisation_id, row.status) == (owner, "armed")
    assert folded(handed) is None, "what nobody armed has no row"
