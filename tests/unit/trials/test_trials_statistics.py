"""Design, signed sample sizes and the analysis plan: what they refuse, and what they only show."""

from datetime import date
from itertools import product
from typing import Any, get_args
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.trials.commands.analysis_plan import (
    AbandonAnalysisPlan,
    ApproveAnalysisPlan,
    DraftAnalysisPlan,
    RecordAnalysisMilestone,
)
from services.trials.commands.design import RecordDesign
from services.trials.commands.hold import ApplyHold
from services.trials.commands.protocol import AbandonProtocolVersion, RecordProtocolAuthorisation
from services.trials.commands.statistics import SignDesignInput
from services.trials.domain import analysis_plan, design, statistics
from services.trials.projections.design import DesignRow, TrialArms, design_keys, fold_design
from services.trials.projections.protocol import (
    UrgentChangeRow,
    VersionRow,
    fold_urgent,
    fold_version,
    urgent_keys,
    version_keys,
)
from services.trials.projections.protocol_guards import TrialProtocol
from services.trials.projections.statistics import (
    AnalysisPlanRow,
    DesignInputRow,
    design_input_keys,
    fold_design_input,
    fold_plan,
    plan_keys,
)
from services.trials.rules.analysis_plan import GUARDS, TRANSITIONS
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.site import SiteReady
from shared.contracts.trials.statistics import (
    AnalysisMilestoneReached,
    AnalysisPlanApproved,
    DesignInputSigned,
    PlanStatus,
)
from tests.support.touched import touched
from tests.unit.trials.protocol_world import DAY, TODAY, approve, draft, registered, submit
from tests.unit.trials.test_trials_protocol import chosen, hazard, notice
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, World, recorded

ROWS: tuple[tuple[type[Any], Any, Any], ...] = (
    (VersionRow, version_keys, fold_version),
    (UrgentChangeRow, urgent_keys, fold_urgent),
    (DesignRow, design_keys, fold_design),
    (DesignInputRow, design_input_keys, fold_design_input),
    (AnalysisPlanRow, plan_keys, fold_plan),
)
INPUT, NEXT = UUID(int=51), UUID(int=52)


def shown(world: World, kind: type[Any], *key: Any) -> Any:
    rows: dict[Any, Any] = {}
    for message in world.told:
        for row, keys, fold in ROWS:
            for one in touched(keys, message):
                rows[row, one] = fold(rows.get((row, one)), message, one)
    return rows.get((kind, key))


def drafted() -> World:
    world = registered()
    world.do(draft())
    return world


def plan_of(**given: Any) -> RecordDesign:
    about: dict[str, Any] = {
        "version": "1.0",
        "arms": [
            {"code": "A", "title": "The product", "kind": "experimental"},
            {"code": "B", "title": "Placebo", "kind": "placebo_comparator"},
        ],
        "epochs": [{"code": "TRT", "title": "Treatment"}],
        "encounters": [{"code": "V1", "title": "Day 1", "epoch": "TRT", "day": 1, "late": 2}],
        "masking": "double",
        "masked": ["participant", "investigator"],
        "assignment": "randomised",
        "model": "parallel",
    }
    return RecordDesign(trial_id=TRIAL, **about | given)


def sign(**given: Any) -> SignDesignInput:
    about: dict[str, Any] = {
        "input_id": INPUT,
        "version": "1.0",
        "endpoint": "change of the score at week 12",
        "hypothesis": "superiority",
        "effect": {"kind": "means", "difference": 5, "standard_deviation": 10},
        "alpha": 0.05,
        "sides": 2,
        "power": 0.8,
        "method": "two-sample t",
        "software": "R",
        "software_version": "4.4.1",
        "arms": [{"arm": "A", "size": 64}, {"arm": "B", "size": 64}],
        "total": 128,
    }
    return SignDesignInput(trial_id=TRIAL, **about | given)


def sap(plan: str = "1", on: date = TODAY - 9 * DAY, **given: Any) -> DraftAnalysisPlan:
    about: dict[str, Any] = {"version": "1.0", "dated_on": on, "document_ref": "tmf/sap"}
    return DraftAnalysisPlan(trial_id=TRIAL, plan=plan, **about | given)


def approve_plan(plan: str = "1", on: date = TODAY - 5 * DAY) -> ApproveAnalysisPlan:
    return ApproveAnalysisPlan(trial_id=TRIAL, plan=plan, approved_on=on)


