"""FDA is notified of a new investigator of a trial under an IND: of whom, by when, and what settles it."""

from datetime import date, timedelta
from typing import Any, get_args
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.regulatory.commands import RecordInvestigatorNotice, WaiveInvestigatorNotices
from services.regulatory.commands.investigator_notice import HearTrialInd, OweInvestigatorNotice
from services.regulatory.domain.investigator_notice import InvestigatorNotices, decide, evolve
from services.regulatory.investigator_notices import arm, needs
from services.regulatory.projections import KnownTrial
from shared.contracts.message import Facts, Refusal, Wake
from shared.contracts.regulatory import (
    IndInEffect,
    InvestigatorNoticeOwed,
    InvestigatorNoticeReceived,
    InvestigatorNoticeWaived,
    NoticeWaiver,
)
from shared.contracts.trials.investigator import InvestigatorAdded, InvestigatorLeft
from shared.contracts.trials.programme import (
    ProgrammeAuthorisation,
    ProgrammeAuthorisationRecorded,
    ProgrammeTrialAdded,
)
from shared.contracts.trials.trial import TrialRegistered
from shared.rules.deadlines import DeadlineRow
from shared.rules.ledger_rows import ObligationOwners
from shared.rules.ownership import owners_of
from tests.unit.regulatory.flow import T0, Flow, recorded

TRIAL, OTHER, SITE, PROGRAMME, IND, SECOND = (
    uuid5(UUID(int=0), name) for name in ("trial", "other", "site", "programme", "ind", "second")
)
ONE, TWO = UUID(int=1), UUID(int=2)
TODAY = T0.date()
DAY = timedelta(days=1)
CODE = "ind_new_investigator_30_day"
LONG_AGO = date(2025, 1, 1)


class World(Flow):
    """The service with trials' topic, and what it shows."""

    def due(self) -> list[tuple[date, str]]:
        return sorted((r.due_on, r.status) for r in self.table(DeadlineRow) if r.code == CODE)

    def waived(self) -> list[str]:
        told = self.events.get(notice().stream_id, [])
        return [event.reason for event in told if isinstance(event, InvestigatorNoticeWaived)]


def added(on: date = TODAY, who: UUID = ONE, **fields: Any) -> InvestigatorAdded:
    told: dict[str, Any] = {"role": "principal", "identifiers": (), "zone": "Europe/Berlin"}
    ids: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "investigator_id": who}
    return InvestigatorAdded(**ids | told | fields, from_on=on)


def ind(since: date = LONG_AGO, until: date | None = None, **fields: Any) -> ProgrammeAuthorisationRecorded:
    told: dict[str, Any] = {"kind": "ind", "country": "US", "authorisation_id": IND, "covers": (TRIAL,)}
    told |= {"programme_id": PROGRAMME, "number": "1", "trial_ids": (TRIAL, OTHER)} | fields
    return ProgrammeAuthorisationRecorded(in_effect_on=since, withdrawn_on=until, **told)


def notice(*who: UUID, on: date = TODAY, ref: str = "0007") -> RecordInvestigatorNotice:
    return RecordInvestigatorNotice(
        trial_id=TRIAL, investigators=who or (ONE,), submission_ref=ref, receipt_on=on
    )


def waive(reason: NoticeWaiver = "treatment_protocol", *who: UUID) -> WaiveInvestigatorNotices:
    return WaiveInvestigatorNotices(trial_id=TRIAL, investigators=who or (ONE,), reason=reason)


@pytest.fixture
def world() -> World:
    return World()


def test_a_new_investigator_under_an_ind_is_told_within_thirty_days(world: World) -> None:
    world.hear(ind())
    world.hear(added())
    (row,) = world.table(DeadlineRow)
    assert (row.code, row.anchor_on, row.due_on, row.status) == (CODE, TODAY, date(2026, 4, 1), "armed")
    assert (row.citation, row.verified, row.zone) == ("21 CFR 312.30(c)", False, "America/New_York")
    assert (row.subject_kind, row.subject_id, row.trial_id) == ("investigator", ONE, TRIAL)
    assert (row.owner, row.organisation_id) == ("sponsor", None)


@pytest.mark.parametrize("event", [added(role="sub"), added(role="coordinator")])
def test_of_the_other_members_of_a_team_no_notice_is_owed(world: World, event: InvestigatorAdded) -> None:
    world.hear(ind())
    world.hear(event)
    assert (world.due(), world.waived()) == ([], [])


