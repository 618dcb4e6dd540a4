"""Every pair of a site's statuses: each step that there is happens by its act, every other is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

import pytest

from services.trials.commands.feasibility import AnswerFeasibility, CompleteFeasibility, Said, SendFeasibility
from services.trials.commands.hold import ApplyHold, LiftHold
from services.trials.commands.site import ActivateSite, IdentifySite, RecordGateEvidence, SelectSite
from services.trials.commands.site_steps import (
    BeginSiteClosing,
    CloseSite,
    CloseSiteEnrolment,
    DeclineSite,
    QualifySite,
    RejectSite,
    ScheduleQualification,
    TerminateSite,
)
from services.trials.commands.trial import ChangeTrialStatus, RegisterTrial
from services.trials.projections.guards import CloseOut, SiteGuard
from services.trials.rules.gates import required_gates
from services.trials.rules.site_states import GUARDS, OVER, TRANSITIONS
from shared.contracts.message import Command, Refusal
from shared.contracts.trials.site import SiteStatus
from tests.unit.trials.test_trials_chain import enrol
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, World

TODAY = NOW.date()
DAY = timedelta(days=1)
AT: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE}
FORM, HOLD = UUID(int=50), UUID(int=51)
ASK: dict[str, Any] = {"questions": ({"code": "beds", "kind": "number", "weight": 1, "target": 10},)}
HELD: dict[str, Any] = {"hold_id": HOLD, "trial_id": TRIAL, "source": "sponsor_pause"}
SEND = SendFeasibility(**AT, **ASK, questionnaire_id=FORM, due_on=TODAY + DAY)
ANSWER = AnswerFeasibility(**AT, questionnaire_id=FORM, answers=(Said(code="beds", value=5),))
SUITABLE = CompleteFeasibility(**AT, outcome="suitable")
SCHEDULE = ScheduleQualification(**AT, visit_on=TODAY)
QUALIFY = QualifySite(**AT, visited_on=TODAY, report_ref="etmf/pssv")
SELECT = SelectSite(**AT, zone="UTC", country="ES")
WAIVED = SELECT.model_copy(update={"qualification_waived": "known_site"})
REJECT, DECLINE = RejectSite(**AT, reason="too_slow"), DeclineSite(**AT, reason="no_staff")
TERMINATE = TerminateSite(**AT, reason="misconduct")
APPLY = ApplyHold(**HELD, scope_kind="site", scope_id=SITE, since=TODAY)
LIFT = LiftHold(**HELD, evidence="drug came")
CLOSE_ENROLMENT = CloseSiteEnrolment(**AT, closed_on=TODAY)
CLOSE = CloseSite(
    **AT,
    visited_on=TODAY,
    report_ref="etmf/cov",
    ip_reconciled_on=TODAY,
    documents_filed_on=TODAY,
)
GATES = required_gates("other", "ES")


def paper(gate: Any, closed: bool = False) -> RecordGateEvidence:
    ends = TODAY - DAY if closed else None
    number = UUID(int=100 + GATES.index(gate))
    return RecordGateEvidence(
        **AT, gate=gate, evidence_id=number, valid_from=TODAY - DAY, valid_to=ends, corrects=number
    )


PAPERS = tuple(paper(gate) for gate in GATES)
ACTIVATE, BEGIN_CLOSING = ActivateSite(**AT, meaning="approval"), BeginSiteClosing(**AT)
IDENTIFY = IdentifySite(**AT, name="A site", zone="UTC")
WAY: dict[SiteStatus, tuple[Command, ...]] = {"identified": (IDENTIFY,)}
WAY["feasibility_sent"] = (*WAY["identified"], SEND)
WAY["feasibility_received"] = (*WAY["feasibility_sent"], ANSWER, SUITABLE)
WAY["qualification_scheduled"] = (*WAY["feasibility_received"], SCHEDULE)
WAY["qualified"] = (*WAY["qualification_scheduled"], QUALIFY)
WAY["selected"] = (*WAY["qualified"], SELECT)
WAY["startup"] = (*WAY["selected"], *PAPERS[:-1])
WAY["ready"] = (*WAY["selected"], *PAPERS)
WAY["activated"] = (*WAY["ready"], ACTIVATE)
WAY["enrolling"] = (*WAY["activated"], enrol())
WAY["suspended"] = (*WAY["activated"], APPLY)
WAY["closed_to_enrolment"] = (*WAY["enrolling"], CLOSE_ENROLMENT)
WAY["closing"] = (*WAY["activated"], BEGIN_CLOSING)
WAY["closed"] = (*WAY["closing"], CLOSE)
WAY["declined"] = (*WAY["identified"], DECLINE)
WAY["not_selected"] = (*WAY["qualified"], REJECT)
WAY["terminated"] = (*WAY["startup"], TERMINATE)
# The act that leads to a status; another one where it depends on where the site stands.
ACT: dict[SiteStatus, tuple[Command, ...]] = {
    "feasibility_sent": (SEND.model_copy(update={"questionnaire_id": UUID(int=60)}),),
    "feasibility_received": (ANSWER,),
    "qualification_scheduled": (SCHEDULE.model_copy(update={"visit_on": TODAY + DAY}),),
    "qualified": (QUALIFY,),
    "selected": (WAIVED,),
    "startup": (PAPERS[0],),
    "ready": (PAPERS[-1],),
    "activated": (ACTIVATE,),
    "enrolling": (enrol(),),
    "suspended": (APPLY,),
    "closed_to_enrolment": (CLOSE_ENROLMENT,),
    "closing": (BEGIN_CLOSING,),
    "closed": (CLOSE,),
    "declined": (DECLINE,),
    "not_selected": (REJECT,),
    "terminated": (TERMINATE,),
}
OTHER: dict[tuple[SiteStatus, SiteStatus], tuple[Command, ...]] = {
    ("ready", "startup"): (paper(GATES[0], closed=True),),
    ("suspended", "activated"): (LIFT,),
    ("suspended", "enrolling"): (enrol(), LIFT),
}
STATUSES: tuple[SiteStatus, ...] = get_args(SiteStatus)


def at(status: SiteStatus, without: type[Command] | None = None) -> World:
    """A site that has come to this status, by the acts of its way."""
    world = World()
    world.do(RegisterTrial(trial_id=TRIAL, title="A trial", sponsor="A sponsor", route="other"))
    for step in ("in_review", "approved"):
        world.do(ChangeTrialStatus(trial_id=TRIAL, status=step))
    for command in WAY[status]:
        if without is None or not isinstance(command, without):
            assert not isinstance(world.do(command), Refusal)
    assert without or world.site().status == status
    return world


def test_every_status_has_its_steps_and_a_way_there() -> None:
    assert set(STATUSES) == set(TRANSITIONS) == set(WAY) == {*ACT, "identified"}
    assert all(not TRANSITIONS[status] for status in OVER)


@pytest.mark.parametrize("to", ACT)
@pytest.mark.parametrize("before", STATUSES)
def test_a_site_steps_only_as_its_states_say(before: SiteStatus, to: SiteStatus) -> None:
    world = at(before)
    acts = OTHER.get((before, to), ACT[to])
    told = [world.do(act) for act in acts]
    after = world.site().status
    if to in TRANSITIONS[before]:
        assert after == to
        return
    # What has happened is never refused; it may lead elsewhere, as the states say.
    assert after == before or (after != to and after in TRANSITIONS[before])
    for act, decision in zip(acts, told, strict=True):
        if not act.report and not isinstance(act, ApplyHold | LiftHold):
            assert isinstance(decision, Refusal) or decision == [] or before == to


@pytest.mark.parametrize(
    ("before", "act", "rule"),
    [
        ("closed", DECLINE, "site.transition"),
        ("closing", TERMINATE, "site.transition"),
        ("enrolling", DECLINE, "site.transition"),
        ("declined", ACTIVATE, "site.not_selected"),
        ("terminated", ACTIVATE, "site.transition"),
        ("closing", ACTIVATE, "site.transition"),
        ("not_selected", WAIVED, "site.transition"),
        ("feasibility_sent", WAIVED, "site.not_qualified"),
        ("qualification_scheduled", SELECT, "site.not_qualified"),
        ("identified", ANSWER, "site.transition"),
        ("identified", SUITABLE, "feasibility.not_received"),
    ],
)
def test_a_step_that_there_is_not_is_refused_by_name(before: SiteStatus, act: Command, rule: str) -> None:
    refusal = at(before).do(act)
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.state) == (rule, before)


@pytest.mark.parametrize("act", [SEND, ANSWER, SCHEDULE, QUALIFY, SELECT, REJECT, DECLINE, TERMINATE, CLOSE])
def test_a_site_that_nobody_identified_takes_no_step(act: Command) -> None:
    refusal = World().do(act)
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "site.unknown"


def finished(world: World) -> None:
    world.do(ChangeTrialStatus(trial_id=TRIAL, status="withdrawn", reason="no funds"))


def unapproved(world: World) -> None:
    key = next(key for key in world.guards if key[0].__name__ == "TrialGuard")
    world.guards[key] = type(world.guards[key])(TRIAL, status="in_review")


def closed_out(world: World, report: str | None = None) -> None:
    """A close-out visit is recorded here, with its report once that is approved."""
    key = next(key for key in world.guards if key[0] is SiteGuard)
    world.guards[key] = replace(world.guards[key], close_out=CloseOut(UUID(int=70), TODAY, report))


def nothing(world: World) -> None:
    """The world stays as it is."""


Case = tuple[SiteStatus, type[Command] | None, Callable[[World], object], Command]
UNSUITABLE = CompleteFeasibility(**AT, outcome="unsuitable")
TOMORROW, LONG_AGO = TODAY + DAY, TODAY - 30 * DAY


def changed(command: Command, **fields: Any) -> Command:
    return command.model_copy(update=fields)


CASES: dict[tuple[SiteStatus, SiteStatus], dict[str, Case]] = {
    ("identified", "feasibility_sent"): {
        "trial.finished": ("identified", None, finished, SEND),
        "feasibility.due_before_sent": ("identified", None, nothing, changed(SEND, due_on=TODAY - DAY)),
    },
    ("identified", "selected"): {
        "site.not_qualified": ("identified", None, nothing, SELECT),
        "trial.finished": ("identified", None, finished, WAIVED),
    },
    ("feasibility_sent", "feasibility_received"): {
        "feasibility.other": (
            "feasibility_sent",
            None,
            nothing,
            changed(ANSWER, questionnaire_id=UUID(int=61)),
        ),
        "feasibility.answers": (
            "feasibility_sent",
            None,
            nothing,
            AnswerFeasibility(**AT, questionnaire_id=FORM, answers=(Said(code="beds", value=True),)),
        ),
    },
    ("feasibility_received", "qualification_scheduled"): {
        "feasibility.not_completed": ("feasibility_received", CompleteFeasibility, nothing, SCHEDULE),
        "feasibility.unsuitable": (
            "feasibility_received",
            CompleteFeasibility,
            lambda world: world.do(UNSUITABLE),
            SCHEDULE,
        ),
    },
    ("feasibility_received", "not_selected"): {
        "feasibility.not_completed": ("feasibility_received", CompleteFeasibility, nothing, REJECT),
    },
    ("qualification_scheduled", "qualified"): {
        "site.date_in_future": (
            "qualification_scheduled",
            None,
            nothing,
            changed(QUALIFY, visited_on=TOMORROW),
        ),
    },
    ("qualified", "selected"): {"trial.finished": ("qualified", None, finished, SELECT)},
    ("ready", "activated"): {
        "trial.not_approved": ("ready", None, unapproved, ACTIVATE),
        "hold.enrol": ("ready", None, lambda world: world.do(APPLY), ACTIVATE),
        "site.gates_closed": ("ready", None, lambda world: setattr(world, "now", NOW - 9 * DAY), ACTIVATE),
    },
    ("enrolling", "closed_to_enrolment"): {
        "site.date_before_cause": ("enrolling", None, nothing, changed(CLOSE_ENROLMENT, closed_on=LONG_AGO)),
        "site.date_in_future": ("enrolling", None, nothing, changed(CLOSE_ENROLMENT, closed_on=TOMORROW)),
    },
    ("closing", "closed"): {
        "site.no_close_out_report": ("closing", None, nothing, changed(CLOSE, report_ref=None)),
        "site.close_out_not_approved": ("closing", None, closed_out, CLOSE),
        "site.close_out_differs": ("closing", None, lambda world: closed_out(world, "etmf:cov"), CLOSE),
        "site.product_not_reconciled": ("closing", None, nothing, changed(CLOSE, ip_reconciled_on=None)),
        "site.documents_not_filed": ("closing", None, nothing, changed(CLOSE, documents_filed_on=None)),
        "site.date_before_cause": ("closing", None, nothing, changed(CLOSE, visited_on=LONG_AGO)),
        "site.date_in_future": ("closing", None, nothing, changed(CLOSE, documents_filed_on=TOMORROW)),
    },
}


def test_every_guard_of_a_step_has_a_case_where_it_refuses() -> None:
    assert {pair: set(cases) for pair, cases in CASES.items()} == {
        pair: set(rules) for pair, rules in GUARDS.items()
    }
    assert all(to in TRANSITIONS[before] for before, to in GUARDS)


@pytest.mark.parametrize(
    ("rule", "case"),
    [(rule, case) for cases in CASES.values() for rule, case in cases.items()],
    ids=[f"{'-'.join(pair)}-{rule}" for pair, cases in CASES.items() for rule in cases],
)
def test_a_guard_refuses_its_step(rule: str, case: Case) -> None:
    before, without, happens, act = case
    world = at(before, without)
    happens(world)
    status = world.site().status
    refusal = world.do(act)
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, world.site().status) == (rule, status)


@pytest.mark.parametrize("status", [*OVER, "closing"])
def test_holds_and_papers_move_no_site_that_is_over(status: SiteStatus) -> None:
    world = at(status)
    for act in (APPLY, LIFT, *PAPERS, paper(GATES[0], closed=True)):
        world.do(act)
    assert world.site().status == status
    assert world.site().goes_on_as is None


def test_a_site_closed_to_enrolment_stays_so_under_a_hold(world: World) -> None:
    closed = at("closed_to_enrolment")
    closed.do(APPLY)
    assert closed.site().status == "closed_to_enrolment"
    assert closed.site().permitted.permissions["enrol"] == (HOLD,)


@pytest.mark.parametrize("status", STATUSES)
def test_what_led_to_a_status_causes_nothing_again(status: SiteStatus) -> None:
    world = at(status)
    *_, last = WAY[status]
    assert world.decide(last) == []
