"""From a trial on paper to an activated site, and what stops it and lets it go on, in memory."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.trials.commands.hold import ApplyHold, LiftHold
from services.trials.commands.site import (
    ActivateSite,
    IdentifySite,
    RecordGateEvidence,
    ReviewSite,
    SelectSite,
)
from services.trials.commands.subject import (
    CorrectEnrolment,
    DoseSubject,
    EnrolSubject,
    RandomiseSubject,
    WithdrawSubject,
)
from services.trials.commands.trial import ChangeTrialStatus, RegisterTrial
from services.trials.domain import site as site_domain
from services.trials.domain.permissions import permissions
from services.trials.projections.guards import SiteGuard, TrialGuard
from services.trials.reactions import ids
from services.trials.rules.gates import GATES
from shared.contracts.message import Actor, Refusal, Wake
from shared.contracts.regulatory import (
    ClinicalHoldImposed,
    ClinicalHoldLifted,
    IndInEffect,
    IrbApprovalCorrected,
    IrbApprovalLapsed,
    IrbApprovalRenewed,
    IrbApproved,
    IrbLapseAnnulled,
)
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.hold import HoldAnnulled, HoldApplied, HoldLifted, PermissionsChanged
from shared.contracts.trials.site import (
    GateEvidenceRecorded,
    GateRevoked,
    SiteActivated,
    SiteEnrolmentStarted,
    SiteReady,
    SiteResumed,
    SiteSuspended,
)
from shared.contracts.trials.subject import SubjectEnrolled
from shared.contracts.trials.trial import TrialStatusChanged
from tests.unit.trials.trials_world import NOW, SITE, SUBJECT, TRIAL, World

TODAY = NOW.date()
REVIEW, APPROVAL, RENEWAL, IND, HOLD = (UUID(int=n) for n in (20, 21, 22, 23, 24))


def register(route: str = "us_ind") -> RegisterTrial:
    return RegisterTrial(trial_id=TRIAL, title="A trial", sponsor="A sponsor", route=route, target=2)  # type: ignore[arg-type]


def approved(approval: UUID = APPROVAL, start: date = TODAY, end: date = date(2027, 3, 9)) -> IrbApproved:
    return IrbApproved(
        review_id=REVIEW,
        approval_id=approval,
        trial_id=TRIAL,
        site_ids=(SITE,),
        kind="initial",
        protocol_version="1.0",
        effective_on=start,
        expires_on=end,
        zone="America/New_York",
    )


def selected(world: World) -> None:
    world.do(register())
    world.do(ChangeTrialStatus(trial_id=TRIAL, status="in_review"))
    world.do(ChangeTrialStatus(trial_id=TRIAL, status="approved"))
    world.do(IdentifySite(trial_id=TRIAL, site_id=SITE, name="A site"))
    world.do(
        SelectSite(
            trial_id=TRIAL,
            site_id=SITE,
            zone="America/New_York",
            country="US",
            irb="A board",
            qualification_waived="known_site",
        )
    )


def evidence(gate: str, n: int = 0, valid_to: date | None = None) -> RecordGateEvidence:
    return RecordGateEvidence(
        trial_id=TRIAL,
        site_id=SITE,
        gate=gate,  # type: ignore[arg-type]
        evidence_id=UUID(int=100 + n),
        valid_from=date(2026, 1, 1),
        valid_to=valid_to,
    )


def gates_open(world: World) -> None:
    selected(world)
    world.hear(approved(), APPROVAL)
    world.hear(IndInEffect(ind_id=IND, trial_ids=(TRIAL,), effective_on=TODAY, basis="thirty_days"), IND)
    for n, gate in enumerate(GATES):
        if gate not in ("irb_current", "ha_ok"):
            world.do(evidence(gate, n))


def activate() -> ActivateSite:
    return ActivateSite(trial_id=TRIAL, site_id=SITE, meaning="approval")


def enrol(day: date = TODAY, subject: UUID = SUBJECT, code: str = "S-001") -> EnrolSubject:
    return EnrolSubject(trial_id=TRIAL, site_id=SITE, subject_id=subject, subject_code=code, enrolled_on=day)


def randomise() -> RandomiseSubject:
    return RandomiseSubject(trial_id=TRIAL, site_id=SITE, subject_id=SUBJECT, randomised_on=TODAY)


def dose() -> DoseSubject:
    return DoseSubject(trial_id=TRIAL, site_id=SITE, subject_id=SUBJECT, dose_on=TODAY)


def imposed() -> ClinicalHoldImposed:
    return ClinicalHoldImposed(
        hold_id=HOLD,
        trial_ids=(TRIAL,),
        kind="full",
        effects=("screen", "consent", "randomise", "dose", "ship_product"),
        received_on=TODAY,
        authority="FDA",
    )


def lifted() -> ClinicalHoldLifted:
    return ClinicalHoldLifted(hold_id=HOLD, trial_ids=(TRIAL,), lifted_on=TODAY, letter_ref="letter")


def lapsed(on: date = TODAY) -> IrbApprovalLapsed:
    return IrbApprovalLapsed(
        approval_id=APPROVAL,
        trial_id=TRIAL,
        site_ids=(SITE,),
        expires_on=on - timedelta(days=1),
        lapsed_on=on,
    )


def test_all_gates_make_a_site_ready_and_a_signature_activates_it(world: World) -> None:
    gates_open(world)
    assert [event.gates for event in world.events(SiteReady)] == [GATES]
    world.do(activate())
    assert world.events(SiteActivated)[0].gates == GATES
    assert world.events(TrialStatusChanged)[-1].after == "active"


def test_a_missing_gate_refuses_activation_and_is_named(world: World) -> None:
    selected(world)
    refusal = world.do(activate())
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "site.gates_closed"
    assert "form_1572" in refusal.detail


def test_a_device_trial_needs_no_form_1572(world: World) -> None:
    world.do(register("us_ide"))
    world.do(IdentifySite(trial_id=TRIAL, site_id=SITE, name="A site"))
    world.do(
        SelectSite(
            trial_id=TRIAL,
            site_id=SITE,
            zone="America/New_York",
            country="US",
            qualification_waived="known_site",
        )
    )
    assert not {"form_1572", "financial_disclosure"} & set(world.site().gates.required)


def test_an_authorisation_before_the_selection_opens_the_gate_as_well(world: World) -> None:
    world.do(register())
    world.hear(IndInEffect(ind_id=IND, trial_ids=(TRIAL,), effective_on=TODAY, basis="early_notice"), IND)
    world.do(IdentifySite(trial_id=TRIAL, site_id=SITE, name="A site"))
    world.do(
        SelectSite(
            trial_id=TRIAL,
            site_id=SITE,
            zone="America/New_York",
            country="US",
            qualification_waived="known_site",
        )
    )
    assert "ha_ok" in world.site().gates.open


def test_an_authority_of_another_country_opens_nothing_here(world: World) -> None:
    world.do(register())
    world.do(IdentifySite(trial_id=TRIAL, site_id=SITE, name="A site"))
    world.do(
        SelectSite(
            trial_id=TRIAL,
            site_id=SITE,
            zone="Europe/Madrid",
            country="ES",
            qualification_waived="known_site",
        )
    )
    world.hear(IndInEffect(ind_id=IND, trial_ids=(TRIAL,), effective_on=TODAY, basis="early_notice"), IND)
    assert "ha_ok" not in world.site().gates.open


def test_the_board_may_approve_before_the_site_is_known(world: World) -> None:
    world.hear(approved(), APPROVAL)
    selected(world)
    assert world.site().gates.open["irb_current"].evidence == APPROVAL


def test_an_enrolment_starts_the_site_and_breaks_nothing(running: World) -> None:
    running.do(enrol())
    assert running.events(SubjectEnrolled)[0].breaks == ()
    assert len(running.events(SiteEnrolmentStarted)) == 1
    assert not running.events(DeviationReported)


def test_an_enrolment_before_activation_is_kept_and_marked(world: World) -> None:
    selected(world)
    world.do(enrol())
    assert world.events(SubjectEnrolled)[0].breaks == ("trial.not_active", "site.not_active")
    assert world.events(DeviationReported)[0].category == "enrolment"


def test_enrolments_beyond_the_target_are_kept_and_marked(running: World) -> None:
    for n in range(3):
        running.do(enrol(subject=UUID(int=50 + n), code=f"S-{n}"))
    breaks = [event.breaks for event in running.events(SubjectEnrolled)]
    assert breaks == [(), (), ("trial.target_exceeded",)]


def test_a_clinical_hold_stops_until_it_and_only_it_is_lifted(running: World) -> None:
    running.do(enrol())
    running.hear(imposed(), HOLD)
    running.do(
        ApplyHold(hold_id=UUID(int=77), trial_id=TRIAL, source="dsmb", scope_kind="trial", scope_id=TRIAL)
    )
    assert running.site().status == "suspended"
    refusal = running.do(randomise())
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "hold.randomise"
    assert str(ids.clinical_hold(HOLD, TRIAL)) in refusal.detail
    assert isinstance(running.do(dose()), Refusal)
    running.hear(lifted(), HOLD)
    answer = permissions(running.guard(TrialGuard, TRIAL), running.guard(SiteGuard, SITE))
    assert answer["dose"] == ()
    assert answer["randomise"] == (UUID(int=77),)
    assert running.site().status == "suspended"
    running.do(LiftHold(hold_id=UUID(int=77), trial_id=TRIAL, source="dsmb", evidence="recommendation"))
    assert running.site().status == "enrolling"
    assert len(running.events(SiteResumed)) == 1
    assert not isinstance(running.do(randomise()), Refusal)


def test_a_clinical_hold_closes_the_authority_gate_and_its_lift_opens_it(running: World) -> None:
    running.hear(imposed(), HOLD)
    revoked = running.events(GateRevoked)[0]
    assert (revoked.gate, revoked.hold) == ("ha_ok", ids.clinical_hold(HOLD, TRIAL))
    running.hear(lifted(), HOLD)
    assert running.site().status == "activated"
    assert [hold.source for hold in running.events(HoldApplied)] == ["clinical_hold"]


def test_permissions_changed_carries_the_whole_answer(running: World) -> None:
    running.hear(imposed(), HOLD)
    trial, site = running.events(PermissionsChanged)
    assert (trial.scope_kind, site.scope_kind) == ("trial", "site")
    hold = ids.clinical_hold(HOLD, TRIAL)
    assert site.permissions["dose"] == site.permissions["enrol"] == (hold,)
    assert site.permissions["procedures"] == ()


def test_a_lapse_stops_all_research_and_a_renewal_lifts_that_hold_only(running: World) -> None:
    running.hear(imposed(), HOLD)
    running.hear(lapsed(), APPROVAL)
    answer = permissions(running.guard(TrialGuard, TRIAL), running.guard(SiteGuard, SITE))
    lapse = ids.site_hold("irb_lapse", APPROVAL, SITE, TODAY)
    assert answer["collect_data"] == (lapse,)
    assert set(answer["dose"]) == {lapse, ids.clinical_hold(HOLD, TRIAL)}
    running.hear(
        IrbApprovalRenewed(
            approval_id=APPROVAL, successor_id=RENEWAL, trial_id=TRIAL, site_ids=(SITE,), effective_on=TODAY
        ),
        APPROVAL,
    )
    assert [event.hold_id for event in running.events(HoldLifted)] == [lapse]
    assert running.site().status == "suspended"


def test_an_annulled_lapse_never_counted(running: World) -> None:
    running.hear(lapsed(), APPROVAL)
    running.hear(
        IrbLapseAnnulled(approval_id=APPROVAL, trial_id=TRIAL, site_ids=(SITE,), expires_on=date(2027, 3, 9)),
        APPROVAL,
    )
    assert len(running.events(HoldAnnulled)) == 1
    assert running.guard(SiteGuard, SITE).holds == ()
    assert running.site().status == "activated"


def test_an_approval_that_runs_out_by_time_alone_closes_its_gate_and_holds_the_site(running: World) -> None:
    at = site_domain.wake_at(running.site())
    assert at == datetime(2027, 3, 10, 5, tzinfo=UTC)  # midnight in New York
    running.now = at
    decision = site_domain.decide(running.site(), Wake(stream=SITE), running.facts(()), at)
    assert [type(event) for event in decision] == [GateRevoked]  # type: ignore[union-attr]
    running.do(ReviewSite(trial_id=TRIAL, site_id=SITE))
    assert [hold.source for hold in running.events(HoldApplied)] == ["irb_lapse"]
    assert running.events(SiteSuspended)
    running.hear(lapsed(at.date()), APPROVAL)  # the board's own word of the same lapse adds nothing
    assert len(running.events(HoldApplied)) == 1
    running.hear(approved(RENEWAL, at.date(), date(2028, 3, 9)), RENEWAL)
    assert running.site().status == "activated"


def test_the_last_valid_day_counts_at_the_site(running: World) -> None:
    running.now = datetime(2027, 3, 10, 4, 59, tzinfo=UTC)
    assert site_domain.decide(running.site(), Wake(stream=SITE), running.facts(()), running.now) == []


def test_a_document_that_runs_out_holds_the_site_until_a_valid_one_comes(running: World) -> None:
    running.do(evidence("training", 6, TODAY).model_copy(update={"corrects": UUID(int=106)}))
    running.now = NOW + timedelta(days=1)
    running.do(ReviewSite(trial_id=TRIAL, site_id=SITE))
    assert [hold.source for hold in running.events(HoldApplied)] == ["document_expiry"]
    assert running.site().status == "suspended"
    running.do(evidence("training", 60))
    assert running.site().status == "activated"


def test_a_corrected_approval_moves_the_end_of_the_gate(running: World) -> None:
    running.hear(
        IrbApprovalCorrected(
            approval_id=APPROVAL,
            corrects=UUID(int=5),
            trial_id=TRIAL,
            site_ids=(SITE,),
            effective_on=TODAY,
            expires_on=date(2026, 9, 9),
            zone="America/New_York",
            reason="typing_error",
        ),
        APPROVAL,
    )
    assert running.site().gates.open["irb_current"].valid_to == date(2026, 9, 9)


def test_an_enrolment_told_late_is_judged_on_its_own_day(running: World) -> None:
    running.now = NOW + timedelta(days=5)
    later = imposed().model_copy(update={"received_on": TODAY + timedelta(days=4)})
    running.hear(later, HOLD)
    running.do(enrol(TODAY + timedelta(days=3)))
    running.do(enrol(TODAY + timedelta(days=4), UUID(int=51), "S-002"))
    breaks = [event.breaks for event in running.events(SubjectEnrolled)]
    assert breaks == [(), ("enrolment.under_hold",)]
    assert running.events(DeviationReported)[0].holds == (ids.clinical_hold(HOLD, TRIAL),)


def test_a_corrected_enrolment_leaves_no_deviation(running: World) -> None:
    running.do(enrol(TODAY - timedelta(days=1)))
    assert running.events(SubjectEnrolled)[0].breaks == ("site.not_active",)
    correction = CorrectEnrolment(
        trial_id=TRIAL,
        site_id=SITE,
        subject_id=SUBJECT,
        subject_code="S-001",
        enrolled_on=TODAY,
        corrects=UUID(int=6),
        reason="typing_error",
    )
    running.do(correction)
    assert len(running.events(DeviationAnnulled)) == 1
    assert running.do(correction) == []


def test_a_second_differing_report_of_an_enrolment_raises_a_deviation(running: World) -> None:
    running.do(enrol())
    running.do(enrol(code="S-009"))
    assert running.events(DeviationReported)[0].rules == ("enrolment.contradicted",)
    assert running.do(enrol(code="S-009")) == []


def test_a_withdrawn_subject_gets_no_dose(running: World) -> None:
    running.do(enrol())
    withdrawal = WithdrawSubject(
        trial_id=TRIAL, site_id=SITE, subject_id=SUBJECT, withdrawn_on=TODAY, scopes=("intervention",)
    )
    running.do(withdrawal)
    assert running.do(withdrawal) == []
    refusal = running.do(dose())
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "subject.withdrawn"


def test_nobody_is_randomised_before_enrolment(running: World) -> None:
    refusal = running.do(randomise())
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "subject.not_enrolled"


def test_deciding_again_what_was_done_causes_nothing(running: World) -> None:
    running.do(enrol())
    running.do(randomise())
    running.do(dose())
    for command in (register(), activate(), enrol(), randomise(), dose(), evidence("contract", 0)):
        assert running.decide(command) == []


OTHERS = [Actor("x-01", role) for role in ("monitor", "start_up_specialist", "project_manager")]


@pytest.mark.parametrize("by", OTHERS)
def test_papers_of_others_open_no_gate_of_the_board_or_the_authority(world: World, by: Actor) -> None:
    selected(world)
    for n, gate in enumerate(GATES):
        world.do(evidence(gate, n), by)
    closed = {"irb_current", "ha_ok"}
    assert {gate for gate in GATES if gate not in world.site().gates.open} == closed
    assert {one.gate for one in world.events(GateEvidenceRecorded) if not one.counts} == closed
    refusal = world.do(activate())
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "site.gates_closed"
    assert world.do(evidence("ha_ok", GATES.index("ha_ok")), by) == []  # told before


def test_what_regulatory_affairs_files_and_what_the_board_s_own_event_tells_opens_them(world: World) -> None:
    selected(world)
    world.do(evidence("ha_ok", 1), Actor("r-02", "regulatory_affairs"))
    world.hear(approved(), APPROVAL)
    assert {"irb_current", "ha_ok"} <= {*world.site().gates.open}


def test_a_paper_of_others_takes_no_place_of_what_the_board_said(running: World) -> None:
    before = running.site().gates.open["irb_current"]
    ended = evidence("irb_current", 60, TODAY - timedelta(days=1))
    for paper in (
        ended.model_copy(update={"corrects": APPROVAL}),
        ended.model_copy(update={"evidence_id": APPROVAL}),
    ):
        running.do(paper, OTHERS[0])
    running.do(ReviewSite(trial_id=TRIAL, site_id=SITE))
    assert running.site().gates.open["irb_current"] == before


def test_a_paper_that_regulatory_affairs_files_again_counts_from_then_on(world: World) -> None:
    selected(world)
    world.do(evidence("ha_ok", 1), OTHERS[0])
    world.do(evidence("ha_ok", 1), Actor("r-02", "regulatory_affairs"))
    assert "ha_ok" in world.site().gates.open
