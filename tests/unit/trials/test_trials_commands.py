"""Commands of trials as they are given: the words they take, the stream that each is about."""

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.trials.commands.deviation import AnnulDeviation, ReportDeviation
from services.trials.commands.site import ActivateSite
from services.trials.commands.trial import RecordRegistryEntry, RegisterTrial, ReopenAccrual
from shared.contracts.message import Command, Identifier
from shared.contracts.trials.registry import RegistryFacts
from tests.unit.trials.trials_world import NOW, SITE, TRIAL

DEVIATION = UUID(int=31)
NCT = Identifier(system="nct", value="NCT00000001")
ENTRY = RecordRegistryEntry(
    nct="NCT00000001",
    facts=RegistryFacts(status="RECRUITING", title="A title", sponsor_name="A sponsor", study_type="X"),
)


def plan(**fields: Any) -> RegisterTrial:
    about: dict[str, Any] = {"trial_id": TRIAL, "title": "A trial", "sponsor": "A sponsor"}
    return RegisterTrial(**about | fields)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"title": "A\x00trial"}, "NUL character"),
        ({"title": "   "}, "at least 1 character"),
        ({"sponsor": "S" * 501}, "at most 500"),
        ({"identifiers": [{"system": "NCT", "value": "NCT00000001"}]}, "no short name in small letters"),
        ({"identifiers": [{"system": "nct", "value": "NCT1"}]}, "not NCT and eight digits"),
        ({"identifiers": [{"system": "protocol", "value": ""}]}, "not 1 to 200 printable characters"),
        ({"identifiers": [{"system": "protocol", "value": "P" * 201}]}, "not 1 to 200 printable characters"),
        ({"identifiers": [{"system": "protocol", "value": "P\n1"}]}, "not 1 to 200 printable characters"),
        ({"owner_id": UUID(int=41)}, "nothing is transferred where owner is the sponsor"),
    ],
)
def test_a_plan_takes_only_what_can_be_stored_and_found_again(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        plan(**fields)


def test_of_a_plans_names_the_nct_number_alone_finds_the_trial() -> None:
    named = plan(identifiers=(Identifier(system="protocol", value="P-1"), NCT))
    assert named.external_ids() == (NCT,)


def test_a_plan_for_a_trial_that_is_known_goes_to_that_trial() -> None:
    assert plan(trial_id=UUID(int=9)).bound_to(TRIAL) == plan()


def test_a_registry_entry_finds_its_trial_by_its_nct_number() -> None:
    assert ENTRY.external_ids() == (NCT,)
    with pytest.raises(ValueError, match="bound to its trial"):
        _ = ENTRY.stream_id
    assert ENTRY.bound_to(TRIAL).stream_id == TRIAL


@pytest.mark.parametrize("command", [plan(), ENTRY])
def test_what_begins_a_trial_names_its_sponsor(command: Command) -> None:
    assert command.sponsor_name() == "A sponsor"


@pytest.mark.parametrize(
    ("command", "stream"),
    [
        (ReopenAccrual(trial_id=TRIAL, reason="agreed", meaning="approval"), TRIAL),
        (ActivateSite(trial_id=TRIAL, site_id=SITE, meaning="approval"), SITE),
        (
            ReportDeviation(
                deviation_id=DEVIATION, trial_id=TRIAL, category="c", rules=("r",), occurred_on=NOW.date()
            ),
            DEVIATION,
        ),
        (AnnulDeviation(deviation_id=DEVIATION, trial_id=TRIAL, reason="an error"), DEVIATION),
    ],
)
def test_a_command_is_decided_on_the_stream_of_what_it_is_about(command: Command, stream: UUID) -> None:
    assert command.stream_id == stream
