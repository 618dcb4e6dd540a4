"""What registry records do to a trial: first, again, newer, older, and beside a sponsor's own plan."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trials.commands.hold import LiftHold
from services.trials.commands.site import SelectSite
from services.trials.commands.trial import ChangeTrialStatus, RecordRegistryEntry, RegisterTrial
from services.trials.domain import registry
from services.trials.domain.lifecycle import path
from services.trials.imports.ctgov import entries
from services.trials.projections.guards import TrialGuard
from services.trials.rules.lifecycle import TRANSITIONS
from shared.contracts.message import Identifier, Refusal
from shared.contracts.trials.hold import HoldApplied, HoldLifted
from shared.contracts.trials.registry import (
    RegistryEntryChanged,
    RegistryEntryRecorded,
    RegistrySitesRecorded,
)
from shared.contracts.trials.site import SiteIdentified, SiteRegistryStatusChanged
from shared.contracts.trials.trial import TrialPlanRecorded, TrialRegistered, TrialStatus, TrialStatusChanged
from tests.unit.trials.trials_records import DATA, chunks, needs_data, placed, study
from tests.unit.trials.trials_world import TRIAL, World


def entry(record: dict[str, Any]) -> RecordRegistryEntry:
    found = next(entries([json.dumps(record).encode()]))
    assert isinstance(found, RecordRegistryEntry)
    return found.bound_to(TRIAL)


def version(day: str, **status: Any) -> RecordRegistryEntry:
    return entry(study(lastUpdateSubmitDate=day, **status))


def test_a_first_record_registers_the_trial_on_the_registrys_word(world: World) -> None:
    world.do(version("2026-01-01"))
    registered = world.events(TrialRegistered)[0]
    assert (registered.basis, registered.status) == ("registry", "active")
    assert registered.identifiers[0] == Identifier(system="nct", value="NCT00000001")


def test_the_same_record_again_changes_nothing(world: World) -> None:
    world.do(version("2026-01-01"))
    assert world.do(version("2026-01-01")) == []


@needs_data
def test_importing_every_real_record_twice_changes_nothing_the_second_time() -> None:
    world = World()
    records = [
        r for r in entries(chunks(DATA / "v2" / "studies.ndjson")) if isinstance(r, RecordRegistryEntry)
    ]
    for n, record in enumerate(records):
        world.do(record.bound_to(UUID(int=1000 + n)))
    assert len(world.events(TrialRegistered)) == 302
    assert len(world.events(SiteIdentified)) == 2883
    assert [world.decide(r.bound_to(UUID(int=1000 + n))) for n, r in enumerate(records)] == [[]] * 302


def test_a_newer_record_appends_only_what_changed(world: World) -> None:
    world.do(version("2026-01-01"))
    events = world.do(version("2026-02-01", whyStopped="none"))
    assert [type(event) for event in events] == [RegistryEntryChanged]  # type: ignore[union-attr]
    changes = world.events(RegistryEntryChanged)[0].changes
    assert [(change.field, change.value) for change in changes] == [("why_stopped", "none")]
    assert world.do(version("2026-02-01", whyStopped="none")) == []


def test_an_older_record_changes_nothing(world: World) -> None:
    world.do(version("2026-02-01"))
    assert world.do(version("2026-01-01", overallStatus="COMPLETED")) == []


def test_a_jump_tells_the_statuses_in_between(world: World) -> None:
    world.do(version("2026-01-01"))
    world.do(version("2026-02-01", overallStatus="COMPLETED"))
    moves = [(event.after, event.inferred) for event in world.events(TrialStatusChanged)]
    assert moves == [
        ("closed_accrual", True),
        ("closed_accrual_intervention", True),
        ("completed", False),
    ]


def test_a_registry_may_say_what_no_lifecycle_allows(world: World) -> None:
    world.do(version("2026-01-01", overallStatus="COMPLETED"))
    world.do(version("2026-02-01", overallStatus="RECRUITING"))
    assert [event.after for event in world.events(TrialStatusChanged)] == ["active"]


def test_suspended_is_active_under_a_hold_of_the_sponsor(world: World) -> None:
    world.do(version("2026-01-01", overallStatus="SUSPENDED", whyStopped="Funding"))
    assert world.events(TrialRegistered)[0].status == "active"
    hold = world.events(HoldApplied)[0]
    assert (hold.source, hold.reason, str(hold.since)) == ("sponsor_pause", "Funding", "2026-01-01")
    world.do(version("2026-01-15", overallStatus="SUSPENDED", whyStopped="Funding"))
    assert len(world.events(HoldApplied)) == 1
    world.do(version("2026-02-01"))
    assert [event.hold_id for event in world.events(HoldLifted)] == [hold.hold_id]
    world.do(version("2026-03-01", overallStatus="SUSPENDED"))
    assert len({event.hold_id for event in world.events(HoldApplied)}) == 2
    assert [hold.open for hold in world.guard(TrialGuard, TRIAL).holds].count(True) == 1


def test_sites_are_identified_and_only_changed_ones_told_again(world: World) -> None:
    one = {"facility": "A hospital", "city": "A city", "status": "RECRUITING"}
    two = {"facility": "B hospital", "city": "B city"}
    world.do(entry(placed(one, two)))
    assert len(world.events(SiteIdentified)) == 2
    world.do(entry(placed(one | {"status": "COMPLETED"}, two)))
    changed = world.events(SiteRegistryStatusChanged)
    assert [(event.registry_status, event.listed) for event in changed] == [("COMPLETED", True)]
    world.do(entry(placed(two)))
    assert world.events(SiteRegistryStatusChanged)[-1].listed is False
    assert len(world.events(SiteIdentified)) == 2


@pytest.mark.parametrize("facility", ["H" * 300, "H" * 1_500, "試" * 1_500, "H"])
def test_however_many_locations_and_long_their_names_an_event_takes_them(world: World, facility: str) -> None:
    places = [{"facility": facility, "city": f"City {n}"} for n in range(1_100)]
    events = world.decide(entry(placed(*places)))
    assert not isinstance(events, Refusal)
    told = [event for event in events if isinstance(event, RegistrySitesRecorded)]
    assert sum(len(event.sites) for event in told) == 1_100
    assert max(len(event.model_dump_json().encode()) for event in events) < 256 * 1024


def plan() -> RegisterTrial:
    identifiers = (Identifier(system="nct", value="NCT00000001"),)
    return RegisterTrial(trial_id=TRIAL, title="The plan", sponsor="A sponsor", identifiers=identifiers)


def test_a_plan_after_the_registry_takes_the_lifecycle_over(world: World) -> None:
    world.do(version("2026-01-01"))
    world.do(plan())
    assert len(world.events(TrialPlanRecorded)) == 1
    assert world.do(plan()) == []
    world.do(version("2026-02-01", overallStatus="COMPLETED"))
    assert not world.events(TrialStatusChanged)


def test_the_registry_after_a_plan_moves_nothing(world: World) -> None:
    world.do(plan())
    world.do(version("2026-01-01"))
    assert len(world.events(TrialRegistered)) == len(world.events(RegistryEntryRecorded)) == 1


def test_the_registrys_suspended_holds_no_trial_that_its_sponsor_runs(world: World) -> None:
    world.do(plan())
    world.do(version("2026-01-01", overallStatus="SUSPENDED"))
    world.do(version("2026-02-01"))
    world.do(version("2026-03-01", overallStatus="SUSPENDED"))
    assert (world.events(HoldApplied), world.guard(TrialGuard, TRIAL).holds) == ([], ())


def test_a_pause_from_before_the_plan_ends_with_the_registrys_next_word(world: World) -> None:
    world.do(version("2026-01-01", overallStatus="SUSPENDED"))
    world.do(plan())
    world.do(version("2026-02-01"))
    assert [hold.open for hold in world.guard(TrialGuard, TRIAL).holds] == [False]


def test_what_is_older_than_a_newer_record_of_the_same_facts_is_not_believed(world: World) -> None:
    world.do(version("2026-01-01"))
    (same,) = world.do(version("2026-03-01"))  # type: ignore[misc]
    assert (same.changes, same.updated.text) == ((), "2026-03-01")  # type: ignore[union-attr]
    assert world.do(version("2026-03-01")) == []
    assert world.do(version("2026-02-01", overallStatus="COMPLETED")) == []
    assert world.states[TRIAL][1].status == "active"


@pytest.mark.parametrize(
    ("status", "rule"),
    [
        ("completed", "trial.transition"),
        ("active", "trial.transition"),
        ("withdrawn", "trial.reason_required"),
    ],
)
def test_a_step_that_is_not_allowed_is_refused(world: World, status: TrialStatus, rule: str) -> None:
    world.do(plan())
    refusal = world.do(ChangeTrialStatus(trial_id=TRIAL, status=status))
    assert isinstance(refusal, Refusal)
    assert refusal.rule == rule


def test_an_approved_trial_needs_an_active_site_to_become_active(world: World) -> None:
    world.do(version("2026-01-01", overallStatus="NOT_YET_RECRUITING"))
    refusal = world.do(ChangeTrialStatus(trial_id=TRIAL, status="active"))
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "trial.no_active_site"


def test_a_finished_trial_selects_no_site(world: World) -> None:
    record = placed({"facility": "A hospital"})
    record["protocolSection"]["statusModule"]["overallStatus"] = "COMPLETED"
    world.do(entry(record))
    site_id = world.events(SiteIdentified)[0].site_id
    refusal = world.do(SelectSite(trial_id=TRIAL, site_id=site_id, zone="UTC", country="US"))
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "trial.finished"


def test_a_hold_of_the_registry_is_not_lifted_in_anothers_name(world: World) -> None:
    world.do(version("2026-01-01", overallStatus="SUSPENDED"))
    hold_id = world.events(HoldApplied)[0].hold_id
    refusal = world.do(LiftHold(hold_id=hold_id, trial_id=TRIAL, source="dsmb", evidence="a letter"))
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "hold.other_source"


@given(st.sampled_from(sorted(TRANSITIONS)), st.sampled_from(sorted(TRANSITIONS)))
def test_every_step_of_a_way_is_one_that_the_lifecycle_allows(a: TrialStatus, b: TrialStatus) -> None:
    way = path(a, b)
    for before, after in zip((a, *way), way, strict=False):
        assert after in TRANSITIONS[before]


def test_changes_rebuild_the_facts_they_came_from() -> None:
    before, after = version("2026-01-01").facts, version("2026-02-01", overallStatus="COMPLETED").facts
    world = World()
    world.do(version("2026-01-01"))
    world.do(version("2026-02-01", overallStatus="COMPLETED"))
    changes = world.events(RegistryEntryChanged)[0].changes
    assert registry.apply_changes(before, changes) == after


def test_a_plan_names_the_organisation_to_which_the_safety_obligations_were_transferred(world: World) -> None:
    organisation = UUID(int=41)
    transferred = plan().model_copy(update={"owner": "cro", "owner_id": organisation})
    world.do(version("2026-01-01"))
    world.do(transferred)
    (planned,) = world.events(TrialPlanRecorded)
    assert (planned.owner, planned.owner_id) == ("cro", organisation)
    assert world.do(transferred) == []
