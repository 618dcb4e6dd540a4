"""What registries have to be told of a trial that its sponsor runs, by when, and what meets it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.regulatory.commands import (
    RecordPrimaryCompletion,
    RecordRegistryUpdate,
    ReleaseRegistryDuties,
)
from services.regulatory.commands.registry import OweRegistry
from services.regulatory.domain.registry import RegistryRecord, decide
from services.regulatory.projections import KnownTrial, RegistryRow
from services.regulatory.reactions import react_to_own
from services.regulatory.registry_duties import arising, needs
from shared.contracts.message import Facts, Identifier, Refusal, Wake
from shared.contracts.regulatory import IrbApproved, RegistryDutyArisen, RegistryUpdated
from shared.contracts.trials.country import CountryMilestoneAchieved
from shared.contracts.trials.registry import (
    PartialDate,
    RegistryChange,
    RegistryEntryChanged,
    RegistryEntryRecorded,
    RegistryFacts,
    RegistrySitesRecorded,
)
from shared.contracts.trials.site import SiteActivated, SiteResumed, SiteSuspended
from shared.contracts.trials.site_steps import SiteClosed, SiteEnrolmentClosed, SiteTerminated
from shared.contracts.trials.subject import SubjectEnrolled, SubjectEnrolmentCorrected
from shared.contracts.trials.trial import TrialPlanRecorded, TrialRegistered, TrialStatus, TrialStatusChanged
from shared.rules.deadlines import DeadlineRow
from tests.unit.regulatory.flow import T0, Flow, recorded

TRIAL, SITE = (uuid5(UUID(int=0), name) for name in ("a trial", "a site"))
OWNER = UUID(int=5)
TODAY = T0.date()
REGISTERED = TrialRegistered(
    trial_id=TRIAL,
    title="A trial",
    sponsor_name="A sponsor",
    study_type="INTERVENTIONAL",
    basis="sponsor",
    status="draft",
    owner="cro",
    owner_id=OWNER,
)
FACTS = RegistryFacts(
    status="RECRUITING", title="A trial", sponsor_name="A sponsor", study_type="INTERVENTIONAL"
)


class World(Flow):
    """The service with trials' topic, and what it shows."""

    def due(self, *status: str) -> dict[str, date]:
        found = [row for row in self.table(DeadlineRow) if row.status in (status or ("armed",))]
        return {row.code: row.due_on for row in found}

    def all_due(self, code: str, status: str = "armed") -> list[date]:
        return sorted(r.due_on for r in self.table(DeadlineRow) if (r.code, r.status) == (code, status))


def moved(after: TrialStatus, before: TrialStatus = "approved", **fields: Any) -> TrialStatusChanged:
    told = {"basis": "sponsor"} | fields
    return TrialStatusChanged(trial_id=TRIAL, before=before, after=after, **told)


def activated(country: str = "US") -> SiteActivated:
    return SiteActivated(
        trial_id=TRIAL, site_id=SITE, gates=(), activated_on=TODAY, zone="UTC", country=country
    )


def enrolled(on: date = TODAY, n: int = 1) -> SubjectEnrolled:
    return SubjectEnrolled(
        trial_id=TRIAL, site_id=SITE, subject_id=UUID(int=100 + n), subject_code=f"S-{n}", enrolled_on=on
    )


def update(on: date = TODAY, **fields: Any) -> RecordRegistryUpdate:
    return RecordRegistryUpdate(trial_id=TRIAL, updated_on=on, **fields)


def day(text: str, kind: Any = None) -> PartialDate:
    return PartialDate(text=text, precision="day", kind=kind)


@pytest.fixture
def world() -> World:
    found = World()
    found.hear(REGISTERED)
    return found


STATUSES: list[tuple[TrialStatus, str | None]] = [
    ("in_review", "NOT_YET_RECRUITING"),
    ("approved", "NOT_YET_RECRUITING"),
    ("disapproved", None),
    ("active", "RECRUITING"),
    ("temp_closed_accrual", "SUSPENDED"),
    ("closed_accrual", "ACTIVE_NOT_RECRUITING"),
    ("completed", "COMPLETED"),
    ("admin_completed", "TERMINATED"),
    ("withdrawn", "WITHDRAWN"),
]


