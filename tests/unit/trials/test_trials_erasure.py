"""Retention, legal holds and erasure: two persons, and never while a rule keeps the records."""

from datetime import UTC, date, datetime, timedelta, timezone
from functools import reduce
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.commands.retention import (
    ApproveErasure,
    PlaceLegalHold,
    RejectErasure,
    ReleaseLegalHold,
    RequestErasure,
    SetRetention,
)
from services.trials.domain import erasure, retention
from services.trials.projections import retention as kept
from services.trials.projections.erasures import ErasureRow, erasure_keys, fold_erasure
from services.trials.projections.guards import Authorisation, TrialGuard, TrialSites
from services.trials.projections.retention import Kept, LegalHold, Released, Retention
from services.trials.projections.subjects import SubjectRow, fold_subject, subject_keys
from services.trials.retention import CONTRACT, PERIODS, STATED, last_day
from shared.contracts.message import Actor, Facts, Recorded, Refusal, Wake
from shared.contracts.trials.keeping import (
    ErasureEvent,
    ErasureReason,
    ErasureRejected,
    ErasureRequested,
    LegalHoldPlaced,
    LegalHoldReleased,
    RetentionEvent,
    RetentionRule,
    RetentionSet,
    SubjectErased,
)
from shared.contracts.trials.trial import Route
from tests.support.touched import touched

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TRIAL, SUBJECT, SITE, HOLD = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
ONE, TWO = Actor("p-01", "privacy_officer"), Actor("q-02", "quality")
OF: dict[str, Any] = {"trial_id": TRIAL, "subject_id": SUBJECT}
REQUEST = RequestErasure(**OF, reason="subject_request")
APPROVE = ApproveErasure(**OF)
REJECT = RejectErasure(**OF, reason="not_entitled")
REQUESTED = ErasureRequested(**OF, site_id=SITE, reason="subject_request", requested_by="p-01")
ERASED = SubjectErased(**OF, site_id=SITE, reason="subject_request", requested_by="p-01", approved_by="q-02")
CONTRACTED = Kept("contract", CONTRACT, date(2025, 1, 1))
NONE = STATED["none_applies"][0]
PAST = (CONTRACTED, Kept("none_applies", NONE, date(2025, 1, 1)))


def facts(*keeping: Kept, holds: tuple[LegalHold, ...] = (), by: Actor = ONE, **trial: Any) -> Facts:
    return Facts(
        Retention(TRIAL, keeping, holds),
        SubjectRow(SUBJECT, TRIAL, SITE),
        TrialGuard(TRIAL, **trial),
        actor=by,
    )


def then(command: Any, facts: Facts, *events: ErasureEvent, now: datetime = NOW) -> Any:
    state = reduce(erasure.evolve, events, erasure.Erasure())
    decision = erasure.decide(state, command, facts, now)
    return (decision.rule, decision.detail) if isinstance(decision, Refusal) else decision


def test_one_person_asks_and_another_agrees() -> None:
    assert then(REQUEST, facts(*PAST)) == [REQUESTED]
    assert then(REQUEST, facts(*PAST), REQUESTED) == []
    assert then(APPROVE, facts(*PAST, by=ONE), REQUESTED)[0] == "two_persons"
    assert then(APPROVE, facts(*PAST, by=TWO), REQUESTED) == [ERASED]
    for command in (REQUEST, APPROVE, REJECT):
        assert then(command, facts(*PAST, by=TWO), REQUESTED, ERASED) == []


def test_the_same_person_in_another_role_is_still_one_person() -> None:
    assert then(APPROVE, facts(*PAST, by=Actor("p-01", "quality")), REQUESTED)[0] == "two_persons"


def test_nobody_agrees_to_what_nobody_asked_for_or_what_was_rejected() -> None:
    rejected = ErasureRejected(**OF, reason="not_entitled")
    assert then(REJECT, facts(by=TWO), REQUESTED) == [rejected]
    for before in ((), (REQUESTED, rejected)):
        for command in (APPROVE, REJECT):
            assert then(command, facts(*PAST, by=TWO), *before)[0] == "erasure.not_requested"
    assert then(REQUEST, facts(*PAST), REQUESTED, rejected) == [REQUESTED]


