"""What quality makes of a deviation: assessed, marked, resolved, and what stands in the way."""

from typing import Any, get_args
from uuid import UUID

import pytest

from services.trials.commands.deviation import (
    AnnulDeviation,
    AssessDeviation,
    MarkSeriousBreach,
    ReportDeviation,
    ResolveDeviation,
)
from services.trials.commands.subject import EnrolSubject
from services.trials.projections.holds import DeviationRow
from services.trials.rules.deviation import GUARDS, TRANSITIONS
from shared.contracts.message import Refusal
from shared.contracts.trials.deviation import DeviationReported, DeviationStatus, SeriousBreachMarked
from tests.unit.trials.monitoring_world import DAY, LEAD, MONITOR, QUALITY, TODAY, Whole, running
from tests.unit.trials.test_capa_states import CAPA, IMPLEMENT, OPEN, PLAN, WORKS
from tests.unit.trials.trials_world import SITE, TRIAL

ENROL: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": UUID(int=522)}
STATES: tuple[DeviationStatus, ...] = get_args(DeviationStatus)
DEVIATION = UUID(int=521)
OF: dict[str, Any] = {"deviation_id": DEVIATION, "trial_id": TRIAL}
TOLD = ReportDeviation(**OF, site_id=SITE, category="consent", rules=("consent.outdated",), occurred_on=TODAY)
ASSESS = AssessDeviation(**OF, severity="major", important=True, assessed_on=TODAY)
BREACH = MarkSeriousBreach(**OF, aware_on=TODAY)
RESOLVE = ResolveDeviation(**OF, resolved_on=TODAY)
TO: dict[DeviationStatus, Any] = {"assessed": ASSESS, "resolved": RESOLVE}


def in_state(state: DeviationStatus) -> Whole:
    world = running()
    world.do(TOLD)
    for step in STATES[1 : STATES.index(state) + 1]:
        assert not isinstance(world.do(TO[step], QUALITY), Refusal)
    return world


def row(world: Whole) -> Any:
    return world.guard(DeviationRow, DEVIATION)


@pytest.mark.parametrize("after", ["assessed", "resolved"])
@pytest.mark.parametrize("before", STATES)
def test_a_deviation_takes_the_steps_of_its_table(before: DeviationStatus, after: DeviationStatus) -> None:
    """No command leads back to `open`: it is how a deviation begins."""
    if before == after:
        return
    world = in_state(before)
    other = {"severity": "critical"} if after == "assessed" else {}
    decision = world.do(TO[after].model_copy(update=other), QUALITY)
    if after in TRANSITIONS[before]:
        assert row(world).status == after
    else:
        assert (decision.rule, decision.state) == ("deviation.transition", before)


def test_what_was_said_is_not_said_again() -> None:
    world = in_state("assessed")
    world.do(BREACH, QUALITY)
    assert (world.do(ASSESS, QUALITY), world.do(BREACH, QUALITY)) == ([], [])
    world.do(RESOLVE, QUALITY)
    assert world.do(RESOLVE, QUALITY) == []


@pytest.mark.parametrize("trial", [TRIAL, UUID(int=77)])
def test_a_deviation_that_another_stream_told_is_known_by_its_id(trial: UUID) -> None:
    world = running()
    world.do(EnrolSubject(**ENROL, subject_code="S-1", enrolled_on=TODAY - 200 * DAY))
    (raised,) = world.events(DeviationReported)
    before = world.guard(DeviationRow, raised.deviation_id)
    again = {"deviation_id": raised.deviation_id, "trial_id": trial, "category": "x", "rules": ("y",)}
    assert world.do(ReportDeviation(**again, occurred_on=TODAY)) == []
    assert world.guard(DeviationRow, raised.deviation_id) == before


def test_the_last_assessment_holds() -> None:
    world = in_state("assessed")
    world.do(ASSESS.model_copy(update={"severity": "minor", "important": False}), QUALITY)
    assert (row(world).severity, row(world).important) == ("minor", False)


