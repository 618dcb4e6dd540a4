"""Takeover in mid-life: true dates, no gate of today in the way, and nothing judged again."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.trials.commands.adoption import AdoptSite, AdoptSubject, AdoptTrial
from services.trials.commands.programme import (
    AdoptProgramme,
    BeginProgramme,
    RecordProgrammeAuthorisation,
)
from services.trials.commands.site import IdentifySite, RecordRegistrySite, ReviewSite
from services.trials.commands.subject import DoseSubject, EnrolSubject
from services.trials.commands.subject_steps import ChangeSubjectStatus
from services.trials.commands.trial import ChangeTrialStatus, RecordRegistryEntry, RegisterTrial
from services.trials.projections.cycle_times import CycleTimes
from services.trials.projections.guards import SiteGuard, TrialCount, TrialGuard
from services.trials.projections.programme_guards import ProgrammeStanding
from services.trials.projections.programmes import ProgrammeRow
from services.trials.projections.sites import SiteRow
from services.trials.projections.trials import TrialRow
from services.trials.rules.gates import GATES
from shared.contracts.message import Identifier, Refusal
from shared.contracts.regulatory import IrbApprovalActivated
from shared.contracts.trials.budget import PaymentMilestoneUnpriced
from shared.contracts.trials.consent import SubjectConsented
from shared.contracts.trials.deviation import DeviationReported
from shared.contracts.trials.hold import HoldApplied, PermissionsChanged
from shared.contracts.trials.programme import ProgrammeAuthorisationRecorded, ProgrammePhaseChanged
from shared.contracts.trials.protocol import ProtocolVersionApproved
from shared.contracts.trials.registry import RegistryFacts, RegistrySite
from shared.contracts.trials.site import (
    GateEvidenceRecorded,
    SiteActivated,
    SiteIdentified,
    SiteSelected,
    SiteSuspended,
)
from shared.contracts.trials.site_steps import SiteClosed
from shared.contracts.trials.subject import SubjectEnrolled, SubjectRandomised, SubjectStatusChanged
from shared.contracts.trials.trial import (
    TrialAuthorised,
    TrialPlanRecorded,
    TrialRegistered,
    TrialStatusChanged,
)
from tests.unit.trials.trials_world import NOW, SITE, SUBJECT, TRIAL, World, selected

RECORD = "cut-over/7"
ZONE = "America/New_York"


def trial(**more: Any) -> AdoptTrial:
    fields: dict[str, Any] = {
        "trial_id": TRIAL,
        "title": "A trial",
        "sponsor": "A sponsor",
        "status": "closed_accrual",
        "status_since": date(2025, 9, 1),
        "authorised": ({"country": "US", "effective_on": date(2024, 1, 5)},),
        "document_ref": RECORD,
    }
    return AdoptTrial.model_validate(fields | more)


def proof(valid_to: date | None = None, gates: tuple[str, ...] = GATES) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"gate": gate, "evidence_id": UUID(int=100 + n), "valid_from": date(2024, 2, 1), "valid_to": valid_to}
        for n, gate in enumerate(gates)
    )


def site(status: str = "enrolling", **more: Any) -> AdoptSite:
    fields: dict[str, Any] = {
        "trial_id": TRIAL,
        "site_id": SITE,
        "name": "A hospital",
        "country": "US",
        "zone": ZONE,
        "status": status,
        "selected_on": date(2024, 1, 10),
        "activated_on": date(2024, 3, 1),
        "evidence": proof(),
        "document_ref": RECORD,
    }
    return AdoptSite.model_validate(fields | more)


CLOSED: dict[str, Any] = {
    "enrolment_closed_on": date(2025, 5, 1),
    "closing_on": date(2025, 6, 1),
    "close_out_visit_on": date(2025, 6, 20),
    "close_out_report": "report/1",
    "product_reconciled_on": date(2025, 6, 21),
    "documents_filed_on": date(2025, 7, 1),
    "closed_on": date(2025, 7, 2),
}


CONSENT: dict[str, Any] = {
    "consent_version": "1",
    "consent_language": "en",
    "consented_on": date(2024, 4, 20),
}


def subject(status: str = "on-study-intervention", **more: Any) -> AdoptSubject:
    fields: dict[str, Any] = {
        "trial_id": TRIAL,
        "site_id": SITE,
        "subject_id": SUBJECT,
        "subject_code": "S-001",
        "status": status,
        "status_since": date(2024, 5, 2),
        "enrolled_on": date(2024, 5, 1),
        "randomised_on": date(2024, 5, 2),
        "document_ref": RECORD,
    }
    return AdoptSubject.model_validate(fields | more)


def taken(status: str = "enrolling", **more: Any) -> World:
    world = World()
    world.do(trial())
    world.do(site(status, **more))
    return world


def refusal(decision: Any) -> tuple[str, str | None]:
    assert isinstance(decision, Refusal), decision
    return decision.rule, decision.field


def test_a_trial_comes_with_its_authorisations_and_the_statuses_before_its_own_as_inferred() -> None:
    world = World()
    events = world.do(trial())
    assert isinstance(events, list)
    assert [type(event) for event in events[:2]] == [TrialRegistered, TrialAuthorised]
    steps = world.events(TrialStatusChanged)
    assert [step.after for step in steps] == ["in_review", "approved", "active", "closed_accrual"]
    assert [step.inferred for step in steps] == [True, True, True, False]
    assert world.events(TrialRegistered)[0].adopted_from == RECORD
    assert world.guard(TrialGuard, TRIAL).status == world.guard(TrialRow, TRIAL).status == "closed_accrual"
    assert trial().effective_day() == date(2025, 9, 1)


@pytest.mark.parametrize(
    ("status", "passed"),
    [
        ("draft", []),
        ("in_review", ["in_review"]),
        ("disapproved", ["in_review", "disapproved"]),
        ("temp_closed_accrual", ["in_review", "approved", "active", "temp_closed_accrual"]),
        (
            "completed",
            [
                "in_review",
                "approved",
                "active",
                "closed_accrual",
                "closed_accrual_intervention",
                "completed",
            ],
        ),
        ("withdrawn", ["withdrawn"]),
    ],
)
def test_a_trial_comes_to_each_status_by_the_lifecycle(status: str, passed: list[str]) -> None:
    world = World()
    world.do(trial(status=status, reason="a reason"))
    assert [step.after for step in world.events(TrialStatusChanged)] == passed


def test_the_same_trial_again_changes_nothing_even_after_it_has_gone_on() -> None:
    world = World()
    world.do(trial())
    assert world.do(trial()) == []
    world.do(ChangeTrialStatus(trial_id=TRIAL, status="closed_accrual_intervention"))
    assert world.do(trial()) == []
    assert world.do(RegisterTrial(trial_id=TRIAL, title="A trial", sponsor="A sponsor")) == []
    assert refusal(world.do(trial(title="Another"))) == ("trial.already_registered", None)


CORRECTED: list[dict[str, Any]] = [
    {"status": "closed_accrual_intervention"},
    {"status_since": date(2025, 9, 2)},
    {"authorised": ({"country": "US", "effective_on": date(2024, 1, 6)},)},
    {"authorised": ()},
]


@pytest.mark.parametrize("other", CORRECTED)
def test_a_takeover_of_a_trial_is_never_told_otherwise(other: dict[str, Any]) -> None:
    world = World()
    world.do(trial())
    assert refusal(world.do(trial(**other))) == ("trial.already_registered", None)
    assert world.do(trial(document_ref="cut-over/8")) == []


def test_a_trial_is_not_taken_over_with_a_day_to_come() -> None:
    assert refusal(World().do(trial(status_since=date(2199, 1, 1)))) == (
        "trial.date_in_future",
        "status_since",
    )
    assert isinstance(World().do(trial(status_since=date(2026, 3, 11))), list)  # it has begun in Kiribati
    assert refusal(World().do(trial(status_since=date(2026, 3, 12))))[0] == "trial.date_in_future"


def test_a_trial_that_its_sponsor_runs_here_already_is_not_taken_over() -> None:
    world = World()
    world.do(RegisterTrial(trial_id=TRIAL, title="A trial", sponsor="A sponsor"))
    assert refusal(world.do(trial())) == ("trial.already_registered", None)


def test_a_trial_known_from_a_registry_gets_its_plan_and_goes_to_the_status_stated() -> None:
    world, nct = World(), Identifier(system="nct", value="NCT01234567")
    facts = RegistryFacts(
        title="A trial", sponsor_name="A sponsor", status="COMPLETED", study_type="INTERVENTIONAL"
    )
    world.do(RecordRegistryEntry(trial_id=TRIAL, nct=nct.value, facts=facts))
    command = trial(identifiers=(nct.model_dump(),))
    assert command.external_ids() == (nct,)
    world.do(command)
    (plan,) = world.events(TrialPlanRecorded)
    assert plan.adopted_from == RECORD
    (step,) = world.events(TrialStatusChanged)
    assert (step.before, step.after) == ("completed", "closed_accrual")
    assert world.do(command) == []
    other = command.model_copy(update={"status": "active"})
    assert refusal(world.do(other)) == ("trial.already_registered", None)


def test_a_trial_that_has_the_status_from_its_registry_is_known_by_it() -> None:
    world, nct = World(), Identifier(system="nct", value="NCT01234567")
    facts = RegistryFacts(
        title="A trial", sponsor_name="A sponsor", status="COMPLETED", study_type="INTERVENTIONAL"
    )
    world.do(RecordRegistryEntry(trial_id=TRIAL, nct=nct.value, facts=facts))
    command = trial(identifiers=(nct.model_dump(),), status="completed")
    world.do(command)
    assert not world.events(TrialStatusChanged)
    assert world.do(command) == []
    other = command.model_copy(update={"status": "closed_accrual"})
    assert refusal(world.do(other)) == ("trial.already_registered", None)


def test_a_programme_that_nobody_knows_is_refused() -> None:
    command = trial(programme_id=UUID(int=77), phases=("PHASE2",))
    assert refusal(World().do(command)) == ("programme.unknown", "programme_id")


def test_a_stop_has_its_reason() -> None:
    with pytest.raises(ValidationError, match="reason: withdrawn needs one"):
        trial(status="withdrawn")


def test_a_site_comes_with_its_own_dates_and_its_gates_open() -> None:
    world = taken()
    (selected,), (activated,) = world.events(SiteSelected), world.events(SiteActivated)
    assert (selected.selected_on, activated.activated_on) == (date(2024, 1, 10), date(2024, 3, 1))
    assert selected.adopted_from == world.events(SiteIdentified)[0].adopted_from == RECORD
    assert set(activated.gates) == set(GATES)
    row = world.guard(SiteRow, SITE)
    assert (row.status, set(row.gates)) == ("enrolling", set(GATES))
    times = world.guard(CycleTimes, SITE)
    assert (times.selected_on, times.activated_on) == (date(2024, 1, 10), date(2024, 3, 1))
    assert not world.events(SiteSuspended)
    assert world.guard(SiteGuard, SITE).activated_on == date(2024, 3, 1)


@pytest.mark.parametrize("status", ["identified", "activated", "closed_to_enrolment", "closing", "closed"])
def test_a_site_comes_to_each_status(status: str) -> None:
    given = CLOSED if status in ("closed_to_enrolment", "closing", "closed") else {}
    world = taken(status, **given)
    assert world.site().status == world.guard(SiteRow, SITE).status == status
    assert world.do(site(status, **given)) == []


def test_a_selected_site_is_ready_by_its_evidence_and_never_activated_by_it() -> None:
    world = taken("selected", evidence=proof(gates=GATES[:3]))
    assert world.site().status == "startup"
    assert not world.events(SiteActivated)
    whole = taken("selected")
    assert whole.site().status == "ready"


def test_evidence_that_has_run_out_stops_the_site_and_one_that_will_run_out_stops_it_then() -> None:
    gone = taken(evidence=proof(date(2026, 1, 31)))
    assert gone.site().status == "suspended"
    world = taken(evidence=proof(date(2026, 3, 31)))
    assert world.site().status == "enrolling"
    world.now = datetime(2026, 4, 1, 12, tzinfo=NOW.tzinfo)
    world.wake(SITE)
    assert {hold.since for hold in world.events(HoldApplied)} == {date(2026, 4, 1)}
    assert world.site().status == "suspended"


def test_the_events_of_a_site_s_takeover_all_name_its_record() -> None:
    """What reads them tells by it what is over: a duty of years ago, a milestone that was paid elsewhere."""
    world = World()
    world.do(trial())
    told = world.do(site("closed", **CLOSED))
    assert isinstance(told, list)
    *told, answer = told
    assert {getattr(event, "adopted_from", None) for event in told} == {RECORD}
    assert isinstance(answer, PermissionsChanged)  # that it is over follows from them
    assert "dose" in answer.closed


def test_a_site_that_closed_its_enrolment_was_enrolling() -> None:
    assert taken("closed", **CLOSED).events(SiteClosed)[0].closed_on == date(2025, 7, 2)
    assert taken("closing", closing_on=date(2025, 6, 1)).site().status == "closing"


def test_a_takeover_of_a_site_is_repeated_and_never_told_otherwise() -> None:
    world = taken()
    assert world.do(site()) == []
    world.do(ReviewSite(trial_id=TRIAL, site_id=SITE))
    other = site(activated_on=date(2024, 3, 2))
    assert refusal(world.do(other)) == ("site.already_adopted", None)
    assert refusal(world.do(site(target=7))) == ("site.already_adopted", None)


@pytest.mark.parametrize(
    "other",
    [
        {"closed_on": date(2025, 7, 3)},
        {"closing_on": date(2025, 6, 2)},
        {"enrolment_closed_on": date(2025, 5, 2)},
        {"product_reconciled_on": date(2025, 6, 22)},
        {"status": "closing"},
        {"name": "Another hospital"},
        {"city": "A city"},
        {"evidence": proof(date(2027, 1, 31))},
        {"evidence": proof(gates=GATES[1:])},
    ],
)
def test_no_cell_of_a_site_is_told_otherwise(other: dict[str, Any]) -> None:
    world = taken("closed", **CLOSED)
    again = site(**{"status": "closed", **CLOSED} | other)
    assert refusal(world.do(again)) == ("site.already_adopted", None)
    assert world.do(site("closed", **CLOSED, document_ref="cut-over/8")) == []
    assert world.do(site("closed", **CLOSED, evidence=tuple(reversed(proof())))) == []


def test_what_boards_say_is_told_by_their_approvals_and_does_not_hold_a_site_s_line_up() -> None:
    """A line of approvals.csv that is put right changes the evidence of a site that was loaded before."""
    others = tuple(one for one in proof() if one["gate"] != "irb_current")
    own = {"gate": "irb_current", "evidence_id": UUID(int=500), "valid_from": date(2025, 5, 1)}
    first = own | {"evidence_id": UUID(int=501), "document_ref": RECORD}
    world = taken(evidence=(*others, own, first))
    assert world.do(site(evidence=(*others, own | {"valid_from": date(2025, 5, 2)}, first))) == []
    assert world.do(site(evidence=others)) == []
    assert world.do(site(evidence=(*others, own | {"evidence_id": UUID(int=502)}, first))) == []
    other = first | {"valid_from": date(2025, 4, 1)}
    assert refusal(world.do(site(evidence=(*others, own, other)))) == ("site.already_adopted", None)


def test_a_site_taken_over_as_identified_goes_on_only_as_the_same() -> None:
    world = taken("identified")
    other = site("identified", name="Another hospital")
    assert refusal(world.do(other)) == ("site.already_adopted", None)
    assert refusal(world.do(site(name="Another hospital"))) == ("site.already_adopted", None)
    world.do(selected(SITE, ZONE, "US"))
    assert world.do(site("identified")) == []
    assert refusal(world.do(site())) == ("site.already_adopted", None)


def test_a_site_known_before_is_selected_once() -> None:
    world = World()
    world.do(trial())
    world.do(IdentifySite(trial_id=TRIAL, site_id=SITE, name="A hospital"))
    world.do(site())
    assert len(world.events(SiteIdentified)) == 1
    assert world.site().status == "enrolling"
    assert world.do(site()) == []
    assert refusal(world.do(site(target=7))) == ("site.already_adopted", None)
    again = taken("identified")
    again.do(site())
    assert again.site().status == "enrolling"


def test_a_site_that_the_registry_named_is_taken_over_under_its_id() -> None:
    world = World()
    world.do(trial())
    said = RegistrySite(site_id=SITE, name="A hospital", country="US")
    world.do(RecordRegistrySite(trial_id=TRIAL, site_id=SITE, site=said))
    world.do(site())
    assert world.site().status == "enrolling"


def test_what_has_a_history_here_is_not_taken_over() -> None:
    world = World()
    world.do(trial())
    world.do(IdentifySite(trial_id=TRIAL, site_id=SITE, name="A hospital"))
    world.do(selected(SITE, ZONE, "US"))
    assert refusal(world.do(site())) == ("site.already_selected", None)
    assert refusal(World().do(site())) == ("trial.unknown", "trial_id")


@pytest.mark.parametrize(
    ("status", "more", "rule", "field"),
    [
        ("enrolling", {"activated_on": date(2024, 1, 9)}, "site.date_before_cause", "activated_on"),
        ("closed", CLOSED | {"closing_on": date(2025, 4, 30)}, "site.date_before_cause", "closing_on"),
        ("activated", {"activated_on": date(2026, 3, 11)}, "site.date_in_future", "activated_on"),
        (
            "closed",
            CLOSED | {"documents_filed_on": date(2026, 3, 11)},
            "site.date_in_future",
            "documents_filed_on",
        ),
    ],
)
def test_days_of_a_site_out_of_order_are_refused(
    status: str, more: dict[str, Any], rule: str, field: str
) -> None:
    world = World()
    world.do(trial())
    assert refusal(world.do(site(status, **more))) == (rule, field)


@pytest.mark.parametrize(
    ("status", "field"),
    [("selected", "selected_on"), ("activated", "activated_on"), ("closed", "close_out_report")],
)
def test_a_status_needs_its_days(status: str, field: str) -> None:
    with pytest.raises(ValidationError, match=f"{field}: a site that is {status} has one"):
        site(status, **CLOSED | {field: None})


def test_a_subject_comes_with_its_way_and_nothing_is_judged_again() -> None:
    """Accrual is closed today: an enrolment told today would be a deviation, one taken over is none."""
    world = taken()
    world.do(
        subject(
            "off-study",
            status_since=date(2025, 2, 1),
            reason="completed",
            consent_version="1",
            consent_language="en",
            consented_on=date(2024, 4, 20),
        )
    )
    (enrolled,) = world.events(SubjectEnrolled)
    assert (enrolled.enrolled_on, enrolled.breaks, enrolled.adopted_from) == (date(2024, 5, 1), (), RECORD)
    assert [(e.after, e.changed_on) for e in world.events(SubjectStatusChanged)] == [
        ("on-study", date(2024, 5, 1)),
        ("on-study-intervention", date(2024, 5, 2)),
        ("off-study", date(2025, 2, 1)),
    ]
    assert world.events(SubjectRandomised)[0].randomised_on == date(2024, 5, 2)
    assert not world.events(DeviationReported)
    assert world.guard(TrialCount, TRIAL).enrolled == world.guard(SiteGuard, SITE).enrolled == 1
    told = EnrolSubject(
        trial_id=TRIAL,
        site_id=SITE,
        subject_id=UUID(int=9),
        subject_code="S-9",
        enrolled_on=date(2026, 3, 9),
    )
    world.do(told)
    assert world.events(DeviationReported)


@pytest.mark.parametrize("status", ["potential-candidate", "screening", "ineligible", "withdrawn"])
def test_a_subject_who_never_enrolled_comes_with_its_code_alone(status: str) -> None:
    world = taken()
    command = subject(status, enrolled_on=None, randomised_on=None, reason="criterion")
    world.do(command)
    (step,) = world.events(SubjectStatusChanged)
    assert (step.before, step.after, step.subject_code, step.adopted_from) == (
        None,
        status,
        "S-001",
        RECORD,
    )
    assert world.do(command) == []


def test_what_was_reached_before_the_takeover_is_not_payable_here() -> None:
    """The house that had the trial has paid for it, or says by a report what is still owed."""
    world = taken("closed", **CLOSED)
    world.do(subject())
    world.do(
        subject(
            "ineligible",
            subject_id=UUID(int=31),
            subject_code="S-31",
            enrolled_on=None,
            randomised_on=None,
            reason="criterion",
        )
    )
    assert world.events(SiteActivated)
    assert world.events(SubjectEnrolled)
    assert not world.events(PaymentMilestoneUnpriced)


def test_what_is_reached_after_the_takeover_is_payable() -> None:
    world = taken("activated")
    world.do(
        EnrolSubject(
            trial_id=TRIAL,
            site_id=SITE,
            subject_id=SUBJECT,
            subject_code="S-001",
            enrolled_on=date(2026, 3, 9),
        )
    )
    assert [one.milestone for one in world.events(PaymentMilestoneUnpriced)] == ["subject_enrolled"]


def test_the_first_subject_makes_its_site_enrolling() -> None:
    world = taken("activated")
    world.do(subject())
    assert world.site().status == "enrolling"
    decision = world.do(
        DoseSubject(trial_id=TRIAL, site_id=SITE, subject_id=SUBJECT, dose_on=date(2026, 3, 10))
    )
    assert isinstance(decision, list)


def test_a_takeover_of_a_subject_is_repeated_and_never_told_otherwise() -> None:
    world = taken()
    world.do(AdoptSite.model_validate(site().model_dump() | {"site_id": UUID(int=22)}))
    world.do(subject(**CONSENT))
    assert world.do(subject(**CONSENT)) == world.do(subject(**CONSENT, document_ref="cut-over/8")) == []
    others: tuple[dict[str, Any], ...] = (
        {"enrolled_on": date(2024, 4, 30)},
        {"subject_code": "S-2"},
        {"randomised_on": date(2024, 5, 1)},
        {"randomised_on": None},
        {"site_id": UUID(int=22)},
        {"consented_on": date(2024, 4, 21)},
        {"consent_version": "2"},
        {"consent_version": None, "consent_language": None, "consented_on": None},
        {"status": "off-study", "reason": "completed"},
        {"status_since": date(2024, 5, 3)},
    )
    for other in others:
        assert refusal(world.do(subject(**CONSENT | other))) == ("subject.already_known", None), other


def test_a_subject_that_has_gone_on_is_still_the_one_that_was_taken_over() -> None:
    world = taken()
    world.do(subject())
    gone = ChangeSubjectStatus(
        trial_id=TRIAL,
        site_id=SITE,
        subject_id=SUBJECT,
        status="off-study",
        changed_on=date(2026, 3, 1),
        reason="completed",
    )
    assert isinstance(world.do(gone), list)
    assert world.do(subject()) == []


def test_a_subject_of_whom_somebody_told_here_is_not_taken_over() -> None:
    world = taken()
    world.do(
        EnrolSubject(
            trial_id=TRIAL,
            site_id=SITE,
            subject_id=SUBJECT,
            subject_code="S-001",
            enrolled_on=date(2024, 5, 1),
        )
    )
    assert refusal(world.do(subject())) == ("subject.already_known", None)


def test_a_subject_has_its_status_since_the_day_that_its_line_says() -> None:
    world = taken()
    world.do(subject(status_since=date(2024, 6, 1)))
    (randomised,) = world.events(SubjectRandomised)
    assert randomised.randomised_on == date(2024, 5, 2)
    assert [(e.after, e.changed_on) for e in world.events(SubjectStatusChanged)] == [
        ("on-study", date(2024, 5, 1)),
        ("on-study-intervention", date(2024, 6, 1)),
    ]


def test_the_events_of_a_subject_s_takeover_all_name_its_record() -> None:
    told = taken().do(subject("off-study", status_since=date(2025, 2, 1), reason="completed", **CONSENT))
    assert isinstance(told, list)
    assert type(told[0]) is SubjectConsented
    assert {getattr(event, "adopted_from", None) for event in told} == {RECORD}


@pytest.mark.parametrize(
    ("more", "rule", "field"),
    [
        ({"enrolled_on": date(2024, 5, 3)}, "subject.date_before_cause", "randomised_on"),
        ({"status_since": date(2026, 3, 12)}, "subject.date_in_future", "status_since"),
    ],
)
def test_days_of_a_subject_out_of_order_are_refused(more: dict[str, Any], rule: str, field: str) -> None:
    assert refusal(taken().do(subject(**more))) == (rule, field)


def test_a_subject_needs_a_site_of_its_trial_that_was_activated() -> None:
    assert refusal(World().do(subject())) == ("site.unknown", "site_id")
    assert refusal(taken("selected").do(subject())) == ("site.not_active", None)


@pytest.mark.parametrize(
    ("status", "more", "words"),
    [
        ("on-study", {"enrolled_on": None, "randomised_on": None}, "enrolled_on: .* has one"),
        ("screening", {"randomised_on": None}, "enrolled_on: .* has none"),
        ("screening", {"enrolled_on": None}, "randomised_on: .* has none"),
        ("off-study", {}, "reason: off-study needs one"),
        ("on-study", {"consent_version": "1"}, "consent_language: a consent has"),
    ],
)
def test_a_row_of_a_subject_is_whole(status: str, more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        subject(status, **more)


def test_the_evidence_stays_what_the_row_said() -> None:
    world = taken(evidence=proof(gates=("contract",)))
    (evidence,) = (e for e in world.events(GateEvidenceRecorded) if e.gate == "contract")
    assert (evidence.evidence_id, evidence.valid_from) == (UUID(int=100), date(2024, 2, 1))


def test_an_approval_taken_over_is_evidence_once_whichever_file_names_it_first() -> None:
    told = IrbApprovalActivated(
        approval_id=UUID(int=500),
        review_id=UUID(int=500),
        trial_id=TRIAL,
        site_ids=(SITE,),
        protocol_version="3.0",
        effective_on=date(2025, 5, 1),
        expires_on=date(2026, 4, 30),
        zone=ZONE,
        adopted_from=RECORD,
        adopted_on=date(2026, 3, 10),
    )
    own = {"gate": "irb_current", "evidence_id": UUID(int=500), "valid_from": date(2025, 5, 1)}
    others = tuple(one for one in proof() if one["gate"] != "irb_current")
    world = taken(evidence=(*others, own | {"valid_to": date(2026, 4, 30)}))
    before = len(world.streams[SITE])
    world.hear(told, UUID(int=500))
    assert len(world.streams[SITE]) == before
    late = taken(evidence=others)
    assert late.site().status == "suspended"
    late.hear(told, UUID(int=500))
    assert late.site().status == "enrolling"
    assert late.events(ProtocolVersionApproved)[0].version == "3.0"
    silent = taken(evidence=others)
    silent.hear(told.model_copy(update={"adopted_from": None}), UUID(int=500))
    assert silent.site().status == "suspended"


def programme(**more: Any) -> AdoptProgramme:
    fields: dict[str, Any] = {
        "programme_id": UUID(int=70),
        "product": "A product",
        "indication": "A disease",
        "sponsor": "A sponsor",
        "phase": "II",
        "phase_since": date(2024, 6, 1),
        "toxicology_on": date(2022, 3, 1),
        "laboratory_on": date(2022, 4, 1),
        "authorisations": (
            {"kind": "ind", "number": "000001", "country": "US", "in_effect_on": date(2022, 9, 1)},
        ),
        "document_ref": RECORD,
    }
    return AdoptProgramme.model_validate(fields | more)


def test_a_programme_comes_in_its_phase_and_a_trial_stands_under_it() -> None:
    world = World()
    world.do(programme())
    (moved,) = world.events(ProgrammePhaseChanged)
    assert (moved.before, moved.after, moved.decided_on) == ("preclinical", "II", date(2024, 6, 1))
    assert world.do(programme()) == []
    world.do(trial(programme_id=UUID(int=70), phases=("PHASE2",)))
    standing = world.guard(ProgrammeStanding, TRIAL)
    assert (standing.phase, len(standing.milestones), len(standing.authorisations)) == ("II", 2, 1)
    row = world.guard(ProgrammeRow, UUID(int=70))
    assert (row.phase, row.phase_since, row.trials) == ("II", date(2024, 6, 1), 1)
    same = BeginProgramme(
        programme_id=UUID(int=70), product="A product", indication="A disease", sponsor="A sponsor"
    )
    assert world.do(same) == []


def test_a_programme_that_has_begun_here_otherwise_is_not_taken_over() -> None:
    world = World()
    world.do(
        BeginProgramme(
            programme_id=UUID(int=70), product="A product", indication="A disease", sponsor="A sponsor"
        )
    )
    assert refusal(world.do(programme())) == ("programme.already_begun", None)
    assert refusal(taken_programme().do(programme(product="Another"))) == (
        "programme.already_begun",
        None,
    )
    late = programme(phase_since=date(2026, 3, 13))
    assert refusal(World().do(late)) == ("programme.in_future", "phase_since")


@pytest.mark.parametrize(
    "other",
    [
        {"phase": "III"},
        {"phase_since": date(2024, 6, 2)},
        {"toxicology_on": date(2022, 3, 2)},
        {"laboratory_on": None},
        {"authorisations": ()},
        {"indication": "Another disease"},
    ],
)
def test_a_takeover_of_a_programme_is_never_told_otherwise(other: dict[str, Any]) -> None:
    world = World()
    told = world.do(programme())
    assert isinstance(told, list)
    assert {getattr(event, "adopted_from", None) for event in told} == {RECORD}
    assert refusal(world.do(programme(**other))) == ("programme.already_begun", None)
    assert world.do(programme(document_ref="cut-over/8")) == []


def test_what_becomes_of_a_programme_later_leaves_its_line_as_it_is() -> None:
    world = World()
    world.do(programme())
    (known,) = world.events(ProgrammeAuthorisationRecorded)
    fields = known.model_dump(exclude={"trial_ids", "adopted_from"})
    same = RecordProgrammeAuthorisation(**fields)
    assert world.do(same) == []
    world.do(same.model_copy(update={"withdrawn_on": date(2026, 1, 1)}))
    assert world.do(programme()) == []


def taken_programme() -> World:
    world = World()
    world.do(programme(phase="preclinical", phase_since=None, toxicology_on=None, authorisations=()))
    return world


def test_a_phase_has_its_day_and_an_authorisation_its_country() -> None:
    with pytest.raises(ValidationError, match="phase_since: given exactly"):
        programme(phase_since=None)
    union = {"kind": "ind", "number": "1", "country": "EU", "in_effect_on": date(2022, 9, 1)}
    with pytest.raises(ValidationError, match="country: only a marketing"):
        programme(authorisations=(union,))