def test_a_subject_of_another_trial_is_unknown() -> None:
    trial = (Retention(TRIAL, PAST), TrialGuard(TRIAL))
    elsewhere = Facts(*trial, SubjectRow(SUBJECT, uuid4(), SITE), actor=ONE)
    for reason in get_args(ErasureReason):
        assert then(RequestErasure(**OF, reason=reason), elsewhere)[0] == "unknown_subject"
    assert then(REQUEST, Facts(*trial, actor=ONE))[0] == "unknown_subject"


@pytest.mark.parametrize("reason", ["data_of_another_person", "unlawful_collection"])
def test_data_of_somebody_never_enrolled_are_erased_for_two_reasons(reason: Any) -> None:
    def of(*keeping: Kept, by: Actor = ONE) -> Facts:
        return Facts(Retention(TRIAL, keeping), TrialGuard(TRIAL), actor=by)

    ask = RequestErasure(**OF, reason=reason)
    requested = ErasureRequested(**OF, reason=reason, requested_by="p-01")
    assert then(ask, of(*PAST)) == [requested]
    assert then(APPROVE, of(*PAST, by=TWO), requested) == [
        SubjectErased(**OF, reason=reason, requested_by="p-01", approved_by="q-02")
    ]
    assert then(ask, of(CONTRACTED))[0] == "retention.not_stated"
    assert then(ask, Facts(Retention(TRIAL, PAST), actor=ONE))[0] == "unknown_subject"  # no such trial


def test_an_act_that_names_another_trial_is_of_another_stream_and_takes_nothing_there() -> None:
    other: dict[str, Any] = {"trial_id": uuid4(), "subject_id": SUBJECT}
    ask, reject = (
        RequestErasure(**other, reason="subject_request"),
        RejectErasure(**other, reason="not_entitled"),
    )
    assert {ask.stream_id, ApproveErasure(**other).stream_id, reject.stream_id} == {ask.stream_id}
    assert ask.stream_id != REQUEST.stream_id
    assert then(ask, facts(*PAST, by=TWO))[0] == "unknown_subject"
    assert then(ApproveErasure(**other), facts(*PAST, by=TWO))[0] == "erasure.not_requested"
    assert then(reject, facts(*PAST, by=TWO))[0] == "erasure.not_requested"


@pytest.mark.parametrize("subject", [None, SUBJECT])
def test_who_shortened_a_period_or_released_a_hold_neither_asks_nor_agrees(subject: UUID | None) -> None:
    shortened, lifted = Kept("contract", CONTRACT, date(2025, 1, 1), "p-01"), Released(HOLD, subject, "p-01")
    for retention_row in (
        Retention(TRIAL, (shortened, PAST[1])),
        Retention(TRIAL, PAST, released=(lifted,)),
    ):
        rows = (retention_row, SubjectRow(SUBJECT, TRIAL, SITE), TrialGuard(TRIAL))
        assert then(REQUEST, Facts(*rows, actor=ONE))[0] == "two_persons"
        assert then(APPROVE, Facts(*rows, actor=TWO), REQUESTED)[0] == "two_persons"  # p-01 had asked before
        by_two = REQUESTED.model_copy(update={"requested_by": "q-02"})
        assert then(APPROVE, Facts(*rows, actor=ONE), by_two)[0] == "two_persons"
        assert then(REQUEST, Facts(*rows, actor=TWO)) == [by_two]


def test_who_released_a_hold_on_another_subject_may_ask() -> None:
    released = Retention(TRIAL, PAST, released=(Released(HOLD, uuid4(), "p-01"),))
    rows = (released, SubjectRow(SUBJECT, TRIAL, SITE), TrialGuard(TRIAL))
    assert then(REQUEST, Facts(*rows, actor=ONE)) == [REQUESTED]