def test_a_serious_breach_is_told_to_regulatory_with_the_day_of_awareness_and_an_unverified_rule() -> None:
    assert in_state("assessed").do(BREACH, QUALITY) == [
        SeriousBreachMarked(
            deviation_id=DEVIATION,
            trial_id=TRIAL,
            site_id=SITE,
            aware_on=TODAY,
            citation="Regulation (EU) No 536/2014 art. 52",
            verified=False,
            marked_by="q-1",
        )
    ]


def test_a_breach_is_marked_once_it_is_assessed() -> None:
    assert in_state("open").do(BREACH, QUALITY).rule == "deviation.transition"


@pytest.mark.parametrize("command", [ASSESS, RESOLVE])
def test_an_annulled_deviation_is_neither_assessed_nor_resolved(command: Any) -> None:
    world = in_state("assessed" if command is RESOLVE else "open")
    world.do(AnnulDeviation(**OF, reason="another subject"))
    refused = command.model_copy(update={"severity": "minor"}) if command is ASSESS else command
    assert world.do(refused, QUALITY).rule == "deviation.annulled"


@pytest.mark.parametrize(
    ("before", "command", "field"),
    [("open", ASSESS, "assessed_on"), ("assessed", RESOLVE, "resolved_on"), ("assessed", BREACH, "aware_on")],
)
def test_a_day_is_neither_before_the_deviation_nor_in_the_future(
    before: DeviationStatus, command: Any, field: str
) -> None:
    for day, rule in ((TODAY - DAY, "deviation.before_cause"), (TODAY + 2 * DAY, "deviation.in_future")):
        refusal = in_state(before).do(command.model_copy(update={field: day}), QUALITY)
        assert (refusal.rule, refusal.field) == (rule, field)


def test_an_action_resolves_a_deviation_once_another_person_sees_that_it_works() -> None:
    world = in_state("assessed")
    world.do(OPEN.model_copy(update={"source_kind": "deviation", "sources": (DEVIATION,)}), QUALITY)
    world.do(PLAN, LEAD)
    world.do(IMPLEMENT, MONITOR)
    by_action = RESOLVE.model_copy(update={"capa_id": CAPA})
    assert world.do(by_action, QUALITY).rule == "deviation.capa_not_effective"
    world.do(WORKS, QUALITY)
    assert not isinstance(world.do(by_action, QUALITY), Refusal)
    assert (row(world).status, row(world).capa_id) == ("resolved", CAPA)


def test_an_unknown_action_resolves_nothing() -> None:
    refusal = in_state("assessed").do(RESOLVE.model_copy(update={"capa_id": CAPA}), QUALITY)
    assert (refusal.rule, refusal.field) == ("deviation.capa_not_effective", "capa_id")


def test_a_deviation_told_in_its_subjects_stream_is_assessed_all_the_same() -> None:
    world = running()
    subject: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": UUID(int=3)}
    world.do(EnrolSubject(**subject, subject_code="S-1", enrolled_on=TODAY - 200 * DAY))
    (told,) = world.events(DeviationReported)
    assessed = ASSESS.model_copy(update={"deviation_id": told.deviation_id})
    assert world.do(assessed, QUALITY)[0].site_id == SITE
    again = AnnulDeviation(deviation_id=told.deviation_id, trial_id=TRIAL, reason="the day was another")
    assert world.do(again)[0].site_id == SITE
    assert world.guard(DeviationRow, told.deviation_id).annulled


def test_a_deviation_that_its_subjects_stream_annulled_is_not_annulled_again() -> None:
    world = in_state("open")
    world.guards[DeviationRow, (DEVIATION,)] = DeviationRow(DEVIATION, TRIAL, annulled=True)
    assert world.do(AnnulDeviation(**OF, reason="another subject")) == []


@pytest.mark.parametrize("command", [ASSESS, BREACH, RESOLVE])
def test_nobody_assesses_what_nobody_told(command: Any) -> None:
    assert running().do(command, QUALITY).rule == "deviation.unknown"
    other = command.model_copy(update={"trial_id": UUID(int=77)})
    assert in_state("assessed").do(other, QUALITY).rule == "deviation.unknown"


def test_every_guard_stands_on_a_step_of_the_table() -> None:
    assert all(after in TRANSITIONS[before] for before, after in GUARDS)