def reached(milestone: Any = "database_lock", on: date = TODAY - 3 * DAY) -> RecordAnalysisMilestone:
    return RecordAnalysisMilestone(trial_id=TRIAL, milestone=milestone, reached_on=on)


def refused(world: World, command: Any) -> str | None:
    answer = world.do(command)
    return answer.rule if isinstance(answer, Refusal) else None


def test_a_design_is_recorded_once_a_version_and_shown_whole() -> None:
    world = drafted()
    world.do(plan_of())
    assert world.do(plan_of()) == []
    row = shown(world, DesignRow, TRIAL, "1.0")
    assert [arm.code for arm in row.arms] == ["A", "B"]
    assert (row.masking, row.masked, row.recorded_at) == ("double", ("participant", "investigator"), NOW)
    assert world.guard(TrialArms, TRIAL).arms == {"1.0": ("A", "B")}


def test_the_design_of_a_draft_changes_and_that_of_a_submitted_version_only_with_a_reason() -> None:
    world = drafted()
    world.do(plan_of())
    open_label = {"masking": "open", "masked": ()}
    assert refused(world, plan_of(**open_label)) is None
    world.do(submit())
    assert refused(world, plan_of()) == "design.reason_missing"
    assert refused(world, plan_of(reason="typing_error")) is None
    assert shown(world, DesignRow, TRIAL, "1.0").reason == "typing_error"


def test_a_design_belongs_to_a_version_that_stands() -> None:
    world = drafted()
    assert refused(world, plan_of(version="2.0")) == "protocol.version_unknown"
    world.do(AbandonProtocolVersion(trial_id=TRIAL, version="1.0", reason="redesign"))
    assert refused(world, plan_of()) == "protocol.version_given_up"
    assert refused(World(), plan_of()) == "protocol.version_unknown"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"arms": []}, "arms"),
        ({"arms": [{"code": "A", "title": "T", "kind": "experimental"}] * 2}, "arms: a code stands twice"),
        ({"encounters": [{"code": "V", "title": "T", "epoch": "X"}]}, "no such epoch: X"),
        ({"encounters": [{"code": "V", "title": "T", "epoch": "TRT", "day": 0}]}, "never 0"),
        ({"masking": "single"}, "masked: names as many as masking says"),
        ({"masked": ["participant", "participant"]}, "masked"),
        ({"model": "single_group"}, "a single group is one arm"),
        ({"arms": [{"code": "A", "title": "T", "kind": "experimental"}]}, "nobody is randomised to one arm"),
    ],
)
def test_a_design_that_contradicts_itself_names_its_field(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        plan_of(**given)


def arm_hold(arm: str, hold: int) -> ApplyHold:
    return ApplyHold(
        hold_id=UUID(int=hold), trial_id=TRIAL, source="dsmb", scope_kind="arm", scope_id=TRIAL, arm=arm
    )


def test_a_hold_on_an_arm_names_one_that_a_recorded_design_has() -> None:
    world = drafted()
    assert refused(world, arm_hold("C", 61)) is None
    world.do(plan_of())
    assert refused(world, arm_hold("A", 62)) is None
    refusal = world.do(arm_hold("C", 63))
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.field) == ("hold.arm_unknown", "arm")


def test_a_signed_sample_size_stands_beside_our_own_figure() -> None:
    world = drafted()
    world.do(sign())
    assert world.do(sign()) == []
    row = shown(world, DesignInputRow, TRIAL, INPUT)
    assert (row.total, row.recomputed, row.difference_ratio) == (128, 128, 0)
    assert row.recomputed_by.startswith("Guenther 1981")
    assert (row.signed_by, row.signed_at) == ("test", NOW)


def test_a_sample_size_that_differs_is_signed_all_the_same_and_shows_by_how_much() -> None:
    world = drafted()
    world.do(sign(arms=[{"arm": "A", "size": 32}, {"arm": "B", "size": 32}], total=64))
    assert shown(world, DesignInputRow, TRIAL, INPUT).difference_ratio == -0.5