@pytest.mark.parametrize("command", [REQUEST, APPROVE])
def test_the_rule_that_keeps_records_longest_is_named_with_its_day(command: Any) -> None:
    keeping = (
        Kept("contract", CONTRACT, date(2040, 1, 1)),
        Kept("eu_ctr", "Regulation (EU) 536/2014, art. 58", date(2051, 6, 30)),
        PAST[1],
    )
    before = [REQUESTED] if command is APPROVE else []
    rule, detail = then(command, facts(*keeping, by=TWO), *before)
    assert (rule, detail) == (
        "retention",
        "Regulation (EU) 536/2014, art. 58: records are kept until 2051-06-30",
    )


def test_a_period_that_has_not_begun_keeps_records_and_one_unsaid_does_too() -> None:
    assert then(REQUEST, facts(*PAST, Kept("us_ind_sponsor", "21 CFR 312.57(c)"))) == (
        "retention",
        "21 CFR 312.57(c): its period has not begun",
    )
    assert then(REQUEST, facts())[0] == "retention.not_stated"
    assert then(REQUEST, Facts(SubjectRow(SUBJECT, TRIAL, SITE), actor=ONE))[0] == "retention.not_stated"


def test_a_rule_that_applies_has_to_be_stated() -> None:
    """A trial under an IND, or with a European authorisation, is not erased by a contract's date alone."""
    rule, detail = then(REQUEST, facts(*PAST, route="us_ind"))
    assert (rule, detail) == ("retention.not_stated", "21 CFR 312.57(c) applies: state its period")
    authorised = {"DE": Authorisation(date(2025, 1, 1), uuid4())}
    rule, detail = then(REQUEST, facts(*PAST, authorised=authorised))
    assert "art. 58 applies" in detail
    brazil = {"BR": Authorisation(date(2025, 1, 1), uuid4())}
    assert then(REQUEST, facts(*PAST, authorised=brazil)) == [REQUESTED]


@pytest.mark.parametrize(("country", "applies"), [("NO", True), ("US", False)])
def test_a_site_chosen_in_europe_makes_its_rule_apply(country: str, applies: bool) -> None:
    rows = (Retention(TRIAL, PAST), SubjectRow(SUBJECT, TRIAL, SITE), TrialGuard(TRIAL))
    decision = then(REQUEST, Facts(*rows, TrialSites(TRIAL, {SITE: country}), actor=ONE))
    assert decision == (
        ("retention.not_stated", "Regulation (EU) 536/2014, art. 58 applies: state its period")
        if applies
        else [REQUESTED]
    )


@pytest.mark.parametrize("route", ["us_ide", "other"])
def test_where_no_period_of_law_is_known_somebody_has_to_state_that_none_applies(route: Route) -> None:
    assert then(REQUEST, facts(CONTRACTED, route=route)) == (
        "retention.not_stated",
        "no period of law is known to apply: state that none does",
    )
    said = Kept("none_applies", NONE, date(2026, 2, 28))
    for keeping in ((said,), (CONTRACTED, said)):
        assert then(REQUEST, facts(*keeping, route=route)) == [REQUESTED]
    longer = Kept("contract", CONTRACT, date(2040, 1, 1))
    assert then(REQUEST, facts(longer, said, route=route))[0] == "retention"
    assert then(REQUEST, facts(Kept("none_applies", NONE, date(2026, 3, 2)), route=route))[0] == "retention"


def test_the_periods_that_apply_are_enough_where_all_of_them_are_stated_and_over() -> None:
    sponsor = Kept("us_ind_sponsor", "21 CFR 312.57(c)", date(2020, 9, 8))
    investigator = Kept("us_ind_investigator", "21 CFR 312.62(c)", date(2020, 9, 8))
    assert then(REQUEST, facts(sponsor, investigator, route="us_ind")) == [REQUESTED]
    assert then(REQUEST, facts(sponsor, *PAST, route="us_ind"))[1].startswith("21 CFR 312.62(c) applies")


