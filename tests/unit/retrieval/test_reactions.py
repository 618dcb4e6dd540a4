"""Reactions of retrieval: follow-ups, withdrawals, holds, and the service level of its own legs."""

from datetime import date
from typing import Any
from uuid import UUID

from services.retrieval import commands as c
from services.retrieval import reactions
from services.retrieval.projections.guards import IndexedRequest, ScopeHolds, ScopeRequests, SubjectAccess
from shared.contracts import retrieval as r
from shared.contracts import safety as s
from shared.contracts.message import Event, Facts
from shared.contracts.trials.keeping import SubjectErased
from shared.contracts.trials.subject import SubjectWithdrawn
from shared.rules.deadlines import ArmDeadline, CancelDeadline, MeetDeadline
from shared.rules.vault_commands import CloseVault, HandVault, SealDocument
from shared.rules.vault_rows import DocumentRow
from tests.unit.retrieval import desk as d
from tests.unit.retrieval.test_rows import hold, lifted, recorded

REQUEST = reactions.request_of(d.FOLLOWUP)


def asked(followup: UUID = d.FOLLOWUP) -> s.FollowUpRequested:
    return s.FollowUpRequested(
        followup_id=followup,
        case_id=d.CASE,
        trial_id=d.TRIAL,
        site_id=d.SITE,
        subject_id=d.SUBJECT,
        questions=("outcome",),
        legal_due=date(2026, 3, 20),
        operational_due=date(2026, 3, 16),
        zone="America/Chicago",
        priority="urgent",
    )


def has(scope: UUID, *known: tuple[UUID, str, bool]) -> Facts:
    return Facts(ScopeRequests(scope, tuple(IndexedRequest(*one) for one in known)))


def to_safety(event: Event, facts: Facts | None = None) -> list[Any]:
    return list(reactions.react_to_safety(recorded(event), facts or Facts()))


def to_trials(event: Event, facts: Facts | None = None) -> list[Any]:
    return list(reactions.react_to_trials(recorded(event), facts or Facts()))


def to_own(event: Event, facts: Facts | None = None) -> list[Any]:
    return list(reactions.react_to_own(recorded(event), facts or Facts()))


def test_a_leg_that_is_handed_over_hands_the_vault_over_for_what_it_brings() -> None:
    vendor, other = UUID(int=71), UUID(int=72)
    assigned = r.LegAssigned(
        request_id=REQUEST, leg_id=UUID(int=1), trial_id=d.TRIAL, subject_id=d.SUBJECT,
        organisation_id=vendor, holders=(vendor, other),
    )  # fmt: skip
    about = {"trial_id": d.TRIAL, "subject_id": d.SUBJECT, "request_id": REQUEST}
    assert to_own(assigned) == [HandVault(**about, organisations=(vendor, other))]
    done = r.RequestCompleted(
        **about, purpose="rwe", outcome="complete", legs=1, delivered=1, days_gross=1, days_net=1
    )
    assert to_own(done) == [HandVault(**about, organisations=())]
    assert to_own(assigned.model_copy(update={"subject_id": None})) == []


def test_an_erasure_closes_the_subject_s_vault() -> None:
    erased = SubjectErased(
        trial_id=d.TRIAL, subject_id=d.SUBJECT, reason="subject_request", requested_by="a", approved_by="b"
    )
    assert to_trials(erased) == [CloseVault(trial_id=d.TRIAL, subject_id=d.SUBJECT)]


def test_what_retrieval_seals_nobody_reads_in_its_vault() -> None:
    of: dict[str, Any] = {"subject_id": d.SUBJECT, "trial_id": d.TRIAL, "site_id": d.SITE}

    def sealed(ref: str, **of: Any) -> r.RecordsSealed:
        return r.RecordsSealed(
            request_id=REQUEST, leg_id=UUID(int=1), reason="wrong_patient", received_on=date(2026, 3, 2),
            zone="UTC", pages=2, sha256="a" * 64, document_ref=ref, **of,
        )  # fmt: skip

    ref = UUID(int=77)
    (need,) = reactions.needs_of_own(recorded(sealed(str(ref))))
    assert (need.row, need.key) == (DocumentRow, (ref,))
    command = SealDocument(**of, document_ref=ref, reason="wrong_patient")
    # Also one that comes later; never another subject's, and nothing where nobody knows whose it is.
    for known in ([], [DocumentRow(ref)], [DocumentRow(ref, subject_id=d.SUBJECT)]):
        assert to_own(sealed(str(ref), **of), Facts(*known)) == [command]
    assert to_own(sealed(str(ref), **of), Facts(DocumentRow(ref, subject_id=d.CASE))) == []
    assert to_own(sealed(str(ref))) == []
    assert reactions.needs_of_own(recorded(sealed("archive/17"))) == ()
    assert to_own(sealed("archive/17", **of)) == []


def test_a_follow_up_opens_the_same_request_however_often_it_is_told() -> None:
    first, again = to_safety(asked()), to_safety(asked(), has(d.CASE, (REQUEST, "safety_followup", True)))
    assert first == again
    (command,) = first
    assert isinstance(command, c.OpenRequest)
    assert (command.request_id, command.case_id, command.priority) == (REQUEST, d.CASE, "urgent")
    opened = d.Desk().do(command)[0]
    assert isinstance(opened, r.RequestOpened)
    assert (opened.needed_by, opened.followup_id) == (date(2026, 3, 14), d.FOLLOWUP)


