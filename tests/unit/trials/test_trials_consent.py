"""Consent: what a signature breaks, what was done without one, and signing again."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.trials.commands.consent import (
    DeclineReconsent,
    RecordConsent,
    RecordConsentVersion,
    RequireReconsent,
    WaiveReconsent,
    consents_of,
)
from services.trials.commands.hold import ApplyHold
from services.trials.commands.subject import CorrectEnrolment, WithdrawSubject
from services.trials.commands.subject_history import HistoryStep, RecordSubjectHistory
from services.trials.commands.subject_steps import (
    ChangeSubjectStatus,
    DecideEligibility,
    IdentifyCandidate,
    RecordVisit,
    ReportDeath,
    StartScreening,
)
from services.trials.domain import consent_version, subject
from services.trials.projections.guards import SiteGuard
from services.trials.projections.subjects import SubjectRow, fold_subject, subject_keys
from services.trials.reactions.consent import needs, react
from shared.contracts.message import Event, Facts, Refusal, Wake
from shared.contracts.trials.consent import (
    ConsentVersionReleased,
    ReconsentDeclined,
    ReconsentOverdue,
    ReconsentRequired,
    ReconsentWaived,
    SubjectConsented,
)
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.site import SiteEnrolmentStarted
from shared.contracts.trials.subject import SubjectDied, SubjectStatusChanged, SubjectVisitDone
from shared.rules.dates import start_of_day
from tests.support.touched import touched
from tests.unit.trials.test_trials_chain import activate, dose, enrol, gates_open, randomise
from tests.unit.trials.trials_world import NOW, SITE, SUBJECT, TRIAL, World, recorded

TODAY = NOW.date()
DAY = timedelta(days=1)
IDS: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT}

CANDIDATE = IdentifyCandidate(**IDS, subject_code="S-7", identified_on=TODAY)


def release(version: str = "1.0", on: date = TODAY - 60 * DAY, **fields: Any) -> RecordConsentVersion:
    about: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "version": version, "language": "en"}
    return RecordConsentVersion(**about | {"released_on": on} | fields)


def again(
    version: str = "2.0", on: date = TODAY, due_in_days: int = 14, **fields: Any
) -> RecordConsentVersion:
    return release(version, on, requires_reconsent="all_active", due_in_days=due_in_days, **fields)


def consent(version: str = "1.0", on: date = TODAY, language: str = "en") -> RecordConsent:
    return RecordConsent(**IDS, version=version, language=language, signed_on=on, subject_code="S-001")


def visit(on: date = TODAY, code: str = "V1") -> RecordVisit:
    return RecordVisit(**IDS, visit=code, done_on=on)


def row(world: World) -> SubjectRow:
    found: SubjectRow | None = None
    for message in world.told:
        for key in touched(subject_keys, message):
            found = fold_subject(found, message, key)
    assert found
    return found


def breaks(world: World, kind: type[Event]) -> list[tuple[str, ...]]:
    return [event.breaks for event in world.events(kind)]


def rules(world: World) -> list[tuple[str, ...]]:
    return [event.rules for event in world.events(DeviationReported)]


def test_whoever_signs_and_is_not_known_is_a_candidate(running: World) -> None:
    candidate, signed = running.do(consent())  # type: ignore[misc]
    assert isinstance(candidate, SubjectStatusChanged)
    assert (candidate.before, candidate.after, candidate.subject_code) == (None, "candidate", "S-001")
    assert signed == SubjectConsented(**IDS, version="1.0", language="en", signed_on=TODAY)
    shown = row(running)
    assert (shown.status, shown.subject_code, shown.consent_version) == ("candidate", "S-001", "1.0")
    assert (shown.consent_language, shown.consented_on) == ("en", TODAY)


@pytest.mark.parametrize(
    ("released", "signed", "broken"),
    [
        ([], consent(), ()),
        ([release()], consent(), ()),
        ([release()], consent("0.9"), ("consent.wrong_version",)),
        ([release()], consent(language="es"), ("consent.wrong_version",)),
        ([release(on=TODAY + DAY)], consent(), ("consent.wrong_version",)),
        ([release(), release("2.0", TODAY)], consent(), ("consent.outdated",)),
        ([release(), release("2.0", TODAY)], consent("2.0"), ()),
        ([release(), release("2.0", TODAY)], consent(on=TODAY - DAY), ()),
        ([release()], consent(on=TODAY + 3 * DAY), ("consent.in_future",)),
    ],
)
def test_a_signature_is_kept_and_marked_with_the_rule_that_it_breaks(
    running: World, released: Any, signed: RecordConsent, broken: tuple[str, ...]
) -> None:
    for version in released:
        running.do(version)
    running.do(signed)
    assert breaks(running, SubjectConsented) == [broken]
    assert rules(running) == ([broken] if broken else [])
    assert running.do(signed) == []


def test_a_consent_under_a_hold_against_it_names_the_hold(running: World) -> None:
    hold = UUID(int=24)
    scope: dict[str, Any] = {"trial_id": TRIAL, "scope_kind": "site", "scope_id": SITE}
    running.do(ApplyHold(**scope, hold_id=hold, source="dsmb", effects=("consent",), since=TODAY))
    running.do(consent())
    (deviation,) = running.events(DeviationReported)
    assert (deviation.rules, deviation.holds) == (("consent.under_hold",), (hold,))


def test_where_no_version_was_told_nothing_is_said_of_an_enrolment_without_consent(running: World) -> None:
    running.do(enrol())
    running.do(visit())
    assert rules(running) == []


@pytest.mark.parametrize(
    "known", [release(), IdentifyCandidate(**IDS, subject_code="S-1", identified_on=TODAY)]
)
def test_an_enrolment_without_consent_is_a_deviation_until_the_consent_is_told(
    running: World, known: Any
) -> None:
    running.do(known)
    running.do(enrol())
    assert ("consent.missing",) in rules(running)
    assert "consent.missing" in row(running).breaks
    running.do(consent(on=TODAY - DAY))
    assert [event.reason for event in running.events(DeviationAnnulled)] == ["consent.told_late"]
    assert "consent.missing" not in row(running).breaks


def test_a_consent_signed_after_the_first_procedure_leaves_its_deviation(running: World) -> None:
    running.do(release())
    running.do(visit(TODAY - DAY))
    assert breaks(running, SubjectVisitDone) == [("consent.missing",)]
    running.do(consent())
    assert breaks(running, SubjectConsented) == [("consent.after_first_procedure",)]
    assert (rules(running), running.events(DeviationAnnulled)) == ([("consent.missing",)], [])


def test_a_second_signature_is_not_too_late(running: World) -> None:
    running.do(consent(on=TODAY - 2 * DAY))
    running.do(visit(TODAY - DAY))
    running.do(consent("2.0"))
    assert breaks(running, SubjectConsented) == [(), ()]


def test_a_correction_to_a_day_before_the_consent_is_a_deviation_and_back_it_is_none(running: World) -> None:
    running.do(consent(on=TODAY))
    for status in (
        StartScreening(**IDS, screened_on=TODAY),
        DecideEligibility(**IDS, eligible=True, decided_on=TODAY),
    ):
        running.do(status)
    running.do(enrol())
    assert rules(running) == []

    def correct(day: date) -> CorrectEnrolment:
        given = {"subject_code": "S-001", "enrolled_on": day, "corrects": UUID(int=6), "reason": "typing"}
        return CorrectEnrolment(**IDS, **given)  # type: ignore[arg-type]

    running.do(correct(TODAY - DAY))
    assert rules(running) == [("site.not_active",), ("consent.missing",)]
    running.do(correct(TODAY))
    assert len(running.events(DeviationAnnulled)) == 2


def test_visits_are_kept_once_each_and_marked_after_the_subject_left(running: World) -> None:
    running.do(enrol(TODAY))
    running.do(visit())
    assert running.do(visit()) == []
    running.do(ChangeSubjectStatus(**IDS, status="off-study", changed_on=TODAY, reason="completed"))
    running.do(visit(TODAY, "V2"))
    running.do(visit(TODAY + DAY, "V3"))
    running.do(visit(TODAY - DAY, "V0"))
    assert breaks(running, SubjectVisitDone) == [(), (), ("subject.left",), ()]
    shown = row(running)
    assert (shown.last_visit, shown.last_visit_on, shown.status_reason) == ("V3", TODAY + DAY, "completed")


def test_a_visit_under_a_hold_or_not_yet_happened_is_marked(running: World) -> None:
    running.do(enrol())
    scope: dict[str, Any] = {"trial_id": TRIAL, "scope_kind": "trial", "scope_id": TRIAL}
    running.do(ApplyHold(**scope, source="dsmb", effects=("procedures",), since=TODAY))
    running.do(visit(TODAY + 3 * DAY))
    assert breaks(running, SubjectVisitDone) == [("visit.under_hold", "visit.in_future")]


def test_a_death_ends_the_participation_and_nothing_follows_it(running: World) -> None:
    running.do(enrol())
    died, left = running.do(ReportDeath(**IDS, died_on=TODAY))  # type: ignore[misc]
    assert died == SubjectDied(**IDS, died_on=TODAY)
    assert (left.after, left.reason) == ("off-study", "death")  # type: ignore[union-attr]
    assert running.do(ReportDeath(**IDS, died_on=TODAY)) == []
    assert [type(e) for e in running.do(ReportDeath(**IDS, died_on=TODAY - DAY))] == [SubjectDied]  # type: ignore[union-attr]
    for asked in (randomise(), dose()):
        refusal = running.do(asked)
        assert isinstance(refusal, Refusal)
        assert refusal.rule == "subject.transition"
    assert row(running).died_on == TODAY - DAY


def test_who_died_before_registration_is_withdrawn_and_an_enrolment_after_that_breaks_a_rule(
    running: World,
) -> None:
    running.do(consent())
    running.do(ReportDeath(**IDS, died_on=TODAY - DAY))
    assert row(running).status == "withdrawn"
    running.do(enrol())
    assert rules(running) == [("subject.not_eligible", "subject.died")]


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(("intervention",), "withdrawn"), (("follow_up",), "withdrawn"), (("samples",), "candidate")],
)
def test_whoever_withdraws_before_registration_is_withdrawn(running: World, scopes: Any, status: str) -> None:
    running.do(consent())
    running.do(WithdrawSubject(**IDS, withdrawn_on=TODAY, scopes=scopes))
    assert (row(running).status, rules(running)) == (status, [])


def test_a_candidate_is_known_once(running: World) -> None:
    running.do(CANDIDATE)
    assert running.do(CANDIDATE) == []
    running.do(consent())
    assert (row(running).status, row(running).subject_code) == ("potential-candidate", "S-7")


def test_a_release_asks_the_subjects_of_its_site_and_language_to_sign_again(running: World) -> None:
    running.do(consent())
    running.do(
        consent("1.0", language="en").model_copy(update={"subject_id": UUID(int=30), "language": "es"})
    )
    running.do(enrol(subject=UUID(int=31)))
    running.do(again(blocks=True))
    asked = {event.subject_id: event for event in running.events(ReconsentRequired)}
    assert set(asked) == {SUBJECT, UUID(int=31)}
    assert asked[SUBJECT] == ReconsentRequired(
        **IDS, version="2.0", language="en", due_on=TODAY + 14 * DAY, zone="America/New_York", blocks=True
    )
    assert running.do(again(blocks=True)) == []


def test_a_release_told_again_with_another_day_moves_the_day(running: World) -> None:
    running.do(consent())
    running.do(again())
    running.do(again(due_in_days=7))
    assert [e.due_on for e in running.events(ReconsentRequired)] == [TODAY + 14 * DAY, TODAY + 7 * DAY]
    assert row(running).reconsent_due_on == TODAY + 7 * DAY


@pytest.mark.parametrize(
    ("rule", "past", "asked"),
    [
        ("all_active", "follow-up", 1),
        ("not_completed_intervention", "follow-up", 0),
        ("not_completed_intervention", None, 1),
        ("all_active", "off-study", 0),
    ],
)
def test_who_signs_again_is_what_the_board_decided(running: World, rule: Any, past: Any, asked: int) -> None:
    running.do(enrol())
    if past:
        running.do(ChangeSubjectStatus(**IDS, status=past, changed_on=TODAY, reason="completed"))
    running.do(release("2.0", TODAY, requires_reconsent=rule, due_in_days=14))
    assert len(running.events(ReconsentRequired)) == asked


def test_a_release_without_signatures_asks_nobody(running: World) -> None:
    running.do(consent())
    running.do(release("2.0", TODAY))
    assert running.events(ReconsentRequired) == []


def test_the_new_signature_meets_what_was_asked(running: World) -> None:
    running.do(consent(on=TODAY - DAY))
    running.do(again(blocks=True))
    assert row(running).reconsent == "required"
    running.do(consent("2.0"))
    assert row(running).reconsent is None
    assert subject.wake_at(running.states[SUBJECT][1]) is None
    assert running.do(RequireReconsent(**IDS, version="2.0", language="en", due_on=TODAY, zone="UTC")) == []


def test_another_version_does_not_meet_it(running: World) -> None:
    running.do(consent(on=TODAY - DAY))
    running.do(again())
    running.do(consent("1.5"))
    assert row(running).reconsent == "required"


def test_a_consent_told_late_is_asked_for_the_version_that_came_after_it(running: World) -> None:
    running.do(again(on=TODAY - DAY))
    running.do(consent(on=TODAY - 2 * DAY))
    (asked,) = running.events(ReconsentRequired)
    assert (asked.version, asked.due_on) == ("2.0", TODAY + 13 * DAY)
    running.do(release("3.0", TODAY))
    running.do(consent("3.0"))
    assert len(running.events(ReconsentRequired)) == 1


@pytest.mark.parametrize("told", ["late", "again"])
def test_an_older_version_is_not_asked_of_whoever_signed_a_later_one(running: World, told: str) -> None:
    older = again("2.0", TODAY - 20 * DAY, 10, blocks=True)
    for version in (release("1.0"), *([older] if told == "again" else []), release("3.0", TODAY - 5 * DAY)):
        running.do(version)
    running.do(consent("3.0", on=TODAY - DAY))
    running.do(enrol())
    running.do(older.model_copy(update={"due_in_days": 12}))
    assert running.events(ReconsentRequired) == []
    assert not isinstance(running.do(randomise()), Refusal)


def test_an_older_version_takes_no_later_ones_place(running: World) -> None:
    running.do(release("1.0"))
    running.do(consent(on=TODAY - 30 * DAY))
    running.do(again("3.0", TODAY - 5 * DAY))
    running.do(again("2.0", TODAY - 20 * DAY, 10, blocks=True))
    assert [event.version for event in running.events(ReconsentRequired)] == ["3.0"]
    assert row(running).reconsent_version == "3.0"


def test_a_later_version_meets_what_was_asked_of_an_older_one(running: World) -> None:
    running.do(release("1.0"))
    running.do(consent(on=TODAY - 30 * DAY))
    running.do(enrol())
    running.do(again("2.0", TODAY - 20 * DAY, 10, blocks=True))
    running.do(release("3.0", TODAY - DAY))
    assert isinstance(running.do(randomise()), Refusal)
    running.do(consent("3.0", on=TODAY))
    assert running.events(SubjectConsented)[-1].meets == "2.0"
    assert (row(running).reconsent, subject.wake_at(running.states[SUBJECT][1])) == (None, None)
    assert breaks(running, SubjectConsented) == [(), ()]
    assert not isinstance(running.do(randomise()), Refusal)


def test_a_later_version_in_another_language_meets_it_as_well(running: World) -> None:
    running.do(consent(on=TODAY - 30 * DAY))
    running.do(again("2.0", TODAY - 20 * DAY))
    running.do(release("2.0", TODAY - 10 * DAY, language="es"))
    running.do(consent("1.5", on=TODAY - 2 * DAY, language="es"))
    assert row(running).reconsent == "required"
    running.do(release("3.0", TODAY - DAY, language="es"))
    running.do(consent("3.0", language="es"))
    assert row(running).reconsent is None


def overdue(world: World, due_on: date) -> list[Any]:
    """Time passes at the site until the day after."""
    world.now = start_of_day(due_on + DAY, "America/New_York")
    state = world.states[SUBJECT][1]
    assert subject.wake_at(state) == world.now
    assert subject.decide(state, Wake(stream=SUBJECT), Facts(), world.now - timedelta(seconds=1)) == []
    return subject.decide(state, Wake(stream=SUBJECT), Facts(), world.now)  # type: ignore[return-value]


def test_a_signature_that_did_not_come_is_overdue_when_the_next_day_begins_there(
    running: World,
) -> None:
    running.do(consent(on=TODAY - DAY))
    running.do(enrol())
    running.do(again(due_in_days=1, blocks=True))
    told, deviation = overdue(running, TODAY + DAY)
    assert told == ReconsentOverdue(**IDS, version="2.0", language="en", due_on=TODAY + DAY)
    assert (deviation.category, deviation.rules) == ("reconsent", ("reconsent.overdue",))
    assert deviation.occurred_on == TODAY + 2 * DAY
    for event in (told, deviation):
        running._record(running.states[SUBJECT][0], SUBJECT, event)
    state = running.states[SUBJECT][1]
    assert subject.wake_at(state) is None
    assert subject.decide(state, Wake(stream=SUBJECT), Facts(), running.now) == []
    assert row(running).reconsent == "overdue"
    late = dose().model_copy(update={"dose_on": TODAY + 2 * DAY})
    refusal = running.do(late)
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "reconsent.blocked"
    running.do(visit(TODAY + 2 * DAY))
    assert breaks(running, SubjectVisitDone) == [("reconsent.blocked",)]
    running.do(consent("2.0", on=TODAY + 2 * DAY))
    assert not isinstance(running.do(late), Refusal)


def test_overdue_without_the_boards_word_stops_no_dose(running: World) -> None:
    running.do(enrol())
    running.do(again(on=TODAY - 30 * DAY))
    assert not isinstance(running.do(dose()), Refusal)


def test_whoever_leaves_need_not_sign_any_more(running: World) -> None:
    running.do(enrol())
    running.do(again())
    running.do(ChangeSubjectStatus(**IDS, status="off-study", changed_on=TODAY, reason="completed"))
    assert subject.wake_at(running.states[SUBJECT][1]) is None
    assert row(running).reconsent is None
    assert running.do(RequireReconsent(**IDS, version="3.0", language="en", due_on=TODAY, zone="UTC")) == []


DECLINE = DeclineReconsent(**IDS, version="2.0", language="en", declined_on=TODAY)
WAIVE = WaiveReconsent(**IDS, version="2.0", language="en", waived_on=TODAY, document_ref="letter-7")


def test_a_subject_may_decline(running: World) -> None:
    running.do(enrol())
    running.do(again())
    assert running.do(DECLINE) == [ReconsentDeclined(**IDS, version="2.0", language="en", declined_on=TODAY)]
    assert running.do(DECLINE) == []
    assert row(running).reconsent == "declined"


def test_a_boards_letter_spares_the_signature(running: World) -> None:
    running.do(enrol())
    running.do(again())
    (waived,) = running.do(WAIVE)  # type: ignore[misc]
    assert isinstance(waived, ReconsentWaived)
    assert (waived.document_ref, waived.breaks) == ("letter-7", ())
    assert running.do(WAIVE) == []
    assert row(running).reconsent is None
    assert running.do(RequireReconsent(**IDS, version="2.0", language="en", due_on=TODAY, zone="UTC")) == []


@pytest.mark.parametrize("told", [DECLINE, WAIVE])
def test_an_answer_that_nobody_asked_for_is_kept_and_is_a_deviation(running: World, told: Any) -> None:
    running.do(enrol())
    (kept, deviation) = running.do(told)  # type: ignore[misc]
    assert kept.breaks == deviation.rules == ("reconsent.not_required",)  # type: ignore[union-attr]
    assert running.do(told) == []
    assert row(running).reconsent is None


def test_a_version_is_released_once_and_told_again_where_it_is_another(running: World) -> None:
    first = release(document_ref="icf-1", sha256="a" * 64)
    assert first.stream_id == consents_of(TRIAL, SITE)
    (told,) = running.do(first)  # type: ignore[misc]
    assert isinstance(told, ConsentVersionReleased)
    assert (told.document_ref, told.requires_reconsent) == ("icf-1", "none")
    assert running.do(first) == []
    assert running.do(release(on=TODAY)) != []
    versions = running.states[first.stream_id][1]
    assert consent_version.decide(versions, Wake(stream=first.stream_id), Facts(), NOW) == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"requires_reconsent": "all_active"}, "exactly where somebody signs again"),
        ({"due_in_days": 3}, "exactly where somebody signs again"),
        ({"blocks": True}, "nobody is overdue"),
        ({"language": "English"}, "language"),
        ({"sha256": "no hash"}, "sha256"),
    ],
)
def test_a_release_says_who_signs_again_and_until_when(fields: Any, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        release(**fields)


def test_a_release_at_a_site_that_nobody_knows_reaches_nobody() -> None:
    event = ConsentVersionReleased(
        trial_id=TRIAL,
        site_id=SITE,
        version="2.0",
        language="en",
        released_on=TODAY,
        requires_reconsent="all_active",
        due_in_days=14,
    )
    message = recorded(event, consents_of(TRIAL, SITE))
    assert [need.key for need in needs(message)] == [(SITE,), (SITE,)]
    assert react(message, Facts()) == []


def test_the_zone_of_a_site_that_has_none_is_utc() -> None:
    world = World()
    world.do(consent())
    world.do(again())
    assert [event.zone for event in world.events(ReconsentRequired)] == ["UTC"]
    assert subject.wake_at(world.states[SUBJECT][1]) == datetime(2026, 3, 25, tzinfo=NOW.tzinfo)


def test_an_imported_candidate_is_screened_once_a_consent_is_told_where_versions_are(running: World) -> None:
    found = {"kind": "candidate", "on": TODAY - DAY}
    imported = RecordSubjectHistory(
        **IDS, source="sdtm", subject_code="S-1", steps=(HistoryStep.model_validate(found),)
    )
    running.do(imported)
    screen = StartScreening(**IDS, screened_on=TODAY)
    assert not isinstance(running.decide(screen), Refusal)
    running.do(release())
    refusal = running.do(screen)
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "consent.missing"
    running.do(consent())
    assert not isinstance(running.do(screen), Refusal)


def test_screening_is_shown_with_its_day_and_the_criteria_not_met(running: World) -> None:
    running.do(consent(on=TODAY - DAY))
    running.do(StartScreening(**IDS, screened_on=TODAY))
    running.do(DecideEligibility(**IDS, eligible=False, failed=("E07", "I02"), decided_on=TODAY))
    shown = row(running)
    assert (shown.status, shown.status_reason, shown.screened_on) == ("ineligible", "E07", TODAY)
    assert (shown.eligible, shown.failed) == (False, ("E07", "I02"))


def test_the_first_consent_lets_its_site_enrol() -> None:
    world = World()
    gates_open(world)
    world.do(activate())
    world.do(release())
    assert (world.site().status, world.events(SiteEnrolmentStarted)) == ("activated", [])
    world.do(consent())
    assert (world.site().status, world.guard(SiteGuard, SITE).status) == ("enrolling", "enrolling")
    world.do(enrol())
    assert len(world.events(SiteEnrolmentStarted)) == 1
