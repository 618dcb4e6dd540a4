"""Every pair of a trial's statuses: each allowed step happens, every other is refused with its rule."""

from dataclasses import replace
from functools import reduce
from itertools import product
from typing import Any, get_args
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.trials.commands.trial import ChangeTrialStatus, ReopenAccrual
from services.trials.domain.state import Trial
from services.trials.domain.trial import decide, evolve
from services.trials.projections.guards import TrialCount, TrialSites
from services.trials.projections.programme_guards import ProgrammeStanding, Term, Work
from services.trials.projections.trial_data import TrialData
from services.trials.rules.lifecycle import GUARDS, TRANSITIONS
from services.trials.rules.phases import PHASES
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.trial import TrialRegistered, TrialStatus, TrialStatusChanged
from tests.unit.trials.trials_world import NOW, SITE, TRIAL

TODAY = NOW.date()
STATUSES: tuple[TrialStatus, ...] = get_args(TrialStatus)
PROGRAMME, PAPER = UUID(int=60), UUID(int=61)
ACTIVE_SITE = TrialSites(TRIAL, {SITE: "US"}, (SITE,))
LOCKED = TrialData(TRIAL, "locked", locked_on=TODAY, last_visit_on=TODAY, tmf_ref="tmf:1")
# Steps that nobody states: a closed accrual stands between an open one and the end (CTRP inserts them).
JUMPS: dict[tuple[TrialStatus, TrialStatus], tuple[TrialStatus, ...]] = {
    ("active", "closed_accrual_intervention"): ("closed_accrual", "closed_accrual_intervention"),
    ("active", "completed"): ("closed_accrual", "closed_accrual_intervention", "completed"),
    ("temp_closed_accrual", "closed_accrual_intervention"): (
        "closed_accrual",
        "closed_accrual_intervention",
    ),
    ("temp_closed_accrual", "completed"): ("closed_accrual", "closed_accrual_intervention", "completed"),
    ("temp_closed_accrual_intervention", "completed"): ("closed_accrual_intervention", "completed"),
    ("closed_accrual", "completed"): ("closed_accrual_intervention", "completed"),
}
PAIRS = [pair for pair in product(STATUSES, STATUSES) if pair[0] != pair[1]]


def at(status: TrialStatus) -> Trial:
    registered = TrialRegistered(
        trial_id=TRIAL,
        title="A trial",
        sponsor_name="A sponsor",
        study_type="INTERVENTIONAL",
        basis="sponsor",
        status=status,
    )
    return reduce(evolve, [registered], Trial())


def move(status: TrialStatus, reason: str | None = "a reason", **more: Any) -> ChangeTrialStatus:
    return ChangeTrialStatus(trial_id=TRIAL, status=status, reason=reason, **more)


def steps(trial: Trial, command: Any, *facts: object) -> list[tuple[str, str, bool]] | str:
    decided = decide(trial, command, Facts(*facts), NOW)
    if isinstance(decided, Refusal):
        return decided.rule
    return [(e.before, e.after, e.inferred) for e in decided if isinstance(e, TrialStatusChanged)]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_pair_of_statuses_is_a_step_or_is_refused(before: TrialStatus, after: TrialStatus) -> None:
    made = steps(at(before), move(after), ACTIVE_SITE, LOCKED)
    if (before, after) == ("closed_accrual", "active"):
        assert made == "trial.signature_required"
        reopened = ReopenAccrual(trial_id=TRIAL, reason="a reason", meaning="approval")
        assert steps(at(before), reopened) == [("closed_accrual", "active", False)]
    elif after in TRANSITIONS.get(before, ()):
        assert made == [(before, after, False)]
    elif way := JUMPS.get((before, after)):
        stops = (before, *way)
        expected = [(a, b, b != after) for a, b in zip(stops, way, strict=False)]
        assert made == expected
    else:
        assert made == "trial.transition"


STARTING = ProgrammeStanding(TRIAL, PROGRAMME, ("PHASE4",), "IV")
TOXICOLOGY = {str(PAPER): Work("toxicology", TODAY)}
REFUSED: dict[str, tuple[TrialStatus, TrialStatus, str | None, tuple[object, ...]]] = {
    "trial.no_active_site": ("approved", "active", None, (TrialSites(TRIAL),)),
    "programme.pending": ("approved", "active", None, (ACTIVE_SITE, ProgrammeStanding(TRIAL, PROGRAMME))),
    "phase.unknown": (
        "approved",
        "active",
        None,
        (ACTIVE_SITE, ProgrammeStanding(TRIAL, PROGRAMME, ("PHASE5",), "I")),
    ),
    "phase.not_reached": (
        "approved",
        "active",
        None,
        (ACTIVE_SITE, ProgrammeStanding(TRIAL, PROGRAMME, ("PHASE3",), "II")),
    ),
    "phase.milestone_missing": (
        "approved",
        "active",
        None,
        (ACTIVE_SITE, ProgrammeStanding(TRIAL, PROGRAMME, ("PHASE1",), "I", TOXICOLOGY)),
    ),
    "phase.no_marketing_authorisation": ("approved", "active", None, (ACTIVE_SITE, STARTING)),
    "trial.signature_required": ("closed_accrual", "active", None, ()),
    "trial.visits_open": ("closed_accrual_intervention", "completed", None, ()),
    "trial.not_locked": (
        "closed_accrual_intervention",
        "completed",
        None,
        (TrialData(TRIAL, last_visit_on=TODAY),),
    ),
    "trial.tmf_open": (
        "closed_accrual_intervention",
        "completed",
        None,
        (replace(LOCKED, tmf_ref=None),),
    ),
    "trial.has_subjects": ("approved", "withdrawn", "a reason", (TrialCount(TRIAL, 1),)),
}


