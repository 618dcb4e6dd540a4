"""FDA's notice of a new investigator ends the same in whatever order topics bring person, IND, ledger."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from services.regulatory.commands import RecordInvestigatorNotice
from services.trials.commands.investigator import AddInvestigator
from services.trials.commands.obligations import TransferObligations
from services.trials.commands.programme import BeginProgramme, RecordProgrammeAuthorisation
from services.trials.commands.site import IdentifySite
from services.trials.commands.trial import RegisterTrial
from shared.contracts.message import Identifier
from shared.contracts.regulatory import InvestigatorNoticeOwed
from shared.rules.deadlines import DeadlineRow
from tests.support.flow import Act, Flow
from tests.unit import test_chain_orders as chain

PROGRAMME, IND, PERSON, SITE, OTHER_SITE, OTHER, CRO = (UUID(int=n) for n in range(81, 88))
TRIAL: dict[str, Any] = {"trial_id": chain.TRIAL}
ADDED_ON = chain.TODAY - timedelta(days=9)


def added(person: UUID, site: UUID) -> Act:
    number = (Identifier(system="npi", value="1234567893"),)
    fields: dict[str, Any] = {"role": "principal", "identifiers": number, "from_on": ADDED_ON}
    return Act(
        f"add {person}",
        "trials",
        AddInvestigator(**TRIAL, site_id=site, investigator_id=person, **fields),
    )


BEGUN = Act(
    "begin",
    "trials",
    BeginProgramme(programme_id=PROGRAMME, product="P-1", indication="asthma", sponsor="Sponsor"),
)
REGISTERED = Act(
    "register",
    "trials",
    RegisterTrial(
        **TRIAL, title="A trial", sponsor="Sponsor", programme_id=PROGRAMME, phases=("PHASE1",), route="other"
    ),
)
INVESTIGATIONAL = Act(
    "ind",
    "trials",
    RecordProgrammeAuthorisation(
        programme_id=PROGRAMME,
        authorisation_id=IND,
        kind="ind",
        number="1",
        country="US",
        in_effect_on=ADDED_ON - timedelta(days=90),
    ),
)
GIVEN = Act(
    "give",
    "trials",
    TransferObligations(
        **TRIAL,
        obligations=("ind_amendments",),
        organisation_id=CRO,
        since=chain.TODAY,
        document_ref="toro:1",
        sha256="a" * 64,
    ),
)
RECEIVED = Act(
    "receipt",
    "regulatory",
    RecordInvestigatorNotice(**TRIAL, investigators=(PERSON,), submission_ref="0007", receipt_on=chain.TODAY),
)


def acts(flow: Flow) -> Iterator[Act]:
    """What may be told next: an IND before or after its trial joins, a receipt before or after its person."""
    yield INVESTIGATIONAL
    yield GIVEN
    yield RECEIVED
    yield added(PERSON, SITE)
    yield added(OTHER, OTHER_SITE)


@pytest.mark.parametrize("doubled", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_one_notice_is_met_and_the_other_open_and_its_owner_s(seed: int, doubled: bool) -> None:
    flow = Flow(chain.SERVICES, Random(seed), chain.NOW, doubled)  # noqa: S311 - an order, not a secret
    for act in (BEGUN, REGISTERED):
        flow.act(act)
    for site in (SITE, OTHER_SITE):
        named = IdentifySite(**TRIAL, site_id=site, name="Site", zone=chain.ZONE)
        flow.act(Act(f"identify {site}", "trials", named))
    flow.run(acts)
    assert flow.refused == []
    due = ADDED_ON + timedelta(days=30)
    for service in ("regulatory", "trials"):
        rows = flow.rows_of(service, DeadlineRow)
        assert {row.subject_id: (row.due_on, row.status) for row in rows} == {
            PERSON: (due, "met"),
            OTHER: (due, "armed"),
        }
        (open_,) = [row for row in rows if row.status == "armed"]
        assert (open_.owner, open_.organisation_id) == ("cro", CRO)
    assert len(flow.events(InvestigatorNoticeOwed)) == 2