def test_another_follow_up_of_the_case_makes_the_open_request_more_urgent() -> None:
    (command,) = to_safety(asked(UUID(int=7)), has(d.CASE, (REQUEST, "safety_followup", True)))
    assert isinstance(command, c.ReprioritiseRequest)
    assert command.request_id == REQUEST


def test_another_follow_up_after_the_end_opens_a_request_of_its_own() -> None:
    (command,) = to_safety(asked(UUID(int=7)), has(d.CASE, (REQUEST, "safety_followup", False)))
    assert isinstance(command, c.OpenRequest)
    assert command.request_id != REQUEST


def test_a_withdrawal_reaches_every_request_of_the_subject() -> None:
    event = SubjectWithdrawn(
        trial_id=d.TRIAL,
        site_id=d.SITE,
        subject_id=d.SUBJECT,
        withdrawn_on=date(2026, 3, 2),
        scopes=("records_access",),
    )
    facts = has(d.SUBJECT, (d.REQUEST, "rwe", True), (REQUEST, "safety_followup", False))
    assert to_trials(event, facts) == [
        c.NoteWithdrawal(request_id=d.REQUEST),
        c.NoteWithdrawal(request_id=REQUEST),
    ]
    kept = event.model_copy(update={"scopes": ("intervention",)})
    assert to_trials(kept, facts) == []


def test_a_hold_on_records_freezes_research_and_its_end_thaws_it() -> None:
    facts = has(d.SITE, (d.REQUEST, "rwe", True), (REQUEST, "safety_followup", True))
    frozen = c.FreezeRequest(request_id=d.REQUEST, hold_id=d.HOLD)
    assert to_trials(hold(d.HOLD, "retrieve_records"), facts) == [frozen]
    assert to_trials(hold(d.HOLD, "dose"), facts) == []
    assert to_trials(lifted(d.HOLD), facts) == [c.ThawRequest(request_id=d.REQUEST, hold_id=d.HOLD)]


def test_a_new_request_catches_up_with_what_came_at_the_same_moment() -> None:
    facts = Facts(SubjectAccess(d.SUBJECT, withdrawn=True), ScopeHolds(d.TRIAL, (d.HOLD,)))
    (opened,) = d.desk(opened=d.opening(purpose="rwe")).events
    assert to_own(opened, facts) == [
        c.NoteWithdrawal(request_id=d.REQUEST),
        c.FreezeRequest(request_id=d.REQUEST, hold_id=d.HOLD),
    ]
    (safety,) = d.desk().events
    assert to_own(safety, facts) == [c.NoteWithdrawal(request_id=d.REQUEST)]


def test_a_request_frozen_by_a_hold_that_has_just_been_lifted_thaws() -> None:
    frozen = r.RequestFrozen(request_id=d.REQUEST, trial_id=d.TRIAL, subject_id=d.SUBJECT, hold_id=d.HOLD)
    assert to_own(frozen) == [c.ThawRequest(request_id=d.REQUEST, hold_id=d.HOLD)]
    assert to_own(frozen, Facts(ScopeHolds(d.TRIAL, (d.HOLD,)))) == []


def test_reactions_name_the_rows_that_they_read() -> None:
    assert [need.key for need in reactions.needs_of_safety(recorded(asked()))] == [(d.CASE,)]
    assert [need.key for need in reactions.needs_of_trials(recorded(hold(d.HOLD, "dose")))] == [(d.SITE,)]
    (opened,) = d.desk().events
    scopes = [(d.TRIAL,), (d.SITE,), (d.SUBJECT,), (d.SUBJECT,)]
    assert [need.key for need in reactions.needs_of_own(recorded(opened))] == scopes


def levels(desk: d.Desk) -> list[Any]:
    """What becomes of service levels, beside whom the vault is handed to."""
    made = [command for event in desk.events for command in to_own(event)]
    return [command for command in made if not isinstance(command, HandVault)]


def test_the_service_level_runs_from_the_first_sending_and_ends_at_delivery() -> None:
    desk = d.in_hand()
    desk.do(d.fail())
    desk.later(days=5).do(d.send())
    desk.do(d.receive(document="doc:2"))
    desk.do(d.release())
    desk.do(d.deliver())
    arm, meet = levels(desk)
    assert isinstance(arm, ArmDeadline)
    assert isinstance(meet, MeetDeadline)
    assert (arm.clock.due_on, arm.clock.force, arm.owner) == (date(2026, 3, 17), "contract", "cro")
    assert (meet.deadline_id, meet.met_on) == (arm.deadline_id, date(2026, 3, 7))


def test_the_service_level_ends_with_a_leg_that_brings_nothing() -> None:
    for end in (
        d.close("refused"),
        d.close("no_records", certificate_ref="certificate:1"),
        d.of_leg(c.CancelLeg, reason="duplicate"),
    ):
        desk = d.sent_desk()
        desk.do(end)
        arm, cancel = levels(desk)
        assert isinstance(cancel, CancelDeadline)
        assert cancel.deadline_id == arm.deadline_id


def test_a_leg_that_was_never_sent_has_no_service_level() -> None:
    desk = d.desk(d.leg(), d.of_leg(c.CancelLeg, reason="duplicate"))
    assert levels(desk) == []