@pytest.mark.parametrize(
    "event",
    [
        ind(kind="ide"),
        ind(kind="marketing_authorisation"),
        ind(kind="cta", country="DE"),
        ind(covers=(OTHER,)),
        ind(until=TODAY),
        InvestigatorLeft(trial_id=TRIAL, site_id=SITE, investigator_id=TWO, until=TODAY),
    ],
)
def test_without_an_ind_of_that_day_it_is_waived(world: World, event: Any) -> None:
    world.hear(event)
    world.hear(added())
    assert (world.due(), world.waived()) == ([], ["no_ind"])


def test_an_ind_that_is_told_later_opens_the_duty_then(world: World) -> None:
    world.hear(added(TODAY - 10 * DAY))
    world.hear(added(TODAY - 3 * DAY, TWO))
    assert world.due() == []
    world.hear(ind(TODAY - 5 * DAY))
    assert world.due() == [(TODAY + 25 * DAY, "armed"), (TODAY + 27 * DAY, "armed")]
    world.hear(ind(TODAY - 5 * DAY))
    assert world.waived() == ["no_ind", "no_ind"]


def test_a_day_that_has_passed_when_the_ind_is_told_stays_the_true_one(world: World) -> None:
    world.hear(added(TODAY - 60 * DAY))
    world.hear(ind())
    assert world.due() == [(TODAY - 30 * DAY, "armed")]


def test_an_ind_that_names_no_trial_is_that_of_every_trial_of_its_programme(world: World) -> None:
    world.hear(ind(covers=()))
    world.hear(added())
    world.hear(added(who=TWO, trial_id=OTHER))
    assert len(world.due()) == 2


@pytest.mark.parametrize(
    ("covers", "kind", "armed"), [((), "ind", 1), ((TRIAL,), "ind", 1), ((OTHER,), "ind", 0), ((), "ide", 0)]
)
def test_a_trial_that_joins_a_programme_comes_under_its_ind(
    world: World, covers: tuple[UUID, ...], kind: Any, armed: int
) -> None:
    held = ProgrammeAuthorisation(
        authorisation_id=IND, kind=kind, country="US", in_effect_on=LONG_AGO, covers=covers
    )
    world.hear(ProgrammeTrialAdded(programme_id=PROGRAMME, trial_id=TRIAL, phase="I", authorisations=(held,)))
    world.hear(added())
    assert len(world.due()) == armed


def test_an_ind_in_effect_by_the_authority_s_receipt_counts_as_well(world: World) -> None:
    world.hear(added())
    about = IndInEffect(ind_id=IND, trial_ids=(TRIAL,), effective_on=TODAY + DAY, basis="thirty_days")
    world.deliver(recorded(about, IND, 3, "regulatory"))
    assert world.due() == [(TODAY + 31 * DAY, "armed")]


def test_another_first_day_of_the_ind_takes_the_place_of_the_deadline(world: World) -> None:
    world.hear(ind(TODAY + DAY))
    world.hear(added())
    world.hear(ind(TODAY + 3 * DAY))
    assert world.due() == [(TODAY + 31 * DAY, "superseded"), (TODAY + 33 * DAY, "armed")]
    world.hear(ind(TODAY - DAY, number="2"))
    world.hear(ind(TODAY - 2 * DAY))  # before the person was added: day 0 stays
    assert world.due()[0] == (TODAY + 30 * DAY, "armed")


def test_of_two_inds_the_first_that_holds_starts_the_clock(world: World) -> None:
    world.hear(ind(LONG_AGO, TODAY - DAY))
    world.hear(ind(TODAY + 5 * DAY, authorisation_id=SECOND))
    world.hear(added())
    assert world.due() == [(TODAY + 35 * DAY, "armed")]


def test_an_ind_that_is_taken_from_the_trial_cancels_and_given_again_arms_again(world: World) -> None:
    world.hear(ind())
    world.hear(added())
    world.hear(ind(covers=(OTHER,)))
    assert (world.due(), world.waived()) == ([(TODAY + 30 * DAY, "cancelled")], ["no_ind"])
    world.hear(ind())
    assert world.due() == [(TODAY + 30 * DAY, "armed"), (TODAY + 30 * DAY, "cancelled")]


def test_an_ind_withdrawn_after_the_addition_leaves_the_duty(world: World) -> None:
    world.hear(ind())
    world.hear(added())
    world.hear(ind(until=TODAY + DAY))
    assert world.due() == [(TODAY + 30 * DAY, "armed")]