@pytest.mark.parametrize(
    "given",
    [
        {"arms": [{"arm": "A", "size": 128}]},
        {"effect": {"kind": "other", "description": "a slope"}},
    ],
)
def test_what_our_formulas_do_not_cover_has_no_figure_beside_it(given: dict[str, Any]) -> None:
    (told,) = drafted().do(sign(**given))  # type: ignore[misc]
    assert isinstance(told, DesignInputSigned)
    assert (told.recomputed, told.recomputed_by, told.difference_ratio) == (None, None, None)


def test_events_of_a_log_rank_test_are_told_with_its_subjects() -> None:
    effect = {"kind": "survival", "hazard_ratio": 0.7, "event_probability": 0.5}
    (told,) = drafted().do(sign(effect=effect, events=247))  # type: ignore[misc]
    assert isinstance(told, DesignInputSigned)
    assert (told.recomputed_events, told.recomputed) == (247, 494)


def test_another_input_for_an_endpoint_names_the_one_it_supersedes() -> None:
    world = drafted()
    anew = {"supersedes": INPUT, "reason": "variance"}
    assert refused(world, sign(input_id=NEXT, **anew)) == "statistics.supersedes"
    world.do(sign())
    assert refused(world, sign(input_id=NEXT)) == "statistics.supersedes"
    assert refused(world, sign(input_id=NEXT, endpoint="another")) is None
    assert refused(world, sign(input_id=UUID(int=53), **anew)) is None
    assert shown(world, DesignInputRow, TRIAL, INPUT).superseded_by == UUID(int=53)
    assert shown(world, DesignInputRow, TRIAL, INPUT).total == 128
    assert refused(world, sign(power=0.9)) == "statistics.id_in_use"


def test_a_sample_size_is_for_arms_of_a_version_that_stands() -> None:
    world = drafted()
    assert refused(world, sign(version="2.0")) == "protocol.version_unknown"
    world.do(plan_of())
    wrong = [{"arm": "A", "size": 64}, {"arm": "C", "size": 64}]
    assert refused(world, sign(arms=wrong)) == "statistics.arm_unknown"
    world.do(AbandonProtocolVersion(trial_id=TRIAL, version="1.0", reason="redesign"))
    assert refused(world, sign()) == "protocol.version_given_up"
    assert refused(World(), sign()) == "protocol.version_unknown"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"total": 127}, "total: is the sum of the arms"),
        ({"total": 0}, "total"),
        ({"arms": [{"arm": "A", "size": 64}, {"arm": "A", "size": 64}]}, "an arm stands twice"),
        ({"arms": [{"arm": "A", "size": 0}]}, "size"),
        ({"hypothesis": "non_inferiority"}, "null_value: non-inferiority"),
        (
            {"effect": {"kind": "survival", "hazard_ratio": 1, "event_probability": 1}, "null_value": -1},
            "null_value: of a hazard ratio",
        ),
        ({"supersedes": NEXT}, "reason: given with what is superseded"),
        ({"alpha": 0}, "alpha"),
        ({"alpha": 1e-17}, "alpha"),
        ({"power": 1}, "power"),
        ({"drop_out": 0.9999}, "drop_out"),
        ({"effect": {"kind": "means", "difference": float("nan"), "standard_deviation": 1}}, "difference"),
    ],
)
def test_a_bad_sample_size_names_its_field(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        sign(**given)


@pytest.mark.parametrize("alpha", [1e-9, 0.4999999999])
@pytest.mark.parametrize("power", [0.5000000001, 1 - 1e-9])
@pytest.mark.parametrize("drop_out", [0, 0.99])
@pytest.mark.parametrize(
    "effect",
    [
        {"kind": "means", "difference": 0.001, "standard_deviation": 100},
        {"kind": "means", "difference": 1e-9, "standard_deviation": 1e12},
        {"kind": "means", "difference": 1e12, "standard_deviation": 1e-9},
        {"kind": "proportions", "control": 0.5, "experimental": 0.500000001},
        {"kind": "survival", "hazard_ratio": 1.000000001, "event_probability": 1e-6},
    ],
)
def test_our_own_figure_fails_no_signed_act(effect: Any, drop_out: float, power: float, alpha: float) -> None:
    (signed,) = drafted().do(sign(sides=1, effect=effect, drop_out=drop_out, power=power, alpha=alpha))  # type: ignore[misc]
    assert (signed.recomputed or 0) <= 10**15  # type: ignore[union-attr]


STATUSES: tuple[PlanStatus, ...] = get_args(PlanStatus)


def _supersede(world: World) -> Any:
    world.do(sap("2", reason="blind_review"))
    return world.do(approve_plan("2", TODAY - 4 * DAY))


PLAN_TO: dict[PlanStatus, Any] = {
    "drafted": lambda world: world.do(sap()),
    "approved": lambda world: world.do(approve_plan()),
    "superseded": _supersede,
    "abandoned": lambda world: world.do(AbandonAnalysisPlan(trial_id=TRIAL, plan="1", reason="redesign")),
}
PLAN_WAY: dict[PlanStatus, tuple[PlanStatus, ...]] = {
    "drafted": ("drafted",),
    "approved": ("drafted", "approved"),
    "superseded": ("drafted", "approved", "superseded"),
    "abandoned": ("drafted", "abandoned"),
}


def plan_status(world: World) -> str:
    return next(str(one.status) for one in shown(world, AnalysisPlanRow, TRIAL).plans if one.plan == "1")


@pytest.mark.parametrize(("before", "after"), [*product(STATUSES, STATUSES)])
def test_a_plan_takes_the_steps_that_the_table_allows_and_no_other(
    before: PlanStatus, after: PlanStatus
) -> None:
    world = drafted()
    for step in PLAN_WAY[before]:
        PLAN_TO[step](world)
    assert plan_status(world) == before
    answer = PLAN_TO[after](world)
    if after in TRANSITIONS.get(before, ()):
        assert plan_status(world) == after
        return
    assert plan_status(world) == before
    asked = after in ("approved", "abandoned")
    # A plan that was approved stays so: to approve it as of the same day is a repetition.
    if asked and before != after and (before, after) != ("superseded", "approved"):
        assert isinstance(answer, Refusal)
        assert (answer.rule, answer.state) == ("plan.transition", before)


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        (approve_plan("2", TODAY - 7 * DAY), "plan.before_draft"),
        (approve_plan("2", TODAY - 6 * DAY), "plan.before_approval"),
        (approve_plan("2", TODAY + 2 * DAY), "plan.in_future"),
    ],
)
def test_each_guard_of_an_approval_refuses_it(command: Any, rule: str) -> None:
    assert rule in GUARDS["drafted", "approved"]
    world = drafted()
    for prepared in (sap(), approve_plan(), sap("2", TODAY - 6 * DAY, reason="blind_review")):
        world.do(prepared)
    refusal = world.do(command)
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.state, refusal.field) == (rule, "drafted", "approved_on")


