"""Withdrawals and holds reach a record request whichever comes first."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from random import Random
from typing import Any
from uuid import UUID

import pytest

from services.retrieval.commands import OpenRequest
from services.retrieval.handlers import SERVICE as RETRIEVAL
from services.retrieval.projections.requests import RequestRow
from services.trials.commands.hold import ApplyHold, LiftHold
from services.trials.commands.site import IdentifySite
from services.trials.commands.subject import EnrolSubject, WithdrawSubject
from services.trials.commands.subject_steps import ReportDeath
from services.trials.commands.trial import RegisterTrial
from services.trials.handlers import SERVICE as TRIALS
from shared.contracts import retrieval as r
from shared.contracts.retrieval import Purpose
from tests.support.flow import Act, Flow

TRIAL, SITE, SUBJECT, REQUEST, WIDE, LOCAL = (UUID(int=n) for n in range(1, 7))
NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)
WHO: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT}


def played(seed: int, purpose: Purpose, *acts: Act) -> Flow:
    """The acts in the order of their streams, and the request opened somewhere among what they cause."""
    flow = Flow({"trials": TRIALS, "retrieval": RETRIEVAL}, Random(seed), NOW)  # noqa: S311 - an order
    for act in (
        Act("register", "trials", RegisterTrial(trial_id=TRIAL, title="A trial", sponsor="Sponsor")),
        Act("identify", "trials", IdentifySite(trial_id=TRIAL, site_id=SITE, name="Site")),
        Act("enrol", "trials", EnrolSubject(**WHO, subject_code="S-1", enrolled_on=date(2026, 2, 2))),
    ):
        flow.act(act)
    opening = Act("open", "retrieval", OpenRequest(request_id=REQUEST, **WHO, purpose=purpose))

    def ready(_: Flow) -> Iterator[Act]:
        yield opening
        yield from (act for act in acts[: len(flow.done - {"open"}) - 2])

    flow.run(ready)
    assert flow.refused == []
    return flow


def row(flow: Flow) -> RequestRow:
    (found,) = flow.rows_of("retrieval", RequestRow)
    assert isinstance(found, RequestRow)
    return found


def applied(hold: UUID, scope: UUID) -> Act:
    kind = "site" if scope == SITE else "trial"
    command = ApplyHold.model_validate(
        {
            "hold_id": hold,
            "trial_id": TRIAL,
            "source": "sponsor_pause",
            "scope_kind": kind,
            "scope_id": scope,
            "effects": ("retrieve_records",),
            "since": date(2026, 3, 4),
        }
    )
    return Act(f"apply {hold}", "trials", command)


def lifted(hold: UUID) -> Act:
    command = LiftHold(
        hold_id=hold, trial_id=TRIAL, source="sponsor_pause", until=date(2026, 3, 4), evidence="letter"
    )
    return Act(f"lift {hold}", "trials", command)


@pytest.mark.parametrize("seed", range(12))
def test_a_withdrawal_from_records_access_reaches_every_request(seed: int) -> None:
    withdrawn = WithdrawSubject(**WHO, withdrawn_on=date(2026, 3, 4), scopes=("records_access",))
    flow = played(seed, "safety_followup", Act("withdraw", "trials", withdrawn))
    assert row(flow).access_withdrawn
    assert len(flow.events(r.AccessWithdrawn)) == 1


@pytest.mark.parametrize("seed", range(12))
def test_a_death_reaches_every_request_once(seed: int) -> None:
    died = ReportDeath(**WHO, died_on=date(2026, 3, 3))
    flow = played(seed, "safety_followup", Act("death", "trials", died))
    assert (row(flow).subject_died_on, row(flow).status) == (date(2026, 3, 3), "open")
    assert len(flow.events(r.SubjectDeathNoted)) == 1


@pytest.mark.parametrize("seed", range(12))
def test_research_stays_frozen_by_the_hold_that_stands_and_by_no_other(seed: int) -> None:
    flow = played(seed, "chart_review", applied(WIDE, TRIAL), applied(LOCAL, SITE), lifted(WIDE))
    assert (row(flow).status, row(flow).frozen_by) == ("frozen", (LOCAL,))


@pytest.mark.parametrize("seed", range(12))
def test_research_goes_on_when_every_hold_is_lifted(seed: int) -> None:
    flow = played(seed, "rwe", applied(WIDE, TRIAL), applied(LOCAL, SITE), lifted(LOCAL), lifted(WIDE))
    assert (row(flow).status, row(flow).frozen_by) == ("open", ())


@pytest.mark.parametrize("seed", range(4))
def test_safety_follow_up_goes_on_under_every_hold(seed: int) -> None:
    flow = played(seed, "safety_followup", applied(WIDE, TRIAL), applied(LOCAL, SITE))
    assert row(flow).status == "open"