@pytest.mark.parametrize(("status", "word"), STATUSES)
def test_every_change_of_status_is_to_be_told_within_thirty_days(
    world: World, status: TrialStatus, word: str | None
) -> None:
    world.hear(moved(status, "draft"))
    (row,) = world.table(DeadlineRow)
    assert (row.code, row.due_on, row.status) == ("registry_status_30_day", date(2026, 4, 1), "armed")
    assert (row.citation, row.verified) == ("42 CFR 11.64(a)(1)(ii)", False)
    assert (row.owner, row.organisation_id, row.subject_id) == ("sponsor", None, TRIAL)
    assert [duty.status for duty in world.table(RegistryRow)[0].duties.values()] == [word]


def test_the_clock_counts_the_registry_s_local_days(world: World) -> None:
    world.hear(moved("active"), datetime(2026, 3, 3, 2, tzinfo=UTC))  # still 2 March in Bethesda
    assert world.due() == {"registry_status_30_day": date(2026, 4, 1)}


def test_who_enrols_by_invitation_is_told_as_such(world: World) -> None:
    world.hear(moved("active", by_invitation=True))
    assert [d.status for d in world.table(RegistryRow)[0].duties.values()] == ["ENROLLING_BY_INVITATION"]


@pytest.mark.parametrize(
    "event",
    [
        moved("active", basis="registry"),
        moved("closed_accrual", inferred=True),
        moved("archived", "completed"),
        RegistryEntryRecorded(trial_id=TRIAL, registry="ctgov", facts=FACTS, updated=day("2026-03-01")),
        RegistryEntryChanged(trial_id=TRIAL, registry="ctgov", changes=(), updated=day("2026-03-01")),
    ],
)
def test_what_the_registry_said_itself_or_nobody_stated_owes_nothing(world: World, event: Any) -> None:
    world.hear(event)
    assert world.table(DeadlineRow) == []


def test_ten_thousand_records_of_a_registry_arm_nothing_and_read_nothing() -> None:
    for n in range(10_000):
        trial_id = UUID(int=1_000 + n)
        known = REGISTERED.model_copy(update={"trial_id": trial_id, "basis": "registry"})
        entry = RegistryEntryRecorded(
            trial_id=trial_id,
            registry="ctgov",
            facts=FACTS.model_copy(update={"primary_completion": day("2026-01-01", "actual")}),
            updated=day("2026-03-01"),
        )
        change = TrialStatusChanged(trial_id=trial_id, before="active", after="completed", basis="registry")
        sites = RegistrySitesRecorded(trial_id=trial_id, registry="ctgov")
        for version, event in enumerate((known, entry, sites, change), 1):
            message = recorded(event, trial_id, version, "trials")
            assert needs(message) == ()
            assert arising(message, Facts()) == []


def test_a_site_of_a_trial_that_only_a_registry_knows_owes_nothing() -> None:
    world = World()
    world.hear(REGISTERED.model_copy(update={"basis": "registry"}))
    world.hear(activated())
    world.hear(enrolled())
    assert world.table(DeadlineRow) == []


def test_what_happens_in_a_trial_before_it_is_heard_of_is_owed_all_the_same() -> None:
    world = World()
    world.hear(activated())
    world.hear(enrolled())
    world.hear(REGISTERED)
    assert set(world.due()) == {"registry_site_status_30_day", "registry_registration_21_day"}


def test_each_change_of_a_site_s_status_is_to_be_told_once(world: World) -> None:
    ids: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE}
    world.hear(activated())
    for event in (
        SiteSuspended(**ids, holds=(UUID(int=1),)),
        SiteSuspended(**ids, holds=(UUID(int=2),)),
        SiteResumed(**ids, status="activated"),
    ):
        world.hear(event, T0 + timedelta(days=5))
    due = ("registry_site_status_30_day", "armed")
    assert world.all_due(*due) == [date(2026, 4, 1), date(2026, 4, 6), date(2026, 4, 6)]


ENDS: dict[str, Any] = {
    "visited_on": TODAY,
    "report_ref": "etmf:cov",
    "ip_reconciled_on": TODAY,
    "documents_filed_on": TODAY,
    "closed_on": TODAY,
}


def test_the_end_of_a_site_is_to_be_told_by_the_registry_s_word_for_it(world: World) -> None:
    ids: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE}
    world.hear(activated())
    world.hear(SiteEnrolmentClosed(**ids, closed_on=TODAY), T0 + timedelta(days=1))
    world.hear(SiteClosed(**ids, **ENDS), T0 + timedelta(days=2))
    terminated = SiteTerminated(**ids | {"site_id": OWNER}, reason="misconduct", terminated_on=TODAY)
    world.hear(terminated, T0 + timedelta(days=3))
    assert world.all_due("registry_site_status_30_day") == [date(2026, 4, day) for day in (1, 2, 3, 4)]
    told = world.events[update().stream_id]
    words = [(event.subject_id, event.status) for event in told if isinstance(event, RegistryDutyArisen)]
    assert words == [
        (SITE, "RECRUITING"),
        (SITE, "ACTIVE_NOT_RECRUITING"),
        (SITE, "COMPLETED"),
        (OWNER, "TERMINATED"),
    ]