def test_a_plan_is_drafted_once_for_a_version_that_is_known_and_says_why_it_replaces_another() -> None:
    world = drafted()
    assert refused(world, sap(version="9.9")) == "protocol.version_unknown"
    world.do(sap())
    assert world.do(sap()) == []
    assert refused(world, sap(document_ref="tmf/other")) == "plan.known"
    world.do(approve_plan())
    assert world.do(approve_plan()) == []
    assert refused(world, sap("2")) == "plan.reason_missing"
    assert refused(World(), sap()) == "protocol.version_unknown"
    assert refused(world, approve_plan("7")) == "plan.unknown"


def test_a_lock_after_the_approval_breaks_nothing_and_marks_what_comes_later() -> None:
    world = drafted()
    for command in (sap(), approve_plan()):
        world.do(command)
    (told,) = world.do(reached())  # type: ignore[misc]
    assert isinstance(told, AnalysisMilestoneReached)
    assert (told.plan, told.breaks) == ("1", ())
    assert world.do(reached()) == []
    world.do(sap("2", reason="query_of_authority"))
    (approved,) = world.do(approve_plan("2", TODAY - DAY))  # type: ignore[misc]
    assert isinstance(approved, AnalysisPlanApproved)
    assert (approved.after, approved.supersedes) == (("database_lock",), "1")
    row = shown(world, AnalysisPlanRow, TRIAL)
    assert [(one.plan, one.status, one.after) for one in row.plans] == [
        ("1", "superseded", ()),
        ("2", "approved", ("database_lock",)),
    ]


def test_an_unblinding_told_later_marks_the_plan_that_it_came_before() -> None:
    world = drafted()
    for command in (sap(), approve_plan(), reached("unblinding", TODAY - 6 * DAY)):
        world.do(command)
    row = shown(world, AnalysisPlanRow, TRIAL)
    assert (row.plans[0].after, row.milestones) == (("unblinding",), {"unblinding": TODAY - 6 * DAY})


