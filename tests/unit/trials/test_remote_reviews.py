"""Remote reviews: access for a time, what was read under it or without it, and an end that nobody told."""

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.trials.commands.remote_review import (
    GrantRemoteAccess,
    ReportRemoteReview,
    WithdrawRemoteAccess,
)
from services.trials.handlers import SERVICE
from services.trials.projections.kri_guards import SiteCounters
from services.trials.projections.remote_review import RemoteReviewRow
from shared.contracts.trials.remote_review import (
    RemoteAccessGranted,
    RemoteAccessNotWithdrawn,
    RemoteAccessWithdrawn,
)
from shared.rules.dates import start_of_day
from tests.unit.trials.monitoring_world import DAY, LEAD, MONITOR, TODAY, Whole, running
from tests.unit.trials.trials_world import SITE, TRIAL

REVIEW, SESSION = UUID(int=531), UUID(int=532)
OF: dict[str, Any] = {"review_id": REVIEW, "trial_id": TRIAL, "site_id": SITE}
GRANT = GrantRemoteAccess(**OF, reader="m-1", valid_from=TODAY - DAY, valid_to=TODAY + 2 * DAY)
READ = ReportRemoteReview(
    **OF,
    session_id=SESSION,
    reviewed_on=TODAY,
    documents=({"document_ref": "copy:1", "sha256": "a" * 64},),  # type: ignore[arg-type]
    findings=({"category": "source_missing", "severity": "minor"},),  # type: ignore[arg-type]
    sdv={"forms_verified": 4, "fields_verified": 31},  # type: ignore[arg-type]
)
END = WithdrawRemoteAccess(**OF, withdrawn_on=TODAY)


def granted() -> Whole:
    world = running()
    world.do(GRANT, LEAD)
    return world


def test_access_is_granted_once_to_one_person_for_a_time() -> None:
    world = running()
    told = RemoteAccessGranted(**GRANT.model_dump(), zone="America/New_York", granted_by="l-1")
    assert world.do(GRANT, LEAD) == [told]
    assert world.do(GRANT, MONITOR) == []
    assert world.do(GRANT.model_copy(update={"reader": "m-2"})).rule == "remote_review.known"


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"site_id": UUID(int=77)}, "site.unknown"),
        ({"trial_id": UUID(int=77)}, "site.other_trial"),
        ({"valid_from": TODAY - 3 * DAY, "valid_to": TODAY - DAY}, "remote_review.in_past"),
    ],
)
def test_access_is_granted_to_a_site_of_the_trial_and_not_for_days_gone(
    fields: dict[str, Any], rule: str
) -> None:
    assert running().do(GRANT.model_copy(update=fields)).rule == rule


def test_an_access_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValidationError, match="valid_to: before valid_from"):
        GrantRemoteAccess(**OF, reader="m-1", valid_from=TODAY, valid_to=TODAY - DAY)


def test_what_was_read_stands_with_its_hashes_its_reader_and_its_counts() -> None:
    world = granted()
    (told,) = world.do(READ, MONITOR)
    assert (told.breaks, told.reviewed_by, told.documents[0].sha256) == ((), "m-1", "a" * 64)
    assert world.do(READ, MONITOR) == []
    row = world.guard(RemoteReviewRow, REVIEW)
    assert [(one.session_id, one.reviewed_by, one.sdv.forms_verified) for one in row.sessions] == [
        (SESSION, "m-1", 4)
    ]
    counters = world.guard(SiteCounters, SITE)
    assert (counters.forms_verified, counters.fields_verified) == (4, 31)


@pytest.mark.parametrize(
    ("world", "fields", "rules"),
    [
        (running, {}, ("remote_review.no_access",)),
        (granted, {"reviewed_on": TODAY - 2 * DAY}, ("remote_review.outside_access",)),
        (
            granted,
            {"reviewed_on": TODAY + 3 * DAY},
            ("remote_review.outside_access", "remote_review.in_future"),
        ),
        (granted, {"site_id": UUID(int=77)}, ("remote_review.other_site",)),
    ],
)
def test_what_was_read_without_access_is_kept_and_is_a_deviation(
    world: Any, fields: dict[str, Any], rules: tuple[str, ...]
) -> None:
    told, deviation = world().do(READ.model_copy(update=fields), MONITOR)
    assert (told.breaks, deviation.rules, deviation.category) == (rules, rules, "remote_review")


def test_access_is_of_one_person() -> None:
    assert granted().do(READ, LEAD)[0].breaks == ("remote_review.other_reader",)


def test_an_access_that_was_withdrawn_is_over() -> None:
    world = granted()
    assert world.do(END, LEAD) == [RemoteAccessWithdrawn(**END.model_dump(), withdrawn_by="l-1")]
    assert (world.do(END, LEAD), world.wakes_at(REVIEW)) == ([], None)
    late = READ.model_copy(update={"reviewed_on": TODAY + DAY})
    world.now += DAY
    assert world.do(late, MONITOR)[0].breaks == ("remote_review.outside_access",)


@pytest.mark.parametrize(
    ("world", "fields", "rule"),
    [
        (running, {}, "remote_review.unknown"),
        (granted, {"site_id": UUID(int=77)}, "remote_review.unknown"),
        (granted, {"withdrawn_on": TODAY + DAY}, "remote_review.in_future"),
    ],
)
def test_only_an_access_that_was_granted_is_withdrawn(world: Any, fields: dict[str, Any], rule: str) -> None:
    assert world().do(END.model_copy(update=fields)).rule == rule


def test_an_access_that_nobody_withdrew_in_time_is_told_once_and_may_end_late() -> None:
    world = granted()
    assert world.wakes_at(REVIEW) == start_of_day(GRANT.valid_to + DAY, "America/New_York")
    assert world.wake(REVIEW) == []
    world.now = world.wakes_at(REVIEW)
    assert world.wake(REVIEW) == [RemoteAccessNotWithdrawn(**OF, valid_to=GRANT.valid_to)]
    assert (world.wake(REVIEW), world.wakes_at(REVIEW)) == ([], None)
    assert world.guard(RemoteReviewRow, REVIEW).status == "not_withdrawn"
    world.do(END, LEAD)
    row = world.guard(RemoteReviewRow, REVIEW)
    assert (row.status, row.withdrawn_late) == ("withdrawn", True)


def test_time_makes_nothing_of_what_was_never_granted() -> None:
    aggregate = SERVICE.aggregate_of["remote_review"]
    world = running()
    world.states[REVIEW] = (aggregate, aggregate.initial)
    assert world.wake(REVIEW) == []
    assert END.stream_id == REVIEW