def test_what_the_authority_received_meets_it_on_the_day_that_it_states(world: World) -> None:
    world.hear(ind())
    world.hear(added())
    world.hear(added(TODAY - 40 * DAY, TWO))
    decided = world.run(notice(ONE, TWO))
    assert [event.breaks for event in decided] == [()]  # type: ignore[union-attr]
    assert world.due() == [(TODAY - 10 * DAY, "met_late"), (TODAY + 30 * DAY, "met")]
    assert world.run(notice(TWO, ONE)) == []
    world.hear(ind(TODAY + 9 * DAY))
    assert {status for _, status in world.due()} == {"met", "met_late"}


def test_a_notice_that_is_heard_of_before_the_person_or_the_ind_meets_the_duty_once_it_is_owed(
    world: World,
) -> None:
    decided = world.run(notice(ONE, TWO, on=TODAY - DAY))
    assert [e.breaks for e in decided] == [("investigator_notice.person_unknown",)]  # type: ignore[union-attr]
    world.run(notice(ONE, TWO, ref="0008"))
    world.hear(added())
    world.hear(ind())
    world.hear(added(who=TWO))
    assert world.due() == [(TODAY + 30 * DAY, "met"), (TODAY + 30 * DAY, "met")]
    met = [e for e in world.events[notice().stream_id] if isinstance(e, InvestigatorNoticeReceived)][2:]
    assert [(e.investigators, e.receipt_on, e.submission_ref, e.breaks) for e in met] == [
        ((ONE,), TODAY - DAY, "0007", ()),
        ((TWO,), TODAY - DAY, "0007", ()),
    ]


def test_a_receipt_of_a_day_to_come_is_kept_and_meets_nothing_until_then(world: World) -> None:
    world.hear(ind())
    world.hear(added())
    decided = world.run(notice(ONE, TWO, on=TODAY + 2 * DAY))
    assert [(e.breaks, e.meets) for e in decided] == [  # type: ignore[union-attr]
        (("investigator_notice.in_future", "investigator_notice.person_unknown"), ())
    ]
    assert world.run(notice(ONE, TWO, on=TODAY + 2 * DAY)) == []
    assert world.due() == [(TODAY + 30 * DAY, "armed")]
    world.now = T0 + 2 * DAY
    world.run(notice(ONE, TWO, on=TODAY + 2 * DAY))
    assert world.due() == [(TODAY + 30 * DAY, "met")]
    world.hear(added(TODAY, TWO))
    assert world.due() == [(TODAY + 30 * DAY, "met"), (TODAY + 30 * DAY, "met")]


@pytest.mark.parametrize("reason", get_args(NoticeWaiver))
def test_what_is_exempt_a_person_signs_and_no_ind_opens_it_again(world: World, reason: NoticeWaiver) -> None:
    world.hear(ind())
    world.hear(added())
    world.run(waive(reason))
    assert (world.due(), world.waived()) == ([(TODAY + 30 * DAY, "cancelled")], [reason])
    assert world.run(waive(reason)) == []
    world.hear(ind(TODAY + DAY))
    assert (world.due(), world.waived()) == ([(TODAY + 30 * DAY, "cancelled")], [reason])


def test_what_is_exempt_may_be_signed_before_an_ind_is_told(world: World) -> None:
    world.hear(added())
    world.run(waive("not_under_ind"))
    world.hear(ind())
    assert (world.due(), world.waived()) == ([], ["no_ind", "not_under_ind"])


def test_what_was_received_is_not_waived_and_nobody_waives_for_who_is_unknown(world: World) -> None:
    world.hear(ind())
    world.hear(added())
    world.run(notice())
    assert world.run(waive()) == []
    refused = world.run(waive("named_in_ind", ONE, TWO))
    assert isinstance(refused, Refusal)
    assert (refused.rule, refused.field) == ("investigator_notice.person_unknown", "investigators")


REGISTERED = TrialRegistered(
    trial_id=TRIAL,
    title="A trial",
    sponsor_name="A sponsor",
    study_type="INTERVENTIONAL",
    basis="sponsor",
    status="active",
    adopted_from="etmf/baseline",
)


