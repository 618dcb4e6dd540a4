"""Who owns a deadline: the ledger where it speaks, else the plan for what follows it, else the sponsor."""

from datetime import date
from fnmatch import fnmatchcase
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.deadline import DeadlineMet
from shared.contracts.message import Facts, Need
from shared.contracts.trials.obligation import ObligationReturned, ObligationTransferred
from shared.rules.deadline_commands import Owner
from shared.rules.ledger_rows import (
    ObligationOwners,
    TrialDeadlines,
    fold_owners,
    owners_keys,
    trial_deadlines_keys,
)
from shared.rules.obligations import NAMES, obligation_of, obligations
from shared.rules.ownership import SPONSOR, handed_on, needs_to_hand_on, owner_of
from shared.rules.packs import names, pack
from tests.support.touched import touched
from tests.unit.trials.trials_world import TRIAL, recorded

ONE, OTHER = UUID(int=41), UUID(int=42)
DAY = date(2026, 3, 10)
PLAN = Owner("cro", OTHER)
LEDGER = ObligationOwners(TRIAL, {"safety_reporting": ONE, "investigator_letters": None})
BY: dict[str, Any] = {"trial_id": TRIAL, "since": DAY, "document_ref": "toro:1", "sha256": "a" * 64}
# The authority's own date, to which nobody has to do anything.
NOBODY = {"ind_review_period"}


@pytest.mark.parametrize("name", names())
def test_every_deadline_of_the_packs_is_covered_by_one_obligation(name: str) -> None:
    for rule in pack(name).rule:
        covering = [one for one, obligation in obligations().items() if obligation.covers(rule.code)]
        assert len(covering) == (0 if rule.code in NOBODY else 1), (rule.code, covering)


def test_no_obligation_claims_deadlines_that_no_pack_has() -> None:
    codes = {rule.code for name in names() for rule in pack(name).rule}
    claimed = {pattern for one in obligations().values() for pattern in one.deadlines}
    assert not {pattern for pattern in claimed if not any(fnmatchcase(code, pattern) for code in codes)}


def test_every_obligation_is_cited_and_verified_only_where_its_text_was_seen() -> None:
    assert tuple(obligations()) == NAMES
    assert {name for name, one in obligations().items() if one.verified} == {"data_management"}
    assert all(one.citation for one in obligations().values())


@pytest.mark.parametrize(
    ("code", "ledger", "plan", "owner"),
    [
        ("us_ind_7_day", LEDGER, PLAN, Owner("cro", ONE, "safety_reporting")),
        ("us_ind_15_day_investigators", LEDGER, PLAN, SPONSOR),
        ("us_ind_7_day", None, PLAN, Owner("cro", OTHER, "safety_reporting")),
        ("us_ind_7_day", ObligationOwners(TRIAL), None, SPONSOR),
        ("record_request_15_day", LEDGER, PLAN, SPONSOR),
        ("record_request_15_day", None, Owner("cro"), Owner("cro")),
        ("ind_review_period", LEDGER, PLAN, SPONSOR),
        ("us_ind_7_day", None, None, SPONSOR),
    ],
)
def test_what_is_not_transferred_in_writing_is_the_sponsor_s(
    code: str, ledger: ObligationOwners | None, plan: Owner | None, owner: Owner
) -> None:
    assert owner_of(code, ledger, plan) == owner


def test_the_ledger_s_row_has_the_organisation_of_each_obligation_and_none_once_it_was_returned() -> None:
    given = recorded(ObligationTransferred(**BY, obligation="monitoring", organisation_id=ONE), TRIAL)
    back = recorded(ObligationReturned(**BY, obligation="monitoring", organisation_id=ONE), TRIAL)
    assert owners_keys(given) == owners_keys(back) == ((TRIAL,),)
    row = fold_owners(None, given, (TRIAL,))
    assert row == ObligationOwners(TRIAL, {"monitoring": ONE})
    assert fold_owners(row, back, (TRIAL,)) == ObligationOwners(TRIAL, {"monitoring": None})


def test_a_deadline_of_no_trial_is_in_no_ledger() -> None:
    met = DeadlineMet(deadline_id=UUID(int=1), code="a", due_on=DAY, met_on=DAY)
    message = recorded(met, UUID(int=1))
    assert (touched(trial_deadlines_keys, message), touched(owners_keys, message)) == ((), ())
    assert (needs_to_hand_on(message), handed_on(message, Facts(), PLAN)) == ((), [])
    of_trial = recorded(met.model_copy(), TRIAL)
    of_trial.trial_id = TRIAL
    assert trial_deadlines_keys(of_trial) == ((TRIAL,),)
    assert handed_on(of_trial, Facts(), PLAN) == []


def test_a_change_of_owners_asks_for_what_is_open_and_gives_nothing_where_nothing_is() -> None:
    given = recorded(ObligationTransferred(**BY, obligation="monitoring", organisation_id=ONE), TRIAL)
    assert needs_to_hand_on(given) == (Need(ObligationOwners, (TRIAL,)), Need(TrialDeadlines, (TRIAL,)))
    assert handed_on(given, Facts(), PLAN) == []
    assert obligation_of("a_code_of_nobody") is None
