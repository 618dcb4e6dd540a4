"""A case taken over while it is open: settled reports stay silent, what is owed keeps its dates."""

from datetime import date, timedelta
from functools import reduce
from typing import Any

import pytest
from pydantic import ValidationError

from services.safety.commands import AdoptCase, AssessCase, CaseCommand, ReportAdverseEvent, RequestFollowUp
from services.safety.domain.case import decide, evolve
from services.safety.domain.state import Case
from services.safety.projections import CaseRow, fold_case
from shared.contracts.message import Refusal
from shared.contracts.safety import (
    CaseAcknowledged,
    CaseAssessed,
    CaseNotReportable,
    CaseOpened,
    CaseReportable,
    SafetyEvent,
)
from tests.unit.regulatory.flow import recorded
from tests.unit.safety.given_case import CASE, DAY0, KNOWN, LATER, NOW, OPINION, TRIAL, WHAT

SIGNED: dict[str, Any] = {
    "determination": "reportable",
    "determination_on": DAY0 + timedelta(days=2),
    "causality_investigator": "related",
    "causality_sponsor": "related",
    "expected": False,
    "rsi_version": "IB-7",
    "evidence_category": "A",
}


def case(**more: Any) -> AdoptCase:
    fields = WHAT | {"seriousness": ("death",), "document_ref": "cut-over/7"}
    return AdoptCase.model_validate(fields | more)


def done(state: Case, command: CaseCommand, now: Any = NOW) -> tuple[Case, list[SafetyEvent]]:
    events = decide(state, command, KNOWN, now)
    assert not isinstance(events, Refusal), events
    return reduce(evolve, events, state), events


def refusal(command: AdoptCase, state: Case | None = None) -> tuple[str, str | None]:
    decision = decide(state or Case(), command, KNOWN, NOW)
    assert isinstance(decision, Refusal)
    return decision.rule, decision.field


def owed(events: list[SafetyEvent]) -> dict[str, date]:
    reportable = next(event for event in events if isinstance(event, CaseReportable))
    return {one.code: one.legal.due_on for one in reportable.obligations}


def test_an_undetermined_case_has_the_clocks_of_its_own_day_0() -> None:
    state, events = done(Case(), case(), LATER)
    opened = events[1]
    assert isinstance(opened, CaseOpened)
    told = decide(Case(), ReportAdverseEvent(**WHAT, seriousness=("death",)), KNOWN, NOW)
    assert not isinstance(told, Refusal)
    assert opened.clocks == next(e.clocks for e in told if isinstance(e, CaseOpened))
    assert all(clock.due_on < LATER.date() for clock in opened.clocks)
    assert done(state, case())[1] == []


def test_a_determined_case_owes_what_was_not_acknowledged_with_the_dates_of_its_day_0() -> None:
    _, whole = done(Case(), case(**SIGNED))
    assert isinstance(whole[1], CaseOpened)
    assert whole[1].clocks == ()
    first, *rest = sorted(owed(whole))
    state, events = done(Case(), case(**SIGNED, settled=(first,)))
    assert sorted(owed(events)) == rest
    assert {code: owed(whole)[code] for code in rest} == owed(events)
    _, signed_again = done(state, AssessCase(**OPINION | {"seriousness": ("death",), "expected": False}))
    assert all(first not in owed([e]) for e in signed_again if isinstance(e, CaseReportable))


def test_a_case_whose_reports_were_all_acknowledged_is_acknowledged() -> None:
    _, whole = done(Case(), case(**SIGNED))
    _, events = done(Case(), case(**SIGNED, settled=tuple(owed(whole))))
    assert owed(events) == {}
    assert isinstance(events[-1], CaseAcknowledged)
    row: CaseRow | None = None
    for n, event in enumerate(events, 1):
        row = fold_case(row, recorded(event, CASE, n), (CASE,))
    assert row is not None
    assert row.status == "acknowledged"


def test_follow_up_is_not_asked_for_again() -> None:
    state, _ = done(Case(), case(**SIGNED))
    assert done(state, RequestFollowUp(case_id=CASE, trial_id=TRIAL))[1] == []


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"expected": True}, "expected"),
        ({"causality_sponsor": "not_related", "causality_investigator": "not_related"}, "not_suspected"),
        ({"seriousness": ()}, "not_serious"),
        ({"rationale": "study_endpoint"}, "study_endpoint"),
    ],
)
def test_a_case_that_is_not_reportable_says_why(more: dict[str, Any], reason: str) -> None:
    signed = SIGNED | {"determination": "not_reportable", "evidence_category": None}
    state, events = done(Case(), case(**signed | more))
    assert isinstance(events[-1], CaseNotReportable)
    assert (events[-1].reason, state.determination) == (reason, "not_reportable")
    assert isinstance(events[2], CaseAssessed)


def test_what_contradicts_itself_is_refused() -> None:
    assert refusal(case(received_on=NOW.date() + timedelta(days=2))) == (
        "case.received_in_future",
        "received_on",
    )
    assert refusal(case(**SIGNED | {"determination_on": DAY0 - timedelta(days=1)})) == (
        "case.determination_date",
        "determination_on",
    )
    assert refusal(case(**SIGNED | {"expected": True})) == ("case.not_qualifying", "determination")
    assert refusal(case(**SIGNED, settled=("nothing",))) == ("case.obligation_unknown", "settled")


def test_a_case_known_otherwise_is_not_taken_over() -> None:
    adopted, _ = done(Case(), case())
    assert refusal(case(seriousness=("hospitalisation",)), adopted) == ("case.already_known", None)
    own, _ = done(Case(), ReportAdverseEvent(**WHAT, seriousness=("death",)))
    assert refusal(case(), own) == ("case.already_known", None)


def test_a_determination_is_whole() -> None:
    with pytest.raises(ValidationError, match="rsi_version: a determination has it"):
        case(**SIGNED | {"rsi_version": None})
    with pytest.raises(ValidationError, match="settled: only a reportable case"):
        case(settled=("x",))
