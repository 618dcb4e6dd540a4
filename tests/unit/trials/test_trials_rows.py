"""What the trial page shows: trials beside their registry, sites, subjects, holds and deviations."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.trials.commands.hold import ApplyHold, LiftHold
from services.trials.commands.subject import CorrectEnrolment, WithdrawSubject
from services.trials.commands.trial import ChangeTrialStatus, RecordAuthorisation, RegisterTrial
from services.trials.projections import guard_folds, holds, sites, subjects, trials
from services.trials.projections.guards import HoldView, SubjectGuard, TrialGuard, TrialSites
from services.trials.projections.holds import DeviationRow, HoldRow
from services.trials.projections.sites import SiteRow
from services.trials.projections.subjects import SubjectRow
from services.trials.projections.trials import TrialRow
from shared.contracts.message import Event, Identifier
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.hold import HoldAnnulled
from shared.contracts.trials.registry import RegistryChange, RegistryEntryChanged, RegistryFacts
from shared.contracts.trials.site import SiteReady
from shared.contracts.trials.subject import SubjectEnrolled
from shared.contracts.trials.trial import TrialStatusChanged
from tests.support.touched import touched
from tests.unit.trials.test_trials_chain import dose, enrol, randomise
from tests.unit.trials.test_trials_properties import folded
from tests.unit.trials.test_trials_registry import entry, plan, version
from tests.unit.trials.trials_records import placed
from tests.unit.trials.trials_world import NOW, SITE, SUBJECT, TRIAL, World, recorded

TODAY = NOW.date()
DAY = timedelta(days=1)
HOLD, DEVIATION = UUID(int=24), UUID(int=31)
ON_SITE: dict[str, Any] = {"hold_id": HOLD, "trial_id": TRIAL, "scope_kind": "site", "scope_id": SITE}
PAUSE = ApplyHold(**ON_SITE, source="sponsor_pause", effects=("enrol",), reason="no drug", cause=UUID(int=7))
RESUME = LiftHold(hold_id=HOLD, trial_id=TRIAL, source="sponsor_pause", evidence="drug came", until=TODAY)


def row(world: World, kind: type[Any], *key: UUID) -> Any:
    return folded(world.told)[kind, key]


def test_a_trial_of_the_registry_is_shown_with_the_registrys_words(world: World) -> None:
    world.do(version("2026-01-01"))
    shown = row(world, TrialRow, TRIAL)
    assert (shown.title, shown.basis, shown.status) == ("A title", "registry", "active")
    assert (shown.nct, shown.registry_status, shown.registry_updated) == (
        "NCT00000001",
        "RECRUITING",
        "2026-01-01",
    )


def test_a_newer_record_shows_the_new_status_and_why_it_stopped(world: World) -> None:
    world.do(version("2026-01-01"))
    world.do(version("2026-02-01", overallStatus="TERMINATED", whyStopped="No funds"))
    shown = row(world, TrialRow, TRIAL)
    assert (shown.status, shown.status_reason) == ("admin_completed", "No funds")
    assert (shown.registry_status, shown.why_stopped) == ("TERMINATED", "No funds")


def test_a_plan_keeps_its_own_title_whatever_the_registry_says_before_or_after(world: World) -> None:
    world.do(version("2026-01-01"))
    world.do(plan())
    world.do(version("2026-02-01", overallStatus="COMPLETED"))
    shown = row(world, TrialRow, TRIAL)
    assert (shown.title, shown.basis, shown.status) == ("The plan", "sponsor", "active")
    assert (shown.registry.title, shown.registry_status) == ("A title", "COMPLETED")


def test_a_trial_has_each_of_its_names_once(world: World) -> None:
    own = Identifier(system="protocol", value="P-1")
    world.do(RegisterTrial(trial_id=TRIAL, title="The plan", sponsor="A sponsor", identifiers=(own,)))
    assert row(world, TrialRow, TRIAL).nct is None
    world.do(version("2026-01-01"))
    assert row(world, TrialRow, TRIAL).identifiers == (own, Identifier(system="nct", value="NCT00000001"))


def test_a_trial_row_tells_from_which_day_each_country_lets_it_begin(world: World) -> None:
    world.do(plan())
    for country, day in (("US", TODAY), ("ES", TODAY + DAY)):
        world.do(
            RecordAuthorisation(
                trial_id=TRIAL, country=country, effective_on=day, authorisation=UUID(int=len(country))
            )
        )
    assert row(world, TrialRow, TRIAL).authorised == {"US": TODAY, "ES": TODAY + DAY}


def test_a_status_is_shown_with_its_own_reason_alone(world: World) -> None:
    world.do(plan())
    for status, reason in (("in_review", None), ("withdrawn", "no funds")):
        world.do(ChangeTrialStatus(trial_id=TRIAL, status=status, reason=reason))  # type: ignore[arg-type]
    shown = row(world, TrialRow, TRIAL)
    assert (shown.status, shown.status_reason) == ("withdrawn", "no funds")


def test_a_location_is_shown_as_the_registry_has_it_last(world: World) -> None:
    one = {"facility": "A hospital", "city": "A city", "status": "RECRUITING"}
    world.do(entry(placed(one)))
    world.do(entry(placed(one | {"status": "COMPLETED"})))
    world.do(entry(placed()))
    (shown,) = (found for (kind, _), found in folded(world.told).items() if kind is SiteRow)
    assert (shown.name, shown.basis) == ("A hospital", "registry")
    assert (shown.registry_status, shown.listed, shown.status) == ("COMPLETED", False, "identified")


def test_a_suspended_site_says_what_stops_it_until_it_goes_on(running: World) -> None:
    running.do(PAUSE)
    stopped = row(running, SiteRow, SITE)
    assert (stopped.status, stopped.stopped_holds) == ("suspended", (HOLD,))
    running.do(RESUME)
    resumed = row(running, SiteRow, SITE)
    assert (resumed.status, resumed.stopped_holds, resumed.activated_on) == ("activated", (), TODAY)


def test_a_site_that_enrolls_while_it_is_stopped_goes_on_as_enrolling(running: World) -> None:
    running.do(PAUSE)
    running.do(enrol(TODAY - DAY))
    assert row(running, SiteRow, SITE).status == "suspended"
    running.do(RESUME)
    assert row(running, SiteRow, SITE).status == "enrolling"


def test_a_subject_is_shown_by_its_latest_step_and_its_latest_dose(running: World) -> None:
    running.do(enrol())
    assert row(running, SubjectRow, SUBJECT).status == "on-study"
    running.do(randomise())
    for day in (TODAY + DAY, TODAY):
        running.do(dose().model_copy(update={"dose_on": day}))
    shown = row(running, SubjectRow, SUBJECT)
    assert (shown.status, shown.randomised_on) == ("on-study-intervention", TODAY)
    assert shown.last_dose_on == TODAY + DAY


@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        ((("intervention",),), "follow-up"),
        ((("intervention",), ("follow_up",)), "off-study"),
        ((("follow_up",), ("samples",)), "off-study"),
    ],
)
def test_who_leaves_the_intervention_is_followed_up_until_they_leave_that_too(
    running: World, scopes: Any, status: str
) -> None:
    running.do(enrol())
    for left in scopes:
        running.do(
            WithdrawSubject(trial_id=TRIAL, site_id=SITE, subject_id=SUBJECT, withdrawn_on=TODAY, scopes=left)
        )
    shown = row(running, SubjectRow, SUBJECT)
    assert shown.status == status
    assert shown.withdrawn_from == tuple(sorted({scope for left in scopes for scope in left}))


def test_a_corrected_enrolment_is_shown_as_it_was(running: World) -> None:
    running.do(enrol(TODAY - DAY))
    assert row(running, SubjectRow, SUBJECT).breaks == ("site.not_active",)
    running.do(
        CorrectEnrolment(
            trial_id=TRIAL,
            site_id=SITE,
            subject_id=SUBJECT,
            subject_code="S-002",
            enrolled_on=TODAY,
            corrects=UUID(int=6),
            reason="typing_error",
        )
    )
    shown = row(running, SubjectRow, SUBJECT)
    assert (shown.subject_code, shown.enrolled_on, shown.breaks) == ("S-002", TODAY, ())


def test_a_hold_is_open_until_its_own_end(running: World) -> None:
    running.do(PAUSE)
    shown = row(running, HoldRow, HOLD)
    assert (shown.status, shown.effects, shown.since, shown.until) == ("open", ("enrol",), TODAY, None)
    assert (shown.reason, shown.cause) == ("no drug", UUID(int=7))
    running.do(RESUME)
    shown = row(running, HoldRow, HOLD)
    assert (shown.status, shown.until, shown.evidence) == ("lifted", TODAY, "drug came")
    assert (shown.effects, shown.reason) == (("enrol",), "no drug")


def test_an_annulled_hold_stays_visible_with_the_error_it_rested_on(running: World) -> None:
    running.do(PAUSE)
    annulled = HoldAnnulled(**ON_SITE, source="sponsor_pause", reason="another trial")
    shown = folded([*running.told, recorded(annulled, HOLD, 2)])[HoldRow, (HOLD,)]
    assert (shown.status, shown.evidence, shown.source) == ("annulled", "another trial", "sponsor_pause")


def test_an_annulled_deviation_stays_visible_and_does_not_count() -> None:
    reported = DeviationReported(
        deviation_id=DEVIATION, trial_id=TRIAL, category="consent", rules=("consent",), occurred_on=TODAY
    )
    annulled = DeviationAnnulled(deviation_id=DEVIATION, trial_id=TRIAL, reason="another subject")
    shown = folded([recorded(reported, DEVIATION), recorded(annulled, DEVIATION, 2)])[
        DeviationRow, (DEVIATION,)
    ]
    assert (shown.category, shown.rules, shown.annulled) == ("consent", ("consent",), True)


def test_the_guard_of_a_subject_has_the_holds_on_that_subject_while_they_stand() -> None:
    on_subject = ON_SITE | {"scope_kind": "subject", "scope_id": SUBJECT}
    world = World()
    world.do(ApplyHold(**on_subject, source="dsmb", effects=("dose",)))
    assert world.guard(SubjectGuard, SUBJECT).holds == (
        HoldView(HOLD, "dsmb", ("dose",), TODAY, trial_id=TRIAL),
    )
    assert world.guard(TrialGuard, TRIAL) is None


def test_a_change_to_a_record_that_was_never_told_is_not_shown() -> None:
    change = RegistryEntryChanged(
        trial_id=TRIAL, registry="ctgov", changes=(RegistryChange(field="status", value="COMPLETED"),)
    )
    known = TrialRow(TRIAL, title="The plan", changed_at=NOW)
    assert trials.fold_trial(known, recorded(change, TRIAL), (TRIAL,)) == known


def test_a_record_that_names_another_sponsor_is_shown_with_it_until_the_sponsor_runs_the_trial() -> None:
    facts = RegistryFacts(
        status="RECRUITING", title="T", sponsor_name="The first", study_type="OBSERVATIONAL"
    )
    change = RegistryEntryChanged(
        trial_id=TRIAL, registry="ctgov", changes=(RegistryChange(field="sponsor_name", value="The second"),)
    )
    for basis, shown in (("registry", "The second"), ("sponsor", "The first")):
        known = TrialRow(TRIAL, sponsor_name="The first", basis=basis, registry=facts)
        assert trials.fold_trial(known, recorded(change, TRIAL), (TRIAL,)).sponsor_name == shown


READY = SiteReady(trial_id=TRIAL, site_id=SITE, gates=())
MOVED = TrialStatusChanged(trial_id=TRIAL, before="draft", after="in_review", basis="sponsor")
JOINED = SubjectEnrolled(
    trial_id=TRIAL, site_id=SITE, subject_id=SUBJECT, subject_code="S-001", enrolled_on=date(2026, 3, 10)
)


@pytest.mark.parametrize(
    ("known", "keys", "fold", "event"),
    [
        (
            TrialGuard(TRIAL, status="active"),
            guard_folds.trial_guard_keys,
            guard_folds.fold_trial_guard,
            READY,
        ),
        (SubjectGuard(SUBJECT), guard_folds.subject_guard_keys, guard_folds.fold_subject_guard, JOINED),
        (TrialSites(TRIAL, {SITE: "US"}), guard_folds.trial_sites_keys, guard_folds.fold_trial_sites, MOVED),
        (SiteRow(SITE, changed_at=NOW), sites.site_keys, sites.fold_site, JOINED),
        (
            SubjectRow(SUBJECT, status="on-study", changed_at=NOW),
            subjects.subject_keys,
            subjects.fold_subject,
            READY,
        ),
        (DeviationRow(DEVIATION, TRIAL), holds.deviation_keys, holds.fold_deviation, MOVED),
    ],
)
def test_an_event_about_something_else_is_not_shown(known: Any, keys: Any, fold: Any, event: Event) -> None:
    message = recorded(event, TRIAL)
    assert touched(keys, message) == ()
    assert fold(known, message, ()) == known