def test_the_last_day_counts_until_it_is_over_everywhere_on_earth() -> None:
    last = Kept("none_applies", NONE, date(2026, 3, 2))
    still = datetime(2026, 3, 3, 11, 59, tzinfo=UTC)  # 23:59 where the day ends last
    assert then(REQUEST, facts(last), now=still)[0] == "retention"
    assert then(REQUEST, facts(last), now=datetime(2026, 3, 3, 12, tzinfo=UTC)) == [REQUESTED]


def test_a_legal_hold_on_trial_or_subject_stops_it_and_one_on_another_subject_does_not() -> None:
    for subject in (None, SUBJECT):
        rule, detail = then(REQUEST, facts(*PAST, holds=(LegalHold(HOLD, subject),)))
        assert (rule, str(HOLD) in detail) == ("legal_hold", True)
        assert then(APPROVE, facts(*PAST, holds=(LegalHold(HOLD, subject),), by=TWO), REQUESTED)[0] == rule
    assert then(REQUEST, facts(*PAST, holds=(LegalHold(HOLD, uuid4()),))) == [REQUESTED]


def test_an_act_is_on_one_stream_of_its_subject_or_trial_with_what_keeps_its_records() -> None:
    assert REQUEST.stream_id == APPROVE.stream_id == REJECT.stream_id
    place = PlaceLegalHold(trial_id=TRIAL, reason="litigation")
    assert place.stream_id == SetRetention(trial_id=TRIAL, rule="eu_ctr").stream_id != REQUEST.stream_id
    rows = {need.row: need.key for need in APPROVE.needs()}
    assert rows == {
        Retention: (TRIAL,), SubjectRow: (SUBJECT,), TrialGuard: (TRIAL,), TrialSites: (TRIAL,)
    }  # fmt: skip


def test_time_alone_erases_nothing() -> None:
    assert then(Wake(stream=uuid4()), facts(*PAST), REQUESTED) == []
    assert retention.decide(retention.Keeping(), Wake(stream=uuid4()), Facts(), NOW) == []


def stated(command: Any, *events: RetentionEvent, now: datetime = NOW) -> Any:
    keeping = reduce(retention.evolve, events, retention.Keeping())
    decision = retention.decide(keeping, command, Facts(actor=ONE), now)
    return decision.rule if isinstance(decision, Refusal) else decision


def test_a_period_ends_its_years_after_its_anchor() -> None:
    (event,) = stated(SetRetention(trial_id=TRIAL, rule="eu_ctr", anchored_on=date(2026, 2, 28)))
    assert (event.until, event.citation, event.verified) == (
        date(2051, 2, 28),
        "Regulation (EU) 536/2014, art. 58",
        True,
    )
    (event,) = stated(SetRetention(trial_id=TRIAL, rule="us_ind_sponsor"))
    assert (event.until, event.anchored_on, event.verified) == (None, None, False)
    assert stated(SetRetention(trial_id=TRIAL, rule="us_ind_sponsor"), event) == []
    (later,) = stated(
        SetRetention(trial_id=TRIAL, rule="us_ind_sponsor", anchored_on=date(2024, 2, 29)), event
    )
    assert later.until == date(2026, 3, 1)


def test_a_contract_says_its_last_day_and_nothing_else_does() -> None:
    (event,) = stated(SetRetention(trial_id=TRIAL, rule="contract", until=date(2041, 1, 1)))
    assert (event.until, event.citation, event.verified) == (date(2041, 1, 1), CONTRACT, True)
    for wrong in (
        {"rule": "contract"},
        {"rule": "eu_ctr", "until": date(2041, 1, 1)},
        {"rule": "contract", "until": date(2041, 1, 1), "anchored_on": date(2040, 1, 1)},
        {"rule": "none_applies", "until": date(2041, 1, 1)},
        {"rule": "none_applies", "anchored_on": date(2040, 1, 1)},
    ):
        with pytest.raises(ValidationError, match=r"until|anchored_on"):
            SetRetention(trial_id=TRIAL, **wrong)


