"""What holds for every history: folds commute, repeats change nothing, a hold ends only itself."""

from datetime import date, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.trials.commands.consent import RecordConsent, RecordConsentVersion
from services.trials.commands.hold import AnnulHold, ApplyHold, LiftHold
from services.trials.commands.site import ActivateSite, IdentifySite, RecordGateEvidence, SelectSite
from services.trials.commands.subject import DoseSubject, EnrolSubject, RandomiseSubject, WithdrawSubject
from services.trials.commands.subject_steps import (
    ChangeSubjectStatus,
    DecideEligibility,
    IdentifyCandidate,
    RecordVisit,
    ReportDeath,
    StartScreening,
)
from services.trials.commands.trial import ChangeTrialStatus, RegisterTrial
from services.trials.domain.permissions import permissions
from services.trials.projections import guards
from services.trials.rules.gates import GATES
from services.trials.rules.holds import HOLDS
from shared.contracts.message import Command, Recorded, Refusal
from tests.unit.trials.trials_world import NOW, OWN, REACTION, SITE, TRIAL, World

TODAY = NOW.date()
HOLD_IDS = [UUID(int=200 + n) for n in range(4)]
SUBJECTS = [UUID(int=300 + n) for n in range(3)]
days = st.integers(-3, 3).map(lambda n: TODAY + timedelta(days=n))
sources = st.sampled_from(sorted(HOLDS))


def holds(hold_id: UUID) -> st.SearchStrategy[Command]:
    at_site = st.sampled_from([("trial", TRIAL), ("site", SITE)])
    return st.builds(
        lambda source, scope, since: ApplyHold(
            hold_id=hold_id,
            trial_id=TRIAL,
            source=source,
            scope_kind=scope[0],
            scope_id=scope[1],
            since=since,
        ),
        sources,
        at_site,
        days,
    )


def lifts(hold_id: UUID) -> st.SearchStrategy[Command]:
    return st.builds(
        lambda source: LiftHold(
            hold_id=hold_id, trial_id=TRIAL, source=source, evidence="a letter", cause=UUID(int=1)
        ),
        sources,
    )


subjects = st.sampled_from(SUBJECTS)


def of(subject: UUID) -> dict[str, Any]:
    return {"trial_id": TRIAL, "site_id": SITE, "subject_id": subject}


commands = st.one_of(
    st.sampled_from(HOLD_IDS).flatmap(holds),
    st.sampled_from(HOLD_IDS).flatmap(lifts),
    st.builds(
        lambda hold_id, source: AnnulHold(
            hold_id=hold_id, trial_id=TRIAL, source=source, reason="an error", cause=UUID(int=1)
        ),
        st.sampled_from(HOLD_IDS),
        sources,
    ),
    st.just(RegisterTrial(trial_id=TRIAL, title="A trial", sponsor="A sponsor")),
    st.just(IdentifySite(trial_id=TRIAL, site_id=SITE, name="A site")),
    st.just(
        SelectSite(
            trial_id=TRIAL,
            site_id=SITE,
            zone="America/New_York",
            country="US",
            qualification_waived="known_site",
        )
    ),
    st.just(ActivateSite(trial_id=TRIAL, site_id=SITE, meaning="approval")),
    st.builds(
        lambda gate, day, to: RecordGateEvidence(
            trial_id=TRIAL,
            site_id=SITE,
            gate=gate,
            evidence_id=UUID(int=400 + GATES.index(gate)),
            valid_from=day,
            valid_to=to,
        ),
        st.sampled_from(GATES),
        days,
        st.none() | days,
    ),
    st.builds(
        lambda subject, day: EnrolSubject(
            trial_id=TRIAL, site_id=SITE, subject_id=subject, subject_code="S-1", enrolled_on=day
        ),
        subjects,
        days,
    ),
    st.builds(
        lambda subject: RandomiseSubject(
            trial_id=TRIAL, site_id=SITE, subject_id=subject, randomised_on=TODAY
        ),
        subjects,
    ),
    st.builds(
        lambda subject: DoseSubject(trial_id=TRIAL, site_id=SITE, subject_id=subject, dose_on=TODAY), subjects
    ),
    st.builds(
        lambda subject: WithdrawSubject(
            trial_id=TRIAL,
            site_id=SITE,
            subject_id=subject,
            withdrawn_on=TODAY,
            scopes=("intervention", "samples"),
        ),
        subjects,
    ),
)
steps = st.one_of(
    st.builds(lambda s: IdentifyCandidate(**of(s), subject_code="S-1", identified_on=TODAY), subjects),
    st.builds(lambda s: StartScreening(**of(s), screened_on=TODAY), subjects),
    st.builds(
        lambda s, ok: DecideEligibility(
            **of(s), eligible=ok, failed=() if ok else ("E07",), decided_on=TODAY
        ),
        subjects,
        st.booleans(),
    ),
    st.builds(
        lambda s, to: ChangeSubjectStatus(**of(s), status=to, changed_on=TODAY, reason="completed"),
        subjects,
        st.sampled_from(["candidate", "pending-on-study", "on-study-observation", "follow-up", "off-study"]),
    ),
    st.builds(lambda s, day: RecordVisit(**of(s), visit="V1", done_on=day), subjects, days),
    st.builds(lambda s: ReportDeath(**of(s), died_on=TODAY), subjects),
    st.builds(
        lambda s, v, day: RecordConsent(**of(s), version=v, language="en", signed_on=day),
        subjects,
        st.sampled_from(["1.0", "2.0"]),
        days,
    ),
    st.builds(
        lambda v, day: RecordConsentVersion(
            trial_id=TRIAL,
            site_id=SITE,
            version=v,
            language="en",
            released_on=day,
            requires_reconsent="all_active",
            due_in_days=7,
        ),
        st.sampled_from(["1.0", "2.0"]),
        days,
    ),
)
# Half of the histories begin with an activated site, which chance alone would hardly reach.
ACTIVATED: list[Command] = [
    RegisterTrial(trial_id=TRIAL, title="A trial", sponsor="A sponsor"),
    ChangeTrialStatus(trial_id=TRIAL, status="in_review"),
    ChangeTrialStatus(trial_id=TRIAL, status="approved"),
    IdentifySite(trial_id=TRIAL, site_id=SITE, name="A site"),
    SelectSite(
        trial_id=TRIAL, site_id=SITE, zone="America/New_York", country="US", qualification_waived="known_site"
    ),
    *(
        RecordGateEvidence(
            trial_id=TRIAL,
            site_id=SITE,
            gate=gate,
            evidence_id=UUID(int=400 + n),
            valid_from=date(2026, 1, 1),
        )
        for n, gate in enumerate(GATES)
    ),
    ActivateSite(trial_id=TRIAL, site_id=SITE, meaning="approval"),
]
histories = st.tuples(st.sampled_from([[], ACTIVATED]), st.lists(commands | steps, max_size=20)).map(
    lambda parts: [*parts[0], *parts[1]]
)