@pytest.mark.parametrize("rule", sorted({rule for rules in GUARDS.values() for rule in rules}))
def test_every_guard_of_a_step_refuses_it_where_it_stands(rule: str) -> None:
    if rule == "trial.reason_required":
        guarded = [pair for pair, rules in GUARDS.items() if rule in rules]
        assert {steps(at(a), move(b, None)) for a, b in guarded} == {rule}
        return
    before, after, reason, facts = REFUSED[rule]
    assert rule in GUARDS[before, after]
    assert steps(at(before), move(after, reason), *facts) == rule


def test_only_steps_that_there_are_have_guards() -> None:
    assert all(after in TRANSITIONS[before] for before, after in GUARDS)


IN_FORCE = {str(PAPER): Term("marketing_authorisation", TODAY)}
DONE = {"1": Work("toxicology", TODAY), "2": Work("laboratory", TODAY)}


@pytest.mark.parametrize(
    "standing",
    [
        None,
        ProgrammeStanding(TRIAL, None, ("PHASE4",)),
        ProgrammeStanding(TRIAL, PROGRAMME, ("NA",), "preclinical"),
        ProgrammeStanding(TRIAL, PROGRAMME, ("PRECLINICAL",), "preclinical"),
        ProgrammeStanding(TRIAL, PROGRAMME, ("EARLY_PHASE1",), "preclinical", DONE),
        ProgrammeStanding(TRIAL, PROGRAMME, ("PHASE1",), "I", DONE),
        ProgrammeStanding(TRIAL, PROGRAMME, ("PHASE2", "PHASE1"), "I", DONE),
        ProgrammeStanding(TRIAL, PROGRAMME, ("PHASE2",), "III"),
        ProgrammeStanding(TRIAL, PROGRAMME, ("PHASE3",), "III"),
        ProgrammeStanding(TRIAL, PROGRAMME, ("PHASE4",), "IV", authorisations=IN_FORCE),
    ],
    ids=lambda s: "outside" if s is None else "-".join(s.phases),
)
def test_a_trial_starts_once_its_programme_has_come_as_far_as_its_phase(standing: Any) -> None:
    facts = (ACTIVE_SITE,) if standing is None else (ACTIVE_SITE, standing)
    assert steps(at("approved"), move("active"), *facts) == [("approved", "active", False)]


@pytest.mark.parametrize(
    "term",
    [
        Term("marketing_authorisation", NOW.date().replace(day=11)),
        Term("marketing_authorisation", NOW.date().replace(day=1), NOW.date()),
        Term("ind", NOW.date().replace(day=1)),
    ],
    ids=["tomorrow", "withdrawn today", "another kind"],
)
def test_an_authorisation_that_is_not_in_force_today_does_not_count(term: Term) -> None:
    standing = ProgrammeStanding(TRIAL, PROGRAMME, ("PHASE4",), "IV", authorisations={"1": term})
    assert steps(at("approved"), move("active"), ACTIVE_SITE, standing) == "phase.no_marketing_authorisation"


def test_no_rule_of_a_phase_counts_as_read_by_a_person() -> None:
    assert not any(need.verified for need in PHASES.values())


def test_who_enrols_by_invitation_is_said_when_it_begins_and_when_it_changes() -> None:
    (begins,) = decide(at("approved"), move("active", by_invitation=True), Facts(ACTIVE_SITE), NOW)  # type: ignore[misc]
    assert isinstance(begins, TrialStatusChanged)
    trial = evolve(at("approved"), begins)
    assert (begins.by_invitation, trial.by_invitation) == (True, True)
    assert decide(trial, move("active", by_invitation=True), Facts(), NOW) == []
    assert steps(trial, move("active")) == [("active", "active", False)]


def test_only_an_active_trial_enrols_by_invitation() -> None:
    with pytest.raises(ValidationError, match="by_invitation: only of an active trial"):
        move("closed_accrual", by_invitation=True)