def test_that_no_period_of_law_applies_is_stated_once_with_the_day() -> None:
    say = SetRetention(trial_id=TRIAL, rule="none_applies")
    late = datetime(2026, 3, 3, 1, tzinfo=timezone(timedelta(hours=2)))  # in UTC it is the day before
    (event,) = stated(say, now=late)
    assert (event.until, event.anchored_on, event.citation, event.verified) == (
        date(2026, 3, 2),
        None,
        "stated: no statutory period applies",
        False,
    )
    assert stated(say, event, now=NOW + timedelta(days=400)) == []


def test_a_period_becomes_shorter_for_a_reason_alone_and_says_who_did_it() -> None:
    def ends(year: int, **more: Any) -> SetRetention:
        return SetRetention(trial_id=TRIAL, rule="contract", until=date(year, 1, 1), **more)

    (first,) = stated(ends(2041))
    (longer,) = stated(ends(2050), first)
    assert (first.set_by, longer.set_by) == (None, None)
    assert stated(ends(2041), first, longer) == "retention.shortened"
    (amended,) = stated(ends(2041, reason="contract_amended"), first, longer)
    assert (amended.reason, amended.set_by) == ("contract_amended", "p-01")
    (at_length,) = stated(ends(2060, reason="correction"), first)
    assert at_length.set_by is None


def test_a_day_that_is_taken_away_is_a_shorter_period_and_so_is_an_earlier_one_afterwards() -> None:
    def began(on: date | None, **more: Any) -> SetRetention:
        return SetRetention(trial_id=TRIAL, rule="eu_ctr", anchored_on=on, **more)

    (first,) = stated(began(date(2020, 1, 1)))
    assert stated(began(date(2019, 1, 1)), first) == stated(began(None), first) == "retention.shortened"
    (taken,) = stated(began(None, reason="correction"), first)
    assert (taken.until, taken.set_by) == (None, "p-01")
    assert stated(began(date(2019, 1, 1)), first, taken) == "retention.shortened"
    (later,) = stated(began(date(2021, 1, 1)), first, taken)
    assert (later.until, later.set_by) == (date(2046, 1, 1), None)


def test_a_legal_hold_is_in_force_or_refused() -> None:
    """An id that was released, or is that of another scope, places nothing: the caller has to know."""
    place = PlaceLegalHold(trial_id=TRIAL, legal_hold_id=HOLD, subject_id=SUBJECT, reason="litigation")
    (placed,) = stated(place)
    (released,) = stated(ReleaseLegalHold(trial_id=TRIAL, legal_hold_id=HOLD, reason="matter_closed"), placed)
    assert stated(place, placed) == []
    assert stated(place, placed, released) == "legal_hold.known"
    for scope in (None, SITE):
        other = place.model_copy(update={"subject_id": scope})
        assert stated(other, placed) == stated(other, placed, released) == "legal_hold.known"


def test_a_legal_hold_is_placed_and_released_once() -> None:
    place = PlaceLegalHold(trial_id=TRIAL, legal_hold_id=HOLD, reason="litigation")
    release = ReleaseLegalHold(trial_id=TRIAL, legal_hold_id=HOLD, reason="matter_closed")
    (placed,) = stated(place)
    (released,) = stated(release, placed)
    assert stated(place, placed) == stated(release, placed, released) == []
    assert released.released_by == "p-01"
    assert stated(release) == "legal_hold.unknown"


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.sampled_from(sorted(PERIODS)))
def test_no_period_is_shorter_than_its_years(anchored_on: date, rule: RetentionRule) -> None:
    years = PERIODS[rule].years
    assert (last_day(anchored_on, years).year - anchored_on.year) == years
    assert (last_day(anchored_on, years) - anchored_on).days >= years * 365


def recorded(event: Any, by: Actor = ONE) -> Recorded[Any]:
    return Recorded(
        id=uuid4(), type="t", source="trials", stream_id=uuid4(), version=1, sponsor_id=uuid4(),
        trial_id=TRIAL, time=NOW, data=event, actor=by, correlation_id=uuid4(),
    )  # fmt: skip


