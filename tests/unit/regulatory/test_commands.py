"""Commands as they come over the wire: JSON, read strictly."""

import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.regulatory.commands import ConfirmIndInEffect, ImposeClinicalHold, RecordIndReceipt
from shared.contracts.message import Command
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
