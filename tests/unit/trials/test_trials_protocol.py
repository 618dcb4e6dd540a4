"""The protocol: what makes a version effective at a site, what refuses a draft, what a hazard asks for."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.commands.protocol import (
    AbandonProtocolVersion,
    RecordProtocolAuthorisation,
    RecordUrgentNotice,
    ReviewProtocol,
    WithdrawProtocolVersion,
)
from services.trials.commands.site import IdentifySite
from services.trials.commands.trial import ChangeTrialStatus
from services.trials.domain import protocol
from services.trials.projections.protocol import (
    UrgentChangeRow,
    fold_urgent,
    fold_version,
    urgent_keys,
    version_keys,
)
from services.trials.projections.protocol_guards import InForce, SiteProtocol, without_overlap
from services.trials.rules.protocol import authority_step, urgent_notices
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.regulatory import IrbApprovalCorrected, IrbApprovalTerminated, IrbApproved
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.protocol import (
    ProtocolVersionApproved,
    ProtocolVersionDrafted,
    ProtocolVersionEffective,
    ProtocolVersionSubmitted,
    ProtocolVersionSuperseded,
    Told,
    UrgentChangeMade,
    UrgentChangeTold,
)
from tests.support.touched import touched
from tests.unit.trials.protocol_world import (
    CHANGE,
    DAY,
    FIRST,
    TODAY,
    approve,
    at_site,
    draft,
    registered,
    status,
    submit,
    urgent,
)
from tests.unit.trials.trials_world import SITE, TRIAL, World, selected

SECOND, OTHER = UUID(int=43), UUID(int=44)


def chosen(world: World, country: str = "US", site: UUID = SITE) -> World:
    world.do(IdentifySite(trial_id=TRIAL, site_id=site, name="A site"))
    zone = "America/New_York" if country == "US" else "Europe/Madrid"
    world.do(selected(site, zone, country))
    return world


def effective(world: World) -> list[tuple[str, date]]:
    return [(told.version, told.effective_on) for told in world.events(ProtocolVersionEffective)]


def at(world: World, day: date) -> None:
    """The clock moves to noon of a day."""
    world.now = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)


def woken(world: World) -> list[Any] | Refusal:
    """What time alone makes of the protocol."""
    stream = draft().stream_id
    _, state = world.states[stream]
    return protocol.decide(state, Wake(stream=stream), Facts(), world.now)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 3, 1)])
def test_a_version_is_in_force_once_submitted_and_approved_in_whatever_order(order: tuple[int, ...]) -> None:
    world = registered()
    acts: list[Any] = [
        lambda: chosen(world),
        lambda: world.do(draft()),
        lambda: world.do(submit()),
        lambda: world.do(approve()),
    ]
    for n in order:
        assert effective(world) == []
        acts[n]()
    (told,) = world.events(ProtocolVersionEffective)
    assert (told.version, told.site_id, told.effective_on) == ("1.0", SITE, TODAY - 5 * DAY)
    assert (told.irb_approval, told.submission, told.country, told.supersedes) == (FIRST, "0012", "US", None)
    assert (status(world), at_site(world), at_site(world, TODAY - 6 * DAY)) == ("effective", "1.0", None)


def test_the_later_of_the_two_days_counts() -> None:
    world = chosen(registered())
    for command in (draft(), approve(on=TODAY - 9 * DAY), submit(on=TODAY - 3 * DAY)):
        world.do(command)
    assert effective(world) == [("1.0", TODAY - 3 * DAY)]


def test_an_approval_of_another_version_does_not_count() -> None:
    world = chosen(registered())
    for command in (draft(), submit(), approve("1.1")):
        world.do(command)
    assert effective(world) == []
    assert at_site(world) is None


def test_a_submission_in_another_country_does_not_count() -> None:
    world = chosen(registered())
    for command in (draft(), submit(country="CA"), approve()):
        world.do(command)
    assert effective(world) == []


def test_an_amendment_takes_the_place_of_the_version_before_at_each_site_on_its_own_day() -> None:
    world = chosen(chosen(registered()), site=OTHER)
    for command in (draft(), submit(), approve("1.0", TODAY - 8 * DAY, FIRST, SITE, OTHER)):
        world.do(command)
    world.do(draft("2.0", amends="1.0"))
    world.do(submit("2.0", TODAY - 6 * DAY, submission="0013"))
    world.do(approve("2.0", TODAY - 4 * DAY, SECOND, SITE))
    assert [at_site(world, TODAY - n * DAY) for n in (8, 5, 4, 0)] == ["1.0", "1.0", "2.0", "2.0"]
    assert at_site(world, TODAY, OTHER) == "1.0"
    assert (status(world, "1.0"), status(world, "2.0")) == ("effective", "effective")
    assert world.events(ProtocolVersionEffective)[-1].supersedes == "1.0"
    world.do(approve("2.0", TODAY - 2 * DAY, UUID(int=45), OTHER))
    assert status(world, "1.0") == "superseded"
    assert superseded(world) == [("1.0", TODAY - 2 * DAY)]


def superseded(world: World) -> list[tuple[str, date | None]]:
    return [(told.version, told.superseded_on) for told in world.events(ProtocolVersionSuperseded)]


def test_a_version_is_told_superseded_with_the_day_on_which_the_last_higher_one_begins() -> None:
    world = chosen(registered())
    for command in (draft(), submit(), approve(), draft("2.0", amends="1.0"), submit("2.0")):
        world.do(command)
    world.do(approve("2.0", TODAY + 20 * DAY, SECOND))
    assert superseded(world) == [("1.0", TODAY + 20 * DAY)]
    world.do(approve("2.0", TODAY + 9 * DAY, SECOND))
    assert superseded(world)[1:] == [("1.0", TODAY + 9 * DAY)]
    assert world.do(approve("2.0", TODAY + 9 * DAY, SECOND)) == []
    world.do(submit("1.0", TODAY - 8 * DAY, submission="0012a"))
    assert len(superseded(world)) == 2
    assert first_row(world) == ("superseded", TODAY + 9 * DAY)
    # A site that is approved for the first version alone brings it back.
    world = chosen(world, site=OTHER)
    world.do(approve("1.0", TODAY, UUID(int=46), OTHER))
    assert first_row(world) == (status(world, "1.0"), None) == ("effective", None)


def first_row(world: World) -> tuple[Any, date | None]:
    row = None
    for message in world.told:
        for key in touched(version_keys, message):
            row = fold_version(row, message, key) if key == (TRIAL, "1.0") else row
    assert row
    return row.status, row.superseded_on


@pytest.mark.parametrize("countries", [(), ("US",)])
def test_what_another_version_amended_for_a_country_is_amended_there_no_more(countries: Any) -> None:
    world = chosen(registered())
    for command in (draft(), submit(), approve(), draft("2.0", amends="1.0", countries=countries)):
        world.do(command)
    for command in (submit("2.0"), approve("2.0", TODAY - 3 * DAY, SECOND)):
        world.do(command)
    assert (status(world, "1.0"), at_site(world)) == ("superseded", "2.0")
    refusal = world.do(draft("3.0", amends="1.0"))
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.state) == ("protocol.overlap", "effective")
    assert not isinstance(world.do(draft("3.0", amends="2.0")), Refusal)


def test_a_version_for_other_countries_is_none_to_amend() -> None:
    world = registered()
    for command in (draft(), draft("1.1-US", amends="1.0", countries=("US",))):
        world.do(command)
    refusal = world.do(draft("1.2-CA", amends="1.1-US", countries=("CA",)))
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.field) == ("protocol.country_not_concerned", "amends")


def test_an_older_version_that_is_complete_after_a_newer_one_never_comes_in_force() -> None:
    world = chosen(registered())
    for command in (draft(), submit(), draft("2.0", amends="1.0"), submit("2.0")):
        world.do(command)
    world.do(approve("2.0", TODAY - 5 * DAY))
    world.do(approve("1.0", TODAY - 2 * DAY, SECOND))
    assert effective(world) == [("2.0", TODAY - 5 * DAY)]


def test_an_older_version_told_late_was_in_force_until_the_newer_one() -> None:
    world = chosen(registered())
    for command in (draft(), submit(), draft("2.0", amends="1.0"), submit("2.0")):
        world.do(command)
    world.do(approve("2.0", TODAY - 2 * DAY))
    world.do(approve("1.0", TODAY - 5 * DAY, SECOND))
    assert [at_site(world, TODAY - n * DAY) for n in (5, 3, 2)] == ["1.0", "1.0", "2.0"]
    assert status(world, "1.0") == "superseded"


def test_a_renewal_of_the_same_version_changes_no_first_day() -> None:
    world = chosen(registered())
    for command in (draft(), submit(), approve(), approve("1.0", TODAY, SECOND)):
        world.do(command)
    assert effective(world) == [("1.0", TODAY - 5 * DAY)]


def test_a_corrected_approval_moves_the_first_day() -> None:
    world = chosen(registered())
    for command in (draft(), submit(), approve(), approve(None, TODAY - 2 * DAY)):
        world.do(command)
    assert effective(world) == [("1.0", TODAY - 5 * DAY), ("1.0", TODAY - 2 * DAY)]
    assert (at_site(world), at_site(world, TODAY - 3 * DAY)) == ("1.0", None)


def test_a_correction_of_an_approval_that_was_for_no_version_is_none_of_the_protocols() -> None:
    assert registered().do(approve(None)) == []


def test_a_version_for_some_countries_is_in_force_in_no_other() -> None:
    world = chosen(registered())
    for command in (draft(countries=("CA",)), submit(), approve()):
        world.do(command)
    assert effective(world) == []
    (broken,) = world.events(DeviationReported)
    assert broken.rules == ("protocol.country_not_concerned",)


def test_in_the_union_a_substantial_version_waits_for_the_authoritys_decision() -> None:
    world = chosen(registered("other"), "ES")
    for command in (draft(), submit(country="ES"), approve()):
        world.do(command)
    assert effective(world) == []
    decided = RecordProtocolAuthorisation(
        trial_id=TRIAL, version="1.0", country="ES", authorisation="D-1", authorised_on=TODAY - DAY
    )
    world.do(decided)
    assert effective(world) == [("1.0", TODAY - DAY)]
    assert world.do(decided) == []
    assert world.events(DeviationReported) == []


def test_in_the_union_a_version_that_is_not_substantial_waits_for_its_board_alone() -> None:
    world = chosen(registered("other"), "ES")
    for command in (draft(substantial=False), approve()):
        world.do(command)
    assert effective(world) == [("1.0", TODAY - 5 * DAY)]


def test_a_decision_before_any_submission_breaks_the_order() -> None:
    world = registered("other")
    world.do(draft())
    world.do(
        RecordProtocolAuthorisation(
            trial_id=TRIAL, version="1.0", country="ES", authorisation="D-1", authorised_on=TODAY
        )
    )
    (broken,) = world.events(DeviationReported)
    assert (broken.rules, broken.category) == (("protocol.before_submission",), "protocol")


@pytest.mark.parametrize(
    ("route", "country", "substantial", "needs"),
    [
        ("us_ind", "US", True, "submission"),
        ("us_ind", "US", False, "submission"),
        ("us_ide", "US", True, "authorisation"),
        ("us_ide", "US", False, "submission"),
        ("other", "DE", True, "authorisation"),
        ("other", "DE", False, None),
        ("other", "JP", False, "authorisation"),
    ],
)
def test_what_an_authority_has_to_have_follows_from_route_country_and_change(
    route: Any, country: str, substantial: bool, needs: str | None
) -> None:
    assert authority_step(route, country, substantial).needs == needs


@pytest.mark.parametrize(
    ("command", "rules"),
    [
        (submit("9.9"), ("protocol.version_unknown",)),
        (submit(on=date(2026, 1, 4)), ("protocol.before_version",)),
        (submit(on=TODAY + 2 * DAY), ("protocol.in_future",)),
        (submit("0.9"), ("protocol.version_given_up",)),
    ],
)
def test_a_submission_that_breaks_a_rule_is_kept_and_is_a_deviation(command: Any, rules: Any) -> None:
    world = registered()
    for prepared in (
        draft("0.9"),
        AbandonProtocolVersion(trial_id=TRIAL, version="0.9", reason="x"),
        draft(),
    ):
        world.do(prepared)
    told, deviation = world.do(command)  # type: ignore[misc]
    assert isinstance(told, ProtocolVersionSubmitted)
    assert isinstance(deviation, DeviationReported)
    assert told.breaks == deviation.rules == rules
    assert deviation.occurred_on == command.submitted_on
    assert world.do(command) == []


def test_a_draft_of_what_was_submitted_already_is_submitted() -> None:
    world = registered()
    world.do(submit())
    assert status(world) is None
    world.do(draft())
    assert status(world) == "submitted"
    assert world.do(draft()) == []


@pytest.mark.parametrize(
    ("command", "rule", "field"),
    [
        (draft(dated_on=date(2026, 1, 6)), "protocol.version_known", "version"),
        (draft("2.0"), "protocol.amends_missing", "amends"),
        (draft("2.0", amends="1.5"), "protocol.amends_unknown", "amends"),
        (draft("2.0", amends="0.9"), "protocol.amends_unknown", "amends"),
        (draft("2.0", amends="1.0", dated_on=date(2026, 1, 4)), "protocol.before_version", "dated_on"),
        (draft("2.0", amends="1.0"), "protocol.overlap", "amends"),
        (draft("2.0", amends="1.0", countries=("US", "CA")), "protocol.overlap", "amends"),
    ],
)
def test_a_draft_that_does_not_fit_the_others_is_refused(command: Any, rule: str, field: str) -> None:
    world = registered()
    world.do(draft("0.9"))
    world.do(AbandonProtocolVersion(trial_id=TRIAL, version="0.9", reason="redesign"))
    world.do(draft())
    world.do(draft("1.1", amends="1.0", countries=("US",)))
    refusal = world.do(command)
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.field) == (rule, field)


def test_amendments_of_one_version_for_different_countries_stand_beside_each_other() -> None:
    world = registered()
    world.do(draft())
    world.do(draft("1.1-US", amends="1.0", countries=("US",)))
    assert not isinstance(world.do(draft("1.1-CA", amends="1.0", countries=("CA",))), Refusal)


def test_versions_count_up_in_the_order_of_their_drafts() -> None:
    world = registered()
    world.do(draft())
    world.do(draft("2.0", amends="1.0"))
    assert [told.ordinal for told in world.events(ProtocolVersionDrafted)] == [1, 2]


def test_only_a_trial_that_goes_on_has_its_protocol_drafted() -> None:
    unknown = World().do(draft())
    assert isinstance(unknown, Refusal)
    assert (unknown.rule, unknown.field) == ("trial.unknown", "trial_id")
    world = registered()
    world.do(ChangeTrialStatus(trial_id=TRIAL, status="withdrawn", reason="no funds"))
    finished = world.do(draft())
    assert isinstance(finished, Refusal)
    assert (finished.rule, finished.state) == ("trial.finished", "withdrawn")


@pytest.mark.parametrize("kind", [AbandonProtocolVersion, WithdrawProtocolVersion])
def test_a_version_that_nobody_drafted_is_not_given_up(kind: Any) -> None:
    given = {"withdrawn_on": TODAY} if kind is WithdrawProtocolVersion else {}
    refusal = registered().do(kind(trial_id=TRIAL, version="1.0", reason="redesign", **given))
    assert isinstance(refusal, Refusal)
    assert (refusal.rule, refusal.field) == ("protocol.version_unknown", "version")


def test_a_board_that_approves_what_was_withdrawn_brings_nothing_in_force() -> None:
    world = chosen(registered())
    for command in (draft(), submit()):
        world.do(command)
    world.do(WithdrawProtocolVersion(trial_id=TRIAL, version="1.0", withdrawn_on=TODAY, reason="redesign"))
    (told,) = world.do(approve())  # type: ignore[misc]
    assert isinstance(told, ProtocolVersionApproved)
    assert effective(world) == []


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"amends": "1.0", "sections": ()}, "sections, reason"),
        ({"amends": "1.0", "reason": None}, "sections, reason"),
        ({"sha256": "0" * 64}, "document_ref"),
        ({"sha256": "x", "document_ref": "tmf/1"}, "sha256"),
        ({"countries": ("Spain",)}, "countries"),
        ({"dated_on": date(1800, 1, 1)}, "dated_on"),
        ({"version": "v\n1"}, "version"),
    ],
)
def test_a_bad_draft_names_its_field(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        draft(**given)


def hazard(route: str = "us_ind", **given: Any) -> World:
    """Two versions, the second used at once at a site that followed the first."""
    world = chosen(registered(route), given.get("country", "US"))
    for command in (draft(), submit(), approve(), draft("2.0", amends="1.0"), urgent(**given)):
        world.do(command)
    return world


def notice(whom: Told, on: date, *sites: UUID) -> RecordUrgentNotice:
    return RecordUrgentNotice(
        site_ids=sites,
        trial_id=TRIAL,
        change_id=CHANGE,
        version="2.0",
        whom=whom,
        told_on=on,
        reference="letter",
    )


def test_a_change_against_a_hazard_is_in_force_at_once_and_says_who_is_to_be_told_by_when() -> None:
    world = hazard()
    (made,) = world.events(UrgentChangeMade)
    # Monday 9 March and five working days; the rule counts none for the authority.
    assert (made.board_by, made.authority_by) == (date(2026, 3, 16), None)
    assert made.board_citation == "21 CFR 312.30(b)(2)(ii), 56.104(c)"
    assert made.authority_citation == "21 CFR 312.30(b)(2)(ii)"
    told = world.events(ProtocolVersionEffective)[-1]
    assert (told.version, told.urgent, told.effective_on) == ("2.0", True, TODAY - DAY)
    assert (told.irb_approval, told.submission, told.supersedes) == (None, None, "1.0")
    assert world.events(DeviationReported) == []
    assert at_site(world) == "2.0"
    assert world.do(urgent()) == []


def test_a_board_that_was_not_told_in_time_is_a_deviation_from_the_next_local_midnight() -> None:
    world = hazard()
    _, state = world.states[draft().stream_id]
    due = protocol.wake_at(state)
    assert due == datetime(2026, 3, 17, 4, tzinfo=UTC)
    before = due - timedelta(seconds=1)
    assert protocol.decide(state, Wake(stream=draft().stream_id), Facts(), before) == []
    (late,) = protocol.decide(state, Wake(stream=draft().stream_id), Facts(), due)  # type: ignore[misc]
    assert isinstance(late, DeviationReported)
    assert late.rules == ("protocol.board_not_told",)
    assert (late.cause, late.occurred_on) == (CHANGE, date(2026, 3, 16))
    assert late.citation == "21 CFR 312.30(b)(2)(ii), 56.104(c)"
    after = protocol.evolve(state, late)
    assert protocol.wake_at(after) is None
    assert protocol.decide(after, Wake(stream=draft().stream_id), Facts(), due) == []


@pytest.mark.parametrize(
    "told",
    [notice("board", date(2026, 3, 16)), approve("2.0", date(2026, 3, 12), SECOND)],
)
def test_a_board_that_was_told_in_time_is_no_deviation_also_where_we_learn_it_later(told: Any) -> None:
    world = hazard()
    at(world, date(2026, 3, 20))
    world.do(ReviewProtocol(trial_id=TRIAL))
    (deviation,) = world.events(DeviationReported)
    world.do(told)
    (annulled,) = world.events(DeviationAnnulled)
    assert (annulled.deviation_id, annulled.reason) == (deviation.deviation_id, "protocol.told_in_time")
    assert woken(world) == []


def test_a_board_that_was_told_late_is_a_deviation_at_once() -> None:
    world = hazard()
    at(world, date(2026, 3, 18))
    world.do(notice("board", date(2026, 3, 17)))
    (late,) = world.events(DeviationReported)
    assert late.rules == ("protocol.board_not_told",)
    assert world.do(notice("board", date(2026, 3, 17))) == []
    assert woken(world) == []


def test_a_notice_in_time_is_asked_for_no_more() -> None:
    world = hazard()
    world.do(notice("board", TODAY))
    _, state = world.states[draft().stream_id]
    assert protocol.wake_at(state) is None


@pytest.mark.parametrize(
    ("on", "rule"),
    [(TODAY - 2 * DAY, "protocol.before_change"), (TODAY + 9 * DAY, "protocol.in_future")],
)
def test_a_notice_of_an_impossible_day_is_marked_and_tells_nobody(on: date, rule: str) -> None:
    world = hazard()
    at(world, date(2026, 3, 17))
    world.do(ReviewProtocol(trial_id=TRIAL))
    (told, deviation) = world.do(notice("board", on))  # type: ignore[misc]
    assert (told.breaks, deviation.rules) == ((rule,), (rule,))  # type: ignore[union-attr]
    assert world.events(DeviationAnnulled) == []
    assert world.do(notice("board", on)) == []


def test_a_notice_from_before_a_change_that_was_not_known_yet_counts_no_more_once_it_is() -> None:
    world = chosen(registered())
    early = notice("board", TODAY - 9 * DAY, SITE)
    for command in (draft(), submit(), approve(), draft("2.0", amends="1.0"), early, urgent()):
        world.do(command)
    assert protocol.wake_at(world.states[draft().stream_id][1]) is not None


def test_each_board_is_told_for_its_own_sites() -> None:
    world = hazard(site_ids=(SITE, OTHER))
    (told, deviation) = world.do(notice("board", TODAY))  # type: ignore[misc]
    assert told.breaks == deviation.rules == ("protocol.sites_not_named",)  # type: ignore[union-attr]
    world.do(notice("board", TODAY, SITE))
    assert protocol.wake_at(world.states[draft().stream_id][1]) is not None
    assert hazard_row(world).board_told_on is None
    world.do(approve("2.0", TODAY + DAY, SECOND, OTHER))
    assert protocol.wake_at(world.states[draft().stream_id][1]) is None
    row = hazard_row(world)
    assert (row.board_told, row.board_told_on) == ({SITE: TODAY, OTHER: TODAY + DAY}, TODAY + DAY)
    assert row.breaks == ("protocol.site_not_chosen", "protocol.sites_not_named")


def hazard_row(world: World) -> UrgentChangeRow:
    row: UrgentChangeRow | None = None
    for message in world.told:
        for key in touched(urgent_keys, message):
            row = fold_urgent(row, message, key)
    assert row
    return row


def test_an_approval_that_covers_some_of_the_sites_does_not_tell_the_boards_of_all() -> None:
    world = hazard(site_ids=(SITE, OTHER))
    world.do(approve("2.0", TODAY, SECOND, SITE))
    _, state = world.states[draft().stream_id]
    assert protocol.wake_at(state) is not None
    world.do(approve("2.0", TODAY, UUID(int=46), OTHER))
    _, state = world.states[draft().stream_id]
    assert protocol.wake_at(state) is None


def test_approval_and_submission_afterwards_leave_the_first_day_as_it_was() -> None:
    world = hazard()
    for command in (submit("2.0", TODAY), approve("2.0", TODAY, SECOND)):
        world.do(command)
    assert effective(world) == [("1.0", TODAY - 5 * DAY), ("2.0", TODAY - DAY)]


def test_in_the_union_the_authority_is_told_within_seven_days_and_its_submission_tells_it() -> None:
    world = hazard("other", country="ES", zone="Europe/Madrid")
    (made,) = world.events(UrgentChangeMade)
    assert (made.authority_by, made.board_by) == (TODAY + 6 * DAY, None)
    assert made.authority_citation == "Regulation (EU) 536/2014, art. 54(2)"
    world.do(submit("2.0", TODAY, country="ES"))
    _, state = world.states[draft().stream_id]
    assert protocol.wake_at(state) is None
    (told,) = world.events(UrgentChangeTold)
    assert (told.whom, told.told_on, told.reference) == ("authority", TODAY, "0012")


def test_where_no_rule_is_known_nobody_is_to_be_told_by_a_day() -> None:
    assert urgent_notices("other", "JP") == ()
    assert {notice.whom: notice.days for notice in urgent_notices("us_ide", "US")} == {
        "board": 5,
        "authority": 5,
    }


def test_an_urgent_change_to_a_version_that_nobody_drafted_is_kept_and_counts_once_it_is() -> None:
    world = chosen(registered())
    made, deviation = world.do(urgent("1.0"))  # type: ignore[misc]
    assert isinstance(made, UrgentChangeMade)
    assert isinstance(deviation, DeviationReported)
    assert made.breaks == deviation.rules == ("protocol.version_unknown",)
    world.do(draft())
    assert effective(world) == [("1.0", TODAY - DAY)]


def test_a_version_used_in_two_urgent_changes_is_in_force_from_the_first() -> None:
    world = hazard()
    world.do(urgent(change_id=UUID(int=47), on=TODAY))
    assert effective(world)[-1] == ("2.0", TODAY - DAY)


def test_a_trial_that_nobody_knows_keeps_what_it_is_told() -> None:
    world = World()
    world.do(urgent("1.0", country="ES", zone="Europe/Madrid"))
    world.do(approve("1.0"))
    assert effective(world) == []
    assert len(world.events(UrgentChangeMade)) == 1


def irb(kind: Any = "amendment", version: str = "1.0") -> IrbApproved:
    return IrbApproved(
        review_id=UUID(int=20),
        approval_id=FIRST,
        trial_id=TRIAL,
        site_ids=(SITE,),
        kind=kind,
        protocol_version=version,
        effective_on=TODAY - 5 * DAY,
        expires_on=TODAY + 300 * DAY,
        zone="America/New_York",
    )


def test_what_a_board_approves_and_corrects_reaches_the_protocol() -> None:
    world = chosen(registered())
    for command in (draft(), submit()):
        world.do(command)
    world.hear(irb(), FIRST)
    assert effective(world) == [("1.0", TODAY - 5 * DAY)]
    corrected = IrbApprovalCorrected(
        approval_id=FIRST,
        corrects=UUID(int=6),
        site_ids=(SITE,),
        effective_on=TODAY - 3 * DAY,
        expires_on=TODAY + 300 * DAY,
        zone="America/New_York",
        reason="typing_error",
    )
    world.hear(corrected, FIRST)
    assert effective(world)[-1] == ("1.0", TODAY - 3 * DAY)


def ended(on: date) -> IrbApprovalTerminated:
    return IrbApprovalTerminated(
        approval_id=FIRST, site_ids=(SITE,), terminated_on=on, reason="non_compliance"
    )


def test_an_approval_that_its_board_has_ended_brings_nothing_in_force() -> None:
    world = chosen(registered())
    world.do(draft())
    world.hear(irb(), FIRST)
    world.hear(ended(TODAY - 3 * DAY), FIRST)
    world.do(submit(on=TODAY - 3 * DAY))
    assert effective(world) == []
    world.do(submit(on=TODAY - 4 * DAY, submission="0013"))
    assert effective(world) == [("1.0", TODAY - 4 * DAY)]


def test_the_end_of_an_approval_for_no_version_is_none_of_the_protocols() -> None:
    world = chosen(registered())
    world.hear(ended(TODAY), FIRST)
    assert world.events(ProtocolVersionApproved) == []


def test_an_approval_that_ran_out_before_the_submission_brings_nothing_in_force() -> None:
    world = chosen(registered())
    for command in (draft(), approve(on=TODAY - 380 * DAY), submit()):
        world.do(command)
    assert effective(world) == []


@pytest.mark.parametrize(("kind", "version"), [("closure", "1.0"), ("initial", "  version one")])
def test_what_a_board_decides_of_no_version_of_ours_stays_out(kind: Any, version: str) -> None:
    world = registered()
    world.hear(irb(kind, version), FIRST)
    assert world.events(ProtocolVersionApproved) == []


versions = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=5)


@settings(deadline=None)
@given(versions, st.randoms(use_true_random=False))
def test_at_a_site_one_version_is_in_force_a_day_and_the_highest_that_has_begun(
    days: list[tuple[int, int]], random: Any
) -> None:
    world = chosen(registered())
    names = [f"{n}.0" for n in range(1, len(days) + 1)]
    for name, before in zip(names, [None, *names], strict=False):
        world.do(draft(name, **({"amends": before} if before else {})))
    told: list[Any] = []
    for n, (name, (submitted, approved)) in enumerate(zip(names, days, strict=True)):
        told.append(submit(name, TODAY + submitted * DAY, submission=name))
        told.append(approve(name, TODAY + approved * DAY, UUID(int=60 + n)))
    random.shuffle(told)
    for command in told:
        world.do(command)
    first = {name: TODAY + max(both) * DAY for name, both in zip(names, days, strict=True)}
    for n in range(-10, 11):
        day = TODAY + n * DAY
        begun = [name for name in names if first[name] <= day]
        assert at_site(world, day) == (begun[-1] if begun else None)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6))
def test_no_two_versions_of_a_site_overlap(days: list[int]) -> None:
    rows = without_overlap([InForce(f"{n}", n, TODAY + day * DAY) for n, day in enumerate(days, 1)])
    known = SiteProtocol(SITE, TRIAL, "US", rows)
    for n in range(-1, 32):
        day = TODAY + n * DAY
        found = [one for one in rows if one.effective_on <= day and (one.until is None or day <= one.until)]
        assert len(found) <= 1
        assert known.on(day) == (found[0] if found else None)
    assert [one.ordinal for one in rows] == sorted(one.ordinal for one in rows)