def test_of_a_trial_taken_over_what_was_due_before_is_silent_and_what_is_open_is_armed(world: World) -> None:
    world.hear(REGISTERED)
    world.hear(ind())
    world.hear(added(TODAY - 31 * DAY))
    world.hear(added(TODAY - 30 * DAY, TWO))
    assert (world.due(), world.waived()) == ([(TODAY, "armed")], ["closed_before_takeover"])
    world.hear(ind(TODAY - 20 * DAY))
    assert world.due() == [
        (TODAY, "superseded"),
        (TODAY + 10 * DAY, "armed"),
        (TODAY + 10 * DAY, "armed"),
    ]


def test_an_ind_told_after_the_takeover_is_silent_of_what_was_due_before_it(world: World) -> None:
    world.hear(REGISTERED)
    world.hear(added(LONG_AGO))
    world.hear(ind())
    world.hear(ind(number="2"))
    assert (world.due(), world.waived()) == ([], ["no_ind", "closed_before_takeover"])


def test_the_organisation_that_amends_the_ind_owns_the_deadline(world: World) -> None:
    world.hear(ind())
    world.hear(added())
    (duty,) = [e for e in world.events[notice().stream_id] if isinstance(e, InvestigatorNoticeOwed)]
    ledger = Facts(ObligationOwners(TRIAL, {"ind_amendments": TWO}))
    assert {need.row for need in needs(recorded(duty, notice().stream_id, 2, "regulatory"))} == {
        KnownTrial,
        ObligationOwners,
    }
    (armed,) = arm(duty, owners_of(TRIAL, ledger, None))
    assert (armed.owner, armed.organisation_id, armed.obligation) == ("cro", TWO, "ind_amendments")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "wrong", [{"investigators": ()}, {"submission_ref": ""}, {"receipt_on": None}, {"submission_ref": "\0"}]
)
def test_a_notice_names_its_people_its_submission_and_its_day(wrong: dict[str, Any]) -> None:
    told = {"trial_id": TRIAL, "investigators": (ONE,), "submission_ref": "0007", "receipt_on": TODAY} | wrong
    with pytest.raises(ValidationError):
        RecordInvestigatorNotice.model_validate(told)


def test_a_clock_of_the_runtime_changes_nothing() -> None:
    assert decide(InvestigatorNotices(), Wake(stream=TRIAL), Facts(), T0) == []


DAYS = st.integers(-90, 90).map(lambda n: TODAY + n * DAY)
STEPS = st.one_of(
    st.builds(added, on=DAYS, who=st.sampled_from([ONE, TWO])),
    st.builds(ind, since=DAYS, authorisation_id=st.sampled_from([IND, SECOND])),
    st.builds(notice, st.sampled_from([ONE, TWO]), on=st.integers(-90, 0).map(lambda n: TODAY + n * DAY)),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=8))
def test_in_any_order_at_most_one_deadline_a_person_is_open_and_none_after_a_notice(steps: list[Any]) -> None:
    world, people, told = World(), set(), set()
    for step in steps:
        if isinstance(step, RecordInvestigatorNotice):
            world.run(step)
            told |= set(step.investigators)
        elif not isinstance(step, InvestigatorAdded):
            world.hear(step)
        elif step.investigator_id not in people:
            people.add(step.investigator_id)
            world.hear(step)
    open_ = [row.subject_id for row in world.table(DeadlineRow) if row.status == "armed"]
    under = any(isinstance(step, ProgrammeAuthorisationRecorded) for step in steps)
    assert sorted(open_) == sorted(people - told if under else set())


@settings(max_examples=200, deadline=None)
@given(from_on=DAYS, since=DAYS, until=st.none() | DAYS)
def test_day_0_is_the_first_day_that_is_both_the_person_s_and_the_ind_s(
    from_on: date, since: date, until: date | None
) -> None:
    state = InvestigatorNotices()
    about: dict[str, Any] = {"trial_id": TRIAL, "cause": ONE}
    hear = HearTrialInd(**about, ind_id=IND, in_effect_on=since, withdrawn_on=until)
    owe = OweInvestigatorNotice(**about, site_id=SITE, investigator_id=ONE, from_on=from_on)
    for event in decide(state, hear, Facts(), T0):  # type: ignore[union-attr]
        state = evolve(state, event)
    assert owe.at_site() is None  # the stream is the trial's
    (event,) = decide(state, owe, Facts(), T0)  # type: ignore[misc]
    both = [d for n in range(200) if (d := from_on + n * DAY) >= since and (until is None or d < until)]
    if isinstance(event, InvestigatorNoticeOwed):
        assert (event.clock.anchor_on, event.clock.due_on) == (both[0], both[0] + 30 * DAY)
    else:
        assert both == []