def test_a_lock_without_an_approved_plan_is_a_deviation_until_its_day_is_corrected() -> None:
    world = drafted()
    for command in (sap(), approve_plan(), reached(on=TODAY - 7 * DAY)):
        world.do(command)
    (deviation,) = world.events(DeviationReported)
    assert (deviation.rules, deviation.citation) == (("plan.none_approved",), "ICH E9, 5.1")
    assert (deviation.category, deviation.occurred_on) == ("database_lock", TODAY - 7 * DAY)
    world.do(reached(on=TODAY - 2 * DAY))
    (annulled,) = world.events(DeviationAnnulled)
    assert annulled.deviation_id == deviation.deviation_id
    assert shown(world, AnalysisPlanRow, TRIAL).milestones == {"database_lock": TODAY - 2 * DAY}


def test_a_lock_in_the_future_is_kept_and_a_deviation() -> None:
    world = drafted()
    for command in (sap(), approve_plan(), reached(on=TODAY + 9 * DAY)):
        world.do(command)
    assert [told.rules for told in world.events(DeviationReported)] == [("plan.in_future",)]


def test_a_version_is_shown_with_what_authorities_and_boards_have_of_it() -> None:
    world = chosen(registered())
    for command in (draft(document_ref="tmf/1"), submit(), approve()):
        world.do(command)
    row = shown(world, VersionRow, TRIAL, "1.0")
    assert (row.status, row.ordinal, row.document_ref) == ("effective", 1, "tmf/1")
    assert {country: filed.reference for country, filed in row.submitted.items()} == {"US": "0012"}
    assert len(row.approvals) == 1


def test_a_version_that_was_given_up_says_why() -> None:
    world = drafted()
    world.do(AbandonProtocolVersion(trial_id=TRIAL, version="1.0", reason="redesign"))
    row = shown(world, VersionRow, TRIAL, "1.0")
    assert (row.status, row.given_up) == ("abandoned", "redesign")
    assert world.guard(TrialProtocol, TRIAL).versions == {"1.0": "abandoned"}


def test_a_version_known_only_from_its_submission_has_no_status() -> None:
    world = registered()
    world.do(submit())
    assert shown(world, VersionRow, TRIAL, "1.0").status is None


def test_a_device_trials_version_is_shown_with_the_authoritys_decision() -> None:
    world = chosen(registered("us_ide"))
    world.do(draft())
    world.do(submit())
    world.do(
        RecordProtocolAuthorisation(
            trial_id=TRIAL, version="1.0", country="US", authorisation="S-1", authorised_on=TODAY - 8 * DAY
        )
    )
    world.do(approve())
    row = shown(world, VersionRow, TRIAL, "1.0")
    assert (row.status, row.authorised["US"].reference) == ("effective", "S-1")


def test_an_urgent_change_is_shown_with_who_was_told_when() -> None:
    world = hazard("us_ide")
    for whom in ("board", "authority"):
        world.do(notice(whom, TODAY))
    row = shown(world, UrgentChangeRow, TRIAL, UUID(int=42))
    assert (row.sites, row.version, row.board_told_on, row.authority_told_on) == (
        (SITE,),
        "2.0",
        TODAY,
        TODAY,
    )
    assert row.authority_by == date(2026, 3, 16)


def test_an_event_about_something_else_touches_no_row() -> None:
    message = recorded(SiteReady(trial_id=TRIAL, site_id=SITE, gates=()), SITE)
    assert [touched(keys, message) for _, keys, _ in ROWS] == [()] * len(ROWS)
    known = AnalysisPlanRow(TRIAL)
    assert fold_plan(known, message, (TRIAL,)) == known


def test_time_alone_changes_no_design_no_sample_size_and_no_plan() -> None:
    wake = Wake(stream=TRIAL)
    assert design.decide(design.Design(), wake, Facts(), NOW) == []
    assert statistics.decide(statistics.Statistics(), wake, Facts(), NOW) == []
    assert analysis_plan.decide(analysis_plan.Plans(), wake, Facts(), NOW) == []


def test_a_superseded_version_is_shown_as_that() -> None:
    assert shown(hazard(), VersionRow, TRIAL, "1.0").status == "superseded"
