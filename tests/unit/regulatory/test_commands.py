"""Commands as they come over the wire: JSON, read strictly."""

import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.regulatory.commands import (
    ConfirmIndInEffect,
    CorrectApproval,
    ImposeClinicalHold,
    RecordIndEarlyNotice,
    RecordIndReceipt,
)
from services.regulatory.projections import OpenHolds
from shared.contracts.message import Command, Need
from shared.runtime.strict import InvalidError, parse

FIRST, SECOND = UUID(int=1), UUID(int=2)
MANY = {"trial_ids": [str(FIRST), str(SECOND)]}
OVER_SEVERAL: list[tuple[type[Command], dict[str, Any]]] = [
    (RecordIndReceipt, {"receipt_on": "2026-01-05"}),
    (ConfirmIndInEffect, {"ind_id": str(UUID(int=3)), "meaning": "no hold received by any means"}),
    (ImposeClinicalHold, {"kind": "full", "received_on": "2026-01-05", "authority": "FDA"}),
]


@pytest.mark.parametrize(("command", "fields"), OVER_SEVERAL)
def test_a_command_over_several_trials_has_the_key_of_the_first(
    command: type[Command], fields: dict[str, Any]
) -> None:
    assert parse(command, json.dumps(MANY | fields).encode()).trial_id == FIRST


@pytest.mark.parametrize(("command", "fields"), OVER_SEVERAL)
def test_a_trial_that_it_names_itself_stays_its_key(command: type[Command], fields: dict[str, Any]) -> None:
    body = json.dumps(MANY | fields | {"trial_id": str(SECOND)}).encode()
    assert parse(command, body).trial_id == SECOND


@pytest.mark.parametrize(("command", "fields"), OVER_SEVERAL)
def test_a_command_over_no_trial_is_not_taken(command: type[Command], fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidError, match="/trial_ids"):
        parse(command, json.dumps({"trial_ids": []} | fields).encode())


def test_dates_and_ids_are_read_as_such() -> None:
    read = parse(RecordIndReceipt, json.dumps(MANY | {"receipt_on": "2026-01-05"}).encode())
    assert isinstance(read, RecordIndReceipt)
    assert (read.trial_ids, read.receipt_on) == ((FIRST, SECOND), date(2026, 1, 5))


IND, APPROVAL, DAY = UUID(int=3), UUID(int=4), date(2026, 1, 5)
CONFIRM = ConfirmIndInEffect(ind_id=IND, trial_ids=(FIRST, SECOND), meaning="no hold received by any means")
CORRECT = CorrectApproval(
    meaning="corrected to what the letter states",
    approval_id=APPROVAL,
    corrects=UUID(int=5),
    effective_on=DAY,
    expires_on=date(2027, 1, 4),
    zone="UTC",
    reason="typing_error",
)


@pytest.mark.parametrize(
    ("command", "stream"),
    [
        (RecordIndReceipt(ind_id=IND, trial_ids=(FIRST,), receipt_on=DAY), IND),
        (RecordIndEarlyNotice(ind_id=IND, notice_on=DAY, letter_ref="letter:1"), IND),
        (CONFIRM, IND),
        (CORRECT, APPROVAL),
    ],
)
def test_a_command_is_decided_on_the_stream_of_what_it_is_about(command: Command, stream: UUID) -> None:
    assert command.stream_id == stream


def test_who_signs_that_no_hold_came_is_checked_against_the_holds_of_the_ind_and_of_each_trial() -> None:
    assert CONFIRM.needs() == (Need(OpenHolds, (IND,)), Need(OpenHolds, (FIRST,)), Need(OpenHolds, (SECOND,)))


def test_a_corrected_approval_holds_from_the_day_that_the_letter_states() -> None:
    assert CORRECT.effective_day() == DAY