def folded(messages: list[Recorded[Any]]) -> dict[Any, Any]:
    rows: dict[Any, Any] = {}
    for message in messages:
        for one, key in OWN.touched(message):
            rows[one.row, key] = one.fold(rows.get((one.row, key)), message, key)
    return {key: row for key, row in rows.items() if row is not None}


def lived(history: list[Command]) -> World:
    world = World(actor=REACTION)
    for command in history:
        world.do(command)
    return world


@settings(max_examples=60, deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_rows_do_not_depend_on_the_order_of_streams(history: list[Command], random: Any) -> None:
    told = lived(history).told
    streams = {
        key: list(group)
        for key, group in groupby(sorted(told, key=lambda m: str(m.stream_id)), lambda m: m.stream_id)
    }
    shuffled: list[Recorded[Any]] = []
    while streams:
        stream = random.choice(sorted(streams))
        shuffled.append(streams[stream].pop(0))
        if not streams[stream]:
            del streams[stream]
    assert folded(told) == folded(shuffled)


@settings(max_examples=60, deadline=None)
@given(histories)
def test_what_was_just_done_causes_nothing_when_done_again(history: list[Command]) -> None:
    world = World(actor=REACTION)
    for command in history:
        if not isinstance(world.do(command), Refusal) and not isinstance(command, RecordGateEvidence):
            assert world.decide(command) == []


@settings(max_examples=60, deadline=None)
@given(histories)
def test_what_the_log_keeps_of_an_event_is_read_as_it_was_told(history: list[Command]) -> None:
    for message in lived(history).told:
        kept = message.data.model_dump_json(exclude_none=True)
        assert type(message.data).model_validate_json(kept) == message.data


@settings(max_examples=60, deadline=None)
@given(histories)
def test_no_report_is_ever_refused(history: list[Command]) -> None:
    world = World(actor=REACTION)
    for command in history:
        decision = world.do(command)
        assert not (command.report and isinstance(decision, Refusal))


@settings(max_examples=60, deadline=None)
@given(histories, st.sampled_from(HOLD_IDS), sources)
def test_lifting_a_hold_ends_that_hold_alone(history: list[Command], hold_id: UUID, source: Any) -> None:
    world = lived(history)

    def standing() -> set[UUID]:
        rows = (world.guard(guards.TrialGuard, TRIAL), world.guard(guards.SiteGuard, SITE))
        return {hold.hold_id for row in rows if row for hold in row.holds if hold.open}

    before = standing()
    world.do(LiftHold(hold_id=hold_id, trial_id=TRIAL, source=source, evidence="a letter", cause=UUID(int=1)))
    assert before - standing() <= {hold_id}


@settings(max_examples=60, deadline=None)
@given(histories)
def test_nobody_is_randomised_or_dosed_under_a_hold_against_it(history: list[Command]) -> None:
    world = World(actor=REACTION)
    for command in history:
        trial, site = world.guard(guards.TrialGuard, TRIAL), world.guard(guards.SiteGuard, SITE)
        answer = permissions(trial, site)
        decision = world.do(command)
        if isinstance(command, RandomiseSubject) and answer["randomise"]:
            assert decision == [] or isinstance(decision, Refusal)
        if isinstance(command, DoseSubject) and answer["dose"]:
            assert decision == [] or isinstance(decision, Refusal)


@settings(max_examples=60, deadline=None)
@given(histories)
def test_an_activated_site_is_suspended_exactly_while_a_hold_or_gate_stops_it(history: list[Command]) -> None:
    world = lived(history)
    if SITE not in world.states or not world.site().activated:
        return
    trial, site = world.guard(guards.TrialGuard, TRIAL), world.guard(guards.SiteGuard, SITE)
    stopped = bool(permissions(trial, site)["enrol"]) or len(world.site().gates.open) < len(
        world.site().gates.required
    )
    assert (world.site().status == "suspended") == stopped
    assert (site.status == "suspended") == stopped


def test_a_late_report_sees_the_holds_of_its_day() -> None:
    hold = guards.HoldView(HOLD_IDS[0], "dsmb", ("enrol",), date(2026, 3, 1), date(2026, 3, 5))
    seen = [hold.forbids("enrol", date(2026, 3, day)) for day in (1, 4, 5)]
    assert seen == [True, True, False]
