"""Two trials in one service: nothing that names one of them reaches a site or a subject of the other."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.trials.commands.hold import ApplyHold, LiftHold
from services.trials.commands.protocol import DraftProtocolVersion, ReportUrgentChange
from services.trials.commands.site import RecordGateEvidence, ReviewSite
from services.trials.commands.trial import RegisterTrial
from services.trials.domain.permissions import ALLOWED, permissions
from services.trials.projections.guards import HoldView, SiteGuard, SubjectGuard, TrialGuard
from services.trials.projections.kri_folds import fold_counters
from services.trials.projections.kri_guards import SiteCounters
from services.trials.projections.protocol_guards import SiteProtocol
from shared.contracts.message import Actor, Command, Refusal
from shared.contracts.safety import AdverseEventReceived
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.hold import HoldApplied
from shared.contracts.trials.protocol import ProtocolVersionEffective, UrgentChangeMade
from shared.contracts.trials.site import SiteActivated
from shared.contracts.trials.subject import SubjectEnrolled
from tests.unit.trials.test_trials_chain import TODAY, approved, enrol, evidence, gates_open, selected
from tests.unit.trials.trials_world import PERSON, REACTION, SITE, SUBJECT, TRIAL, World, recorded

OTHER, HOLD = UUID(int=777), UUID(int=24)


@pytest.fixture
def two(running: World) -> World:
    """A subject at the running site, and another trial that has no site."""
    running.do(enrol())
    running.do(RegisterTrial(trial_id=OTHER, title="Another", sponsor="Another sponsor"))
    return running


def pause(kind: Any, on: UUID, trial: UUID = OTHER) -> ApplyHold:
    return ApplyHold(hold_id=HOLD, trial_id=trial, source="sponsor_pause", scope_kind=kind, scope_id=on)


def rule(decided: Any) -> str | None:
    return decided.rule if isinstance(decided, Refusal) else None


@pytest.mark.parametrize("by", [PERSON, REACTION])
@pytest.mark.parametrize(("kind", "on"), [("site", SITE), ("subject", SUBJECT)])
def test_a_hold_is_not_applied_to_what_is_of_another_trial(
    two: World, kind: Any, on: UUID, by: Actor
) -> None:
    assert rule(two.do(pause(kind, on), by)) == "hold.other_trial"
    assert rule(two.do(pause(kind, on, TRIAL), by)) is None


def test_a_hold_that_came_before_its_site_was_known_as_another_trial_s_stops_nothing(world: World) -> None:
    world.do(RegisterTrial(trial_id=OTHER, title="Another", sponsor="Another sponsor"))
    world.do(pause("site", SITE))
    gates_open(world)
    assert [hold.trial_id for hold in world.guard(SiteGuard, SITE).holds] == [OTHER]
    assert permissions(world.guard(TrialGuard, TRIAL), world.guard(SiteGuard, SITE)) == ALLOWED
    assert world.site().status == "ready"
    world.do(LiftHold(hold_id=HOLD, trial_id=OTHER, source="sponsor_pause", evidence="a letter"))
    assert world.site().permitted.permissions == ALLOWED


def test_a_hold_of_another_trial_in_the_row_of_a_subject_stops_nothing() -> None:
    foreign = HoldView(HOLD, "dsmb", ("dose",), TODAY, trial_id=OTHER)
    subject = SubjectGuard(SUBJECT, holds=(foreign,))
    assert permissions(TrialGuard(TRIAL), None, subject)["dose"] == ()
    assert permissions(TrialGuard(OTHER), None, subject)["dose"] == (HOLD,)


def test_an_urgent_change_reaches_the_sites_of_its_own_trial_alone(two: World) -> None:
    for trial in (TRIAL, OTHER):
        two.do(DraftProtocolVersion(trial_id=trial, version="1.0", dated_on=TODAY - timedelta(days=9)))
        two.do(
            ReportUrgentChange(
                trial_id=trial,
                version="1.0",
                site_ids=(SITE,),
                country="US",
                zone="America/New_York",
                implemented_on=TODAY,
                reason="hazard",
            )
        )
    ours, theirs = two.events(UrgentChangeMade)
    assert (ours.breaks, theirs.breaks) == ((), ("protocol.site_not_chosen",))
    assert [one.trial_id for one in two.events(ProtocolVersionEffective)] == [TRIAL]
    assert two.guard(SiteProtocol, SITE).trial_id == TRIAL
    assert [d.rules for d in two.events(DeviationReported) if d.trial_id == OTHER] == [theirs.breaks]


def test_an_enrolment_at_a_site_of_another_trial_is_kept_marked_and_not_counted_there(two: World) -> None:
    before = two.guard(SiteGuard, SITE).enrolled
    second = enrol(subject=UUID(int=51), code="S-002").model_copy(update={"trial_id": OTHER})
    two.do(second)
    told = two.events(SubjectEnrolled)[-1]
    assert told.breaks == ("trial.not_active", "site.not_active", "site.other_trial")
    assert two.guard(SiteGuard, SITE).enrolled == before


@pytest.mark.parametrize(
    "command",
    [evidence("training", 60), ReviewSite(trial_id=TRIAL, site_id=SITE)],
    ids=["evidence", "review"],
)
@pytest.mark.parametrize("by", [PERSON, REACTION])
def test_what_another_trial_says_of_a_site_changes_nothing_of_it(
    two: World, command: Command, by: Actor
) -> None:
    before = two.site()
    assert rule(two.do(command.model_copy(update={"trial_id": OTHER}), by)) == "site.other_trial"
    assert two.site() == before


def test_a_board_of_another_trial_opens_no_gate(world: World) -> None:
    selected(world)
    world.do(RegisterTrial(trial_id=OTHER, title="Another", sponsor="Another sponsor"))
    world.hear(approved().model_copy(update={"trial_id": OTHER}), UUID(int=21))
    assert "irb_current" not in world.site().gates.open
    world.hear(approved(), UUID(int=21))
    assert "irb_current" in world.site().gates.open


def test_what_a_board_says_before_the_site_is_known_still_counts(world: World) -> None:
    world.do(RecordGateEvidence(trial_id=TRIAL, site_id=SITE, gate="lab_cert", valid_from=TODAY), REACTION)
    selected(world)
    assert "lab_cert" in world.site().gates.open


def test_a_hold_of_a_reaction_may_come_before_its_site_is_known(world: World) -> None:
    assert rule(world.do(pause("site", SITE, TRIAL), REACTION)) is None
    assert [type(event) for event in world.events(HoldApplied)] == [HoldApplied]


def test_what_is_told_of_a_site_in_another_trial_s_name_is_counted_for_neither() -> None:
    """Another service knows no sites: whoever reports to it may name any."""
    about: dict[str, Any] = {"site_id": SITE, "subject_id": SUBJECT, "received_on": TODAY}
    events = [
        AdverseEventReceived.model_validate(about | {"case_id": HOLD, "trial_id": trial, "zone": "UTC"})
        for trial in (OTHER, TRIAL)
    ]
    where: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "zone": "UTC", "country": "US"}
    activated = SiteActivated(**where, gates=(), activated_on=TODAY)
    for order in ([activated, *events], [events[0], activated, events[1]]):
        row: SiteCounters | None = None
        for event in order:
            row = fold_counters(row, recorded(event, SITE), (SITE,))
        assert row is not None
        assert (row.trial_id, row.adverse_events, row.activated_on) == (TRIAL, 1, TODAY)