def test_an_update_meets_every_change_of_status_until_its_day(world: World) -> None:
    world.hear(moved("active"))
    world.hear(activated())
    world.hear(moved("temp_closed_accrual", "active"), T0 + timedelta(days=9))
    world.hear(moved("active", "temp_closed_accrual"), T0 + timedelta(days=20))
    world.now = T0 + timedelta(days=15)
    world.run(update(TODAY + timedelta(days=10)))
    assert world.all_due("registry_status_30_day", "met") == [date(2026, 4, 1), date(2026, 4, 10)]
    assert world.all_due("registry_status_30_day") == [date(2026, 4, 21)]
    assert world.all_due("registry_site_status_30_day", "met") == [date(2026, 4, 1)]
    assert world.run(update(TODAY + timedelta(days=10))) == []


def test_a_second_update_of_a_day_meets_what_changed_since_the_first(world: World) -> None:
    world.hear(moved("in_review", "draft"))
    world.run(update())
    world.hear(moved("approved", "in_review"))
    world.run(update())
    assert world.all_due("registry_status_30_day", "met") == [date(2026, 4, 1), date(2026, 4, 1)]


def test_an_update_with_another_status_does_not_meet_the_change(world: World) -> None:
    world.hear(moved("active"))
    world.hear(activated())
    world.run(update(status="NOT_YET_RECRUITING"))
    assert set(world.due()) == {
        "registry_status_30_day",
        "registry_site_status_30_day",
        "registry_verification_12_month",
    }
    world.run(update(status="RECRUITING"))
    assert world.all_due("registry_status_30_day", "met") == [date(2026, 4, 1)]
    world.run(update(status="RECRUITING", sites=(SITE,)))
    world.run(update(sites=(SITE,)))
    assert world.all_due("registry_site_status_30_day", "met") == [date(2026, 4, 1)]


def test_an_update_that_is_told_late_is_late(world: World) -> None:
    world.hear(moved("active"))
    world.now = T0 + timedelta(days=60)
    world.run(update(date(2026, 4, 3)))
    (row,) = [row for row in world.table(DeadlineRow) if row.code == "registry_status_30_day"]
    assert (row.status, row.days_late) == ("met_late", 2)


def test_an_update_of_a_day_to_come_is_kept_and_meets_nothing(world: World) -> None:
    world.hear(moved("active"))
    decided = world.run(update(TODAY + timedelta(days=2)))
    assert [(e.breaks, e.meets) for e in decided if isinstance(e, RegistryUpdated)] == [  # type: ignore[union-attr]
        (("registry.in_future",), ())
    ]
    assert world.table(RegistryRow)[0].updated_on is None


def record(status: str, on: str = "2026-03-04", **fields: Any) -> RegistryEntryRecorded:
    facts = FACTS.model_copy(update={"status": status} | fields)
    return RegistryEntryRecorded(trial_id=TRIAL, registry="ctgov", facts=facts, updated=day(on), managed=True)


def test_the_registry_s_own_record_meets_the_status_that_it_shows(world: World) -> None:
    world.hear(moved("active"))
    world.hear(activated())
    world.hear(record("NOT_YET_RECRUITING"))
    assert world.all_due("registry_status_30_day") == [date(2026, 4, 1)]
    change = RegistryEntryChanged(
        trial_id=TRIAL,
        registry="ctgov",
        changes=(RegistryChange(field="status", value="RECRUITING"),),
        updated=day("2026-03-05"),
        managed=True,
        status="RECRUITING",
    )
    world.hear(change)
    assert world.all_due("registry_status_30_day", "met") == [date(2026, 4, 1)]
    assert world.all_due("registry_site_status_30_day") == [date(2026, 4, 1)]


def test_a_record_from_before_the_change_meets_nothing(world: World) -> None:
    world.hear(moved("active"))
    world.hear(record("RECRUITING", "2026-03-01"))
    assert world.all_due("registry_status_30_day") == [date(2026, 4, 1)]


