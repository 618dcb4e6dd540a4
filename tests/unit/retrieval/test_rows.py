"""Rows of retrieval: what pages and decisions read, the same in any order of the streams."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from services.retrieval import commands as c
from services.retrieval.projections import custody, guards, legs, requests
from shared.contracts import retrieval as r
from shared.contracts.message import Actor, Event, Recorded
from shared.contracts.trials.hold import Effect, HoldApplied, HoldLifted
from shared.contracts.trials.subject import (
    SubjectEnrolled,
    SubjectEnrolmentCorrected,
    SubjectWithdrawn,
    WithdrawalScope,
)
from shared.contracts.trials.trial import TrialStatusChanged
from tests.support.touched import touched
from tests.unit.retrieval import desk as d

OTHER_REQUEST = UUID(int=99)


def recorded(event: Event, version: int = 1, stream: UUID = d.REQUEST) -> Recorded[Any]:
    return Recorded(
        id=UUID(int=stream.int * 1000 + version),
        type=event.type,
        source="retrieval",
        stream_id=stream,
        version=version,
        sponsor_id=d.SITE,
        trial_id=d.TRIAL,
        time=d.START + timedelta(minutes=version),
        data=event,
        actor=Actor("p1", "records_specialist"),
        correlation_id=d.CASE,
    )


def stream(events: Sequence[Event], of: UUID = d.REQUEST) -> list[Recorded[Any]]:
    return [recorded(event, version, of) for version, event in enumerate(events, 1)]


def folded(
    messages: Sequence[Recorded[Any]], keys: Callable[[Any], Any], fold: Callable[..., Any]
) -> dict[Any, Any]:
    rows: dict[Any, Any] = {}
    for message in messages:
        for key in touched(keys, message):
            rows[key] = fold(rows.get(key), message, key)
    return {key: row for key, row in rows.items() if row is not None}


def delivered() -> list[Recorded[Any]]:
    desk = d.in_hand(purpose="chart_review", case_id=None)
    desk.do(d.release())
    desk.do(d.deliver())
    return stream(desk.events)


def test_a_request_row_says_how_far_it_has_come() -> None:
    (row,) = folded(delivered(), requests.request_keys, requests.fold_request).values()
    assert (row.status, row.legs, row.delivered, row.days_gross) == ("complete", 1, 1, 0)
    assert (row.needed_by, row.correlation_id) == (date(2026, 3, 14), d.CASE)


def test_a_request_row_is_frozen_while_a_hold_stands() -> None:
    desk = d.desk(opened=d.opening(purpose="rwe"))
    desk.do(d.of_request(c.FreezeRequest, hold_id=d.HOLD))
    (row,) = folded(stream(desk.events), requests.request_keys, requests.fold_request).values()
    assert (row.status, row.frozen_by) == ("frozen", (d.HOLD,))
    desk.do(d.of_request(c.ThawRequest, hold_id=d.HOLD))
    desk.do(d.of_request(c.ReprioritiseRequest, priority="urgent"))
    desk.do(d.of_request(c.NoteWithdrawal))
    (row,) = folded(stream(desk.events), requests.request_keys, requests.fold_request).values()
    assert (row.status, row.priority, row.access_withdrawn) == ("open", "urgent", True)


def test_a_request_row_reopens_with_a_late_arrival() -> None:
    desk = d.sent_desk()
    desk.do(d.close("refused"))
    desk.do(d.receive())
    (row,) = folded(stream(desk.events), requests.request_keys, requests.fold_request).values()
    assert (row.status, row.days_gross) == ("open", None)


def test_strays_alone_make_a_row_that_somebody_must_look_at() -> None:
    desk = d.Desk()
    desk.do(d.receive())
    (row,) = folded(stream(desk.events), requests.request_keys, requests.fold_request).values()
    assert (row.status, row.sealed) == ("unknown", 1)
    assert folded(stream(desk.events), legs.leg_keys, legs.fold_leg) == {}


def test_a_leg_row_stands_where_the_decider_has_it_and_knows_since_when() -> None:
    desk = d.desk(d.leg(), d.reject(), d.accept(), d.send())
    desk.do(d.of_leg(c.RecordFollowUp, method="phone"))
    (row,) = folded(stream(desk.events), legs.leg_keys, legs.fold_leg).values()
    assert (row.leg, row.status) == (desk.state.legs[d.LEG], "sent")
    assert (row.since, row.calls, row.defects) == (d.START + timedelta(minutes=5), 1, ())
    assert (row.method, row.basis) == ("fax", "authorization")


def test_a_leg_row_is_the_same_after_it_was_stored() -> None:
    (row,) = folded(delivered(), legs.leg_keys, legs.fold_leg).values()
    stored: TypeAdapter[Any] = TypeAdapter(legs.LegRow)
    assert stored.validate_json(stored.dump_json(row)) == row


def test_custody_says_who_had_which_document_when() -> None:
    rows = list(folded(delivered(), custody.custody_keys, custody.fold_custody).values())
    assert [(row.act, row.holder) for row in rows] == [
        ("received", "vault"),
        ("qcpassed", "vault"),
        ("delivered", "safety"),
    ]
    assert {row.document_ref for row in rows} == {"doc:1"}
    assert [row.seq for row in rows] == sorted(row.seq for row in rows)


def test_an_entry_of_custody_never_changes() -> None:
    message = next(m for m in delivered() if touched(custody.custody_keys, m))
    key = touched(custody.custody_keys, message)[0]
    row = custody.fold_custody(None, message, key)
    assert custody.fold_custody(row, recorded(message.data, 77), key) == row


def test_research_is_found_by_trial_and_site_and_safety_by_case_alone() -> None:
    research = stream(d.desk(opened=d.opening(purpose="rwe", case_id=None)).events)
    rows = folded(research, guards.scope_requests_keys, guards.fold_scope_requests)
    assert set(rows) == {(d.SUBJECT,), (d.TRIAL,), (d.SITE,)}
    safety = stream(d.desk().events)
    rows = folded(safety, guards.scope_requests_keys, guards.fold_scope_requests)
    assert set(rows) == {(d.SUBJECT,), (d.CASE,)}


def test_a_completed_request_leaves_the_trial_and_stays_with_its_subject() -> None:
    rows = folded(delivered(), guards.scope_requests_keys, guards.fold_scope_requests)
    assert set(rows) == {(d.SUBJECT,)}
    assert [one.open for one in rows[d.SUBJECT,].requests] == [False]


def test_a_subject_is_known_by_where_it_was_enrolled_as_corrected() -> None:
    told: dict[str, Any] = {
        "trial_id": d.TRIAL,
        "subject_id": d.SUBJECT,
        "subject_code": "c-1",
        "enrolled_on": date(2026, 3, 2),
    }
    enrolled = SubjectEnrolled(**told, site_id=d.CASE)
    right = SubjectEnrolmentCorrected(**told, site_id=d.SITE, corrects=d.CASE, reason="typing_error")
    messages = [recorded(enrolled), recorded(right)]
    rows = folded(messages, guards.known_subject_keys, guards.fold_known_subject)
    assert [*rows.values()] == [guards.KnownSubject(d.SUBJECT, d.TRIAL, d.SITE)]
    assert touched(guards.known_subject_keys, recorded(lifted(d.HOLD))) == ()


def test_only_a_withdrawal_from_records_access_counts() -> None:
    def withdrawn(*scopes: WithdrawalScope) -> Recorded[Any]:
        return recorded(
            SubjectWithdrawn(
                trial_id=d.TRIAL,
                site_id=d.SITE,
                subject_id=d.SUBJECT,
                withdrawn_on=date(2026, 3, 2),
                scopes=scopes,
            )
        )

    assert touched(guards.subject_access_keys, withdrawn("intervention", "samples")) == ()
    message = withdrawn("records_access")
    rows = folded([message], guards.subject_access_keys, guards.fold_subject_access)
    assert rows == {(d.SUBJECT,): guards.SubjectAccess(d.SUBJECT, withdrawn=True)}


def hold(of: UUID, *effects: Effect) -> HoldApplied:
    return HoldApplied(
        hold_id=of,
        trial_id=d.TRIAL,
        source="irb_lapse",
        scope_kind="site",
        scope_id=d.SITE,
        effects=effects,
        since=date(2026, 3, 2),
    )


def lifted(of: UUID) -> HoldLifted:
    return HoldLifted(
        hold_id=of,
        trial_id=d.TRIAL,
        source="irb_lapse",
        scope_kind="site",
        scope_id=d.SITE,
        until=date(2026, 3, 3),
        evidence="letter:1",
    )


def test_a_hold_that_leaves_records_alone_is_none_of_ours() -> None:
    messages = stream([hold(d.HOLD, "dose"), lifted(d.HOLD)], d.HOLD)
    assert folded(messages, guards.scope_holds_keys, guards.fold_scope_holds) == {}


@given(st.data())
def test_rows_of_several_streams_are_the_same_in_any_order_of_the_streams(data: st.DataObject) -> None:
    holds = [
        stream([hold(UUID(int=n), "retrieve_records"), lifted(UUID(int=n))], UUID(int=n)) for n in (51, 52)
    ]
    holds.append(stream([hold(UUID(int=53), "retrieve_records")], UUID(int=53)))
    other = [event.model_copy(update={"request_id": OTHER_REQUEST}) for event in d.desk().events]
    streams = [delivered(), stream(other, OTHER_REQUEST), *holds]
    order = data.draw(st.permutations([n for n, one in enumerate(streams) for _ in one]))
    waiting = [iter(one) for one in streams]
    mixed = [next(waiting[n]) for n in order]
    straight = [message for one in streams for message in one]
    for keys, fold in (
        (guards.scope_holds_keys, guards.fold_scope_holds),
        (guards.scope_requests_keys, guards.fold_scope_requests),
    ):
        assert folded(mixed, keys, fold) == folded(straight, keys, fold)


def test_contract_and_rows_name_no_particulars() -> None:
    forbidden = {"name", "patient", "birth", "address", "phone", "mrn", "text", "narrative"}
    fields = {field for event in r.RequestEvent.__args__ for field in event.model_fields}
    assert not fields & forbidden


def leg_row(desk: d.Desk) -> legs.LegRow:
    (row,) = folded(stream(desk.events), legs.leg_keys, legs.fold_leg).values()
    assert isinstance(row, legs.LegRow)
    return row


def test_a_leg_row_says_why_a_custodian_gave_nothing() -> None:
    row = leg_row(d.desk(d.leg(), d.accept(), d.send(), d.close("refused", reason="not_ours")))
    assert (row.status, row.reason) == ("refused", "not_ours")


def test_a_hold_on_a_finished_request_stands_beside_its_outcome() -> None:
    hold_it = r.RequestFrozen(request_id=d.REQUEST, trial_id=d.TRIAL, hold_id=d.HOLD)
    messages = delivered()
    frozen = recorded(hold_it, len(messages) + 1)
    (row,) = folded([*messages, frozen], requests.request_keys, requests.fold_request).values()
    assert (row.status, row.frozen_by) == ("complete", (d.HOLD,))


def test_a_request_that_is_reopened_under_a_hold_is_frozen() -> None:
    messages = delivered()
    frozen = r.RequestFrozen(request_id=d.REQUEST, trial_id=d.TRIAL, hold_id=d.HOLD)
    reopened = r.RequestReopened(
        request_id=d.REQUEST, trial_id=d.TRIAL, purpose="chart_review", leg_id=d.OTHER_LEG
    )
    late = [recorded(event, 90 + n) for n, event in enumerate((frozen, reopened))]
    (row,) = folded([*messages, *late], requests.request_keys, requests.fold_request).values()
    assert (row.status, row.days_gross) == ("frozen", None)


@pytest.mark.parametrize(
    ("row", "keys", "fold"),
    [
        (guards.KnownSubject(d.SUBJECT), guards.known_subject_keys, guards.fold_known_subject),
        (guards.SubjectAccess(d.SUBJECT), guards.subject_access_keys, guards.fold_subject_access),
        (guards.ScopeHolds(d.SITE, (d.HOLD,)), guards.scope_holds_keys, guards.fold_scope_holds),
        (guards.ScopeRequests(d.CASE), guards.scope_requests_keys, guards.fold_scope_requests),
        (legs.LegRow(d.LEG), legs.leg_keys, legs.fold_leg),
    ],
    ids=lambda value: getattr(value, "table", ""),
)
def test_an_event_about_something_else_is_not_shown(row: Any, keys: Any, fold: Any) -> None:
    moved = TrialStatusChanged(trial_id=d.TRIAL, before="draft", after="in_review", basis="sponsor")
    assert touched(keys, recorded(moved)) == ()
    assert fold(row, recorded(moved), (d.CASE,)) == row