def test_the_row_of_what_keeps_records_holds_rules_and_legal_holds() -> None:
    row: Retention | None = None
    one = RetentionSet(trial_id=TRIAL, rule="eu_ctr", citation="c", verified=True)
    for event in (
        one,
        one.model_copy(update={"until": date(2051, 1, 1)}),
        RetentionSet(trial_id=TRIAL, rule="contract", citation="d", verified=True, until=date(2040, 1, 1)),
        LegalHoldPlaced(trial_id=TRIAL, legal_hold_id=HOLD, reason="litigation"),
        LegalHoldPlaced(trial_id=TRIAL, legal_hold_id=SITE, subject_id=SUBJECT, reason="litigation"),
        LegalHoldReleased(trial_id=TRIAL, legal_hold_id=HOLD, reason="matter_closed"),
    ):
        (key,) = touched(kept.retention_keys, recorded(event))
        row = kept.fold_retention(row, recorded(event), key)
    rules = (Kept("contract", "d", date(2040, 1, 1)), Kept("eu_ctr", "c", date(2051, 1, 1)))
    assert row == Retention(TRIAL, rules, (LegalHold(SITE, SUBJECT),))  # who released is not in older events
    assert touched(kept.retention_keys, recorded(ERASED)) == ()
    assert kept.fold_retention(row, recorded(ERASED), (TRIAL,)) == row


def test_the_row_of_what_keeps_records_names_who_loosened_it() -> None:
    row: Retention | None = None
    set_ = RetentionSet(trial_id=TRIAL, rule="contract", citation="d", verified=True)
    for event in (
        set_.model_copy(update={"until": date(2040, 1, 1), "set_by": "p-01"}),
        set_.model_copy(update={"until": date(2050, 1, 1)}),  # longer again: it was p-01 who shortened last
        LegalHoldPlaced(trial_id=TRIAL, legal_hold_id=SITE, subject_id=SUBJECT, reason="litigation"),
        LegalHoldPlaced(trial_id=TRIAL, legal_hold_id=HOLD, reason="litigation"),
        LegalHoldReleased(trial_id=TRIAL, legal_hold_id=HOLD, reason="x", released_by="q-02"),
        LegalHoldReleased(trial_id=TRIAL, legal_hold_id=SITE, reason="x", released_by="p-01"),
    ):
        row = kept.fold_retention(row, recorded(event), (TRIAL,))
    contract = Kept("contract", "d", date(2050, 1, 1), "p-01")
    released = (Released(SITE, SUBJECT, "p-01"), Released(HOLD, None, "q-02"))
    assert row == Retention(TRIAL, (contract,), (), released)


def test_the_row_of_an_erasure_says_who_asked_and_who_decided() -> None:
    row: ErasureRow | None = None
    rejected = ErasureRejected(**OF, reason="not_entitled")
    expected = ErasureRow(TRIAL, SUBJECT, SITE, "requested", "subject_request", "p-01", NOW)
    for event, by, status in ((REQUESTED, ONE, None), (rejected, TWO, "rejected"), (REQUESTED, ONE, None)):
        (key,) = touched(erasure_keys, recorded(event))
        row = fold_erasure(row, recorded(event, by), key)
        assert row.status == (status or "requested")
    assert row == expected
    done = fold_erasure(row, recorded(ERASED, TWO), (TRIAL, SUBJECT))
    assert (done.status, done.decided_by, done.decided_at) == ("erased", "q-02", NOW)
    assert (
        touched(erasure_keys, recorded(LegalHoldReleased(trial_id=TRIAL, legal_hold_id=HOLD, reason="x")))
        == ()
    )
    other = recorded(RetentionSet(trial_id=TRIAL, rule="eu_ctr", citation="c", verified=True))
    assert fold_erasure(row, other, (TRIAL, SUBJECT)) == row
    assert fold_erasure(None, recorded(rejected, TWO), (TRIAL, SUBJECT)).status == "rejected"


def test_the_page_of_a_subject_says_that_they_were_erased() -> None:
    assert touched(subject_keys, recorded(ERASED)) == ((SUBJECT,),)
    row = fold_subject(SubjectRow(SUBJECT, TRIAL, SITE), recorded(ERASED), (SUBJECT,))
    assert row.erased_at == NOW