@pytest.mark.parametrize("updated", [None, PartialDate(text="2026-03", precision="month")])
def test_a_record_without_an_exact_day_meets_nothing(world: World, updated: PartialDate | None) -> None:
    world.hear(moved("active"))
    world.hear(record("RECRUITING").model_copy(update={"updated": updated}))
    assert world.all_due("registry_status_30_day") == [date(2026, 4, 1)]


def corrected(to: date, former: date = TODAY, n: int = 1) -> SubjectEnrolmentCorrected:
    told = enrolled(to, n).model_dump()
    return SubjectEnrolmentCorrected(**told, corrects=UUID(int=7), former_on=former)


def test_a_first_enrolment_that_is_corrected_to_an_earlier_day_starts_the_registration_on_it(
    world: World,
) -> None:
    world.hear(enrolled())
    world.hear(corrected(TODAY - timedelta(days=5)))
    assert world.due() == {"registry_registration_21_day": date(2026, 3, 18)}
    world.hear(corrected(TODAY + timedelta(days=5), n=2))
    assert world.due() == {"registry_registration_21_day": date(2026, 3, 18)}


def test_a_primary_completion_told_there_and_back_is_due_by_the_day_told_last(world: World) -> None:
    first, second = TODAY - timedelta(days=9), TODAY
    for day_ in (first, second, first, second, first):
        world.run(RecordPrimaryCompletion(trial_id=TRIAL, completed_on=day_))
        assert world.run(RecordPrimaryCompletion(trial_id=TRIAL, completed_on=day_)) == []
        assert world.all_due("registry_results_1_year") == [day_.replace(year=2027)]
    assert len(world.all_due("registry_results_1_year", "superseded")) == 4


def test_the_first_enrolment_starts_the_registration_and_an_earlier_one_takes_its_place(world: World) -> None:
    world.hear(enrolled())
    world.hear(enrolled(n=2))
    world.hear(enrolled(TODAY + timedelta(days=1), n=3))
    assert world.due() == {"registry_registration_21_day": date(2026, 3, 23)}
    world.hear(enrolled(TODAY - timedelta(days=2), n=4))
    assert world.due() == {"registry_registration_21_day": date(2026, 3, 21)}
    assert world.due("superseded") == {"registry_registration_21_day": date(2026, 3, 23)}
    world.run(update(act="registration"))
    assert world.due("met") == {"registry_registration_21_day": date(2026, 3, 21)}
    world.hear(enrolled(TODAY - timedelta(days=5), n=5))
    assert "registry_registration_21_day" not in world.due()


@pytest.mark.parametrize("how", ["number", "record", "report", "registry first"])
def test_a_trial_that_the_registry_has_is_not_to_be_registered(how: str) -> None:
    world = World()
    if how == "registry first":
        world.hear(REGISTERED.model_copy(update={"basis": "registry"}))
        plan = REGISTERED.model_dump(exclude={"sponsor_name", "basis", "status"})
        world.hear(TrialPlanRecorded(**plan))
    else:
        number = (Identifier(system="nct", value="NCT00000001"),) if how == "number" else ()
        world.hear(REGISTERED.model_copy(update={"identifiers": number}))
    if how == "record":
        world.hear(record("RECRUITING"))
    if how == "report":
        world.run(update(act="registration"))
    world.hear(enrolled())
    assert "registry_registration_21_day" not in world.due()


def test_the_record_is_verified_every_year_until_the_registry_knows_the_end(world: World) -> None:
    world.run(update(act="registration"))
    assert world.due() == {"registry_verification_12_month": date(2027, 3, 2)}
    world.now = T0 + timedelta(days=100)
    world.run(update(TODAY + timedelta(days=90), act="verification"))
    assert world.all_due("registry_verification_12_month", "met") == [date(2027, 3, 2)]
    assert world.due() == {"registry_verification_12_month": date(2027, 5, 31)}
    world.run(update(TODAY + timedelta(days=10), act="verification"))
    assert world.due() == {"registry_verification_12_month": date(2027, 5, 31)}
    world.hear(moved("completed", "closed_accrual_intervention"), T0 + timedelta(days=95))
    world.run(update(TODAY + timedelta(days=96), status="COMPLETED"))
    assert world.due() == {}


def test_two_acts_of_one_day_leave_one_verification(world: World) -> None:
    world.run(update())
    world.run(update(act="verification"))
    assert world.due() == {"registry_verification_12_month": date(2027, 3, 2)}


def test_a_verification_tells_no_status(world: World) -> None:
    world.hear(moved("active"))
    world.run(update(act="verification"))
    assert "registry_status_30_day" in world.due()


def test_results_follow_the_primary_completion_by_a_year_and_another_day_supersedes(world: World) -> None:
    world.run(RecordPrimaryCompletion(trial_id=TRIAL, completed_on=TODAY))
    assert world.run(RecordPrimaryCompletion(trial_id=TRIAL, completed_on=TODAY)) == []
    assert world.due() == {"registry_results_1_year": date(2027, 3, 2)}
    world.hear(record("COMPLETED", primary_completion=day("2026-02-01", "actual")))
    assert world.due("superseded") == {"registry_results_1_year": date(2027, 3, 2)}
    assert world.due()["registry_results_1_year"] == date(2027, 2, 1)
    world.run(update(act="update"))
    assert world.due()["registry_results_1_year"] == date(2027, 2, 1)
    world.run(update(act="results"))
    assert world.due("met")["registry_results_1_year"] == date(2027, 2, 1)
    world.run(RecordPrimaryCompletion(trial_id=TRIAL, completed_on=TODAY - timedelta(days=3)))
    assert "registry_results_1_year" not in world.due()


@pytest.mark.parametrize(
    "completed",
    [day("2026-09-01", "estimated"), PartialDate(text="2026-02", precision="month", kind="actual"), None],
)
def test_an_expected_or_inexact_completion_starts_no_clock(world: World, completed: Any) -> None:
    value = completed.model_dump(mode="json") if completed else None
    world.hear(record("RECRUITING", primary_completion=completed))
    world.hear(
        RegistryEntryChanged(
            trial_id=TRIAL,
            registry="ctgov",
            changes=(RegistryChange(field="primary_completion", value=value),),
            updated=day("2026-03-05"),
            managed=True,
            status="RECRUITING",
        )
    )
    assert "registry_results_1_year" not in world.due()


@pytest.mark.parametrize("status", ["completed", "admin_completed"])
def test_a_trial_that_ran_in_the_union_owes_its_database_a_summary(world: World, status: TrialStatus) -> None:
    opened = CountryMilestoneAchieved(
        country_id=UUID(int=7),
        trial_id=TRIAL,
        country="NL",
        milestone="open",
        before="authorised",
        after="open",
        actual=TODAY,
    )
    world.hear(opened)
    world.hear(moved(status, "closed_accrual_intervention"))
    assert world.due()["eu_results_summary_1_year"] == date(2027, 3, 2)
    world.run(update(act="results_summary", registry="ctis"))
    assert world.due("met") == {"eu_results_summary_1_year": date(2027, 3, 2)}
    assert world.table(RegistryRow)[0].updated_on is None


def test_a_trial_that_ran_elsewhere_owes_no_summary(world: World) -> None:
    world.hear(activated("GB"))
    world.hear(moved("completed", "closed_accrual_intervention"))
    assert "eu_results_summary_1_year" not in world.due()


def amendment(kind: Any = "amendment", version: str = "2.0", n: int = 1) -> IrbApproved:
    return IrbApproved(
        review_id=UUID(int=30 + n),
        approval_id=UUID(int=40 + n),
        trial_id=TRIAL,
        site_ids=(SITE,),
        kind=kind,
        protocol_version=version,
        effective_on=TODAY,
        expires_on=TODAY + timedelta(days=300),
        zone="UTC",
    )


def approve(world: World, event: IrbApproved) -> None:
    for command in react_to_own(recorded(event, event.review_id, 1, "regulatory"), Facts()):
        world.run(command)


def test_an_amendment_starts_its_clock_at_its_first_board_and_a_person_may_release_it(world: World) -> None:
    approve(world, amendment("initial", "1.0"))
    assert world.due() == {}
    approve(world, amendment())
    approve(world, amendment(n=2))
    assert world.all_due("registry_protocol_change_30_day") == [date(2026, 4, 1)]
    (duty,) = [e for e in world.events[update().stream_id] if isinstance(e, RegistryDutyArisen)]
    world.run(ReleaseRegistryDuties(trial_id=TRIAL, duties=(duty.duty_id,), reason="not_told_to_subjects"))
    assert world.due("cancelled") == {"registry_protocol_change_30_day": date(2026, 4, 1)}
    approve(world, amendment(version="3.0", n=3))
    world.run(update())
    assert world.due("met") == {"registry_protocol_change_30_day": date(2026, 4, 1)}


def test_a_trial_that_is_no_applicable_one_owes_the_american_registry_nothing_more(world: World) -> None:
    world.hear(moved("active"))
    release = ReleaseRegistryDuties(trial_id=TRIAL, reason="not_an_applicable_trial")
    world.run(release)
    assert world.run(release) == []
    world.hear(moved("closed_accrual", "active"))
    world.hear(enrolled())
    assert (world.due(), world.due("cancelled")) == (
        {},
        {"registry_status_30_day": date(2026, 4, 1)},
    )
    assert world.table(RegistryRow)[0].exempt


def test_a_duty_that_never_arose_is_not_released(world: World) -> None:
    release = ReleaseRegistryDuties(trial_id=TRIAL, duties=(UUID(int=1),), reason="recorded_in_error")
    assert world.run(release) == Refusal(
        "registry.duty_unknown", f"no such duty: {UUID(int=1)}", None, "duties"
    )


def test_a_release_names_its_duties() -> None:
    with pytest.raises(ValidationError, match="duties: named"):
        ReleaseRegistryDuties(trial_id=TRIAL, reason="recorded_in_error")


@pytest.mark.parametrize("fields", [{"registry": "ctis"}, {"act": "results_summary"}])
def test_each_act_goes_to_its_registry(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="act: a summary of results goes to ctis"):
        update(**fields)


def test_time_alone_owes_nothing() -> None:
    assert decide(RegistryRecord(), Wake(stream=update().stream_id), Facts(), T0) == []


def test_a_duty_of_the_trial_s_site_stands_on_the_trial_s_stream() -> None:
    owed = OweRegistry(
        trial_id=TRIAL, code="registry_site_status_30_day", anchor_on=TODAY, anchor_event=SITE, site_id=SITE
    )
    assert (owed.at_site(), owed.stream_id) == (None, update().stream_id)


def test_the_same_event_owes_the_same_duty_once(world: World) -> None:
    message = world.hear(moved("active"))
    world.deliver(message)
    assert world.all_due("registry_status_30_day") == [date(2026, 4, 1)]


HAPPENS: list[Any] = [
    REGISTERED,
    moved("in_review", "draft"),
    moved("active"),
    activated("NL"),
    enrolled(),
    enrolled(TODAY - timedelta(days=3), n=2),
]


@settings(max_examples=50, deadline=None)
@given(st.permutations(HAPPENS))
def test_what_is_known_of_a_trial_does_not_depend_on_the_order_of_its_streams(order: list[Any]) -> None:
    world = World()
    for event in order:
        world.hear(event)
    assert world.table(KnownTrial) == [
        KnownTrial(
            TRIAL,
            "cro",
            "A trial",
            OWNER,
            managed=True,
            listed=False,
            first_enrolled_on=TODAY - timedelta(days=3),
            countries=("NL",),
        )
    ]


@pytest.mark.parametrize(("days", "left"), [(29, True), (31, False)])
def test_of_what_was_taken_over_only_what_is_not_due_yet_is_owed(world: World, days: int, left: bool) -> None:
    since = T0.date() - timedelta(days=days)
    world.hear(moved("active", changed_on=since, adopted_from="cut-over/7"))
    world.hear(activated().model_copy(update={"activated_on": since, "adopted_from": "cut-over/7"}))
    world.hear(enrolled(T0.date() - timedelta(days=200)).model_copy(update={"adopted_from": "cut-over/7"}))
    due = since + timedelta(days=30)
    owed = {"registry_status_30_day": due, "registry_site_status_30_day": due}
    assert world.due("armed", "at_risk", "missed") == (owed if left else {})


@pytest.mark.parametrize(("days", "left"), [(29, True), (31, False)])
def test_a_site_that_was_closed_before_it_was_taken_over_owes_only_what_is_not_due_yet(
    world: World, days: int, left: bool
) -> None:
    since, told = T0.date() - timedelta(days=days), {"trial_id": TRIAL, "site_id": SITE}
    world.hear(SiteEnrolmentClosed.model_validate(told | {"closed_on": since, "adopted_from": "cut-over/7"}))
    closed = dict.fromkeys(("visited_on", "ip_reconciled_on", "documents_filed_on", "closed_on"), since)
    word = {"report_ref": "report/1", "adopted_from": "cut-over/7"}
    world.hear(SiteClosed.model_validate(told | closed | word))
    assert world.all_due("registry_site_status_30_day") == ([since + timedelta(days=30)] * 2 if left else [])
    assert not world.due("missed")
