"""Projections of safety: the case as shown, and what decisions know of trials, sites and subjects."""

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import TypeAdapter

from services.safety import guards
from services.safety.commands import CaseCommand, RecordDueDiligence
from services.safety.domain.state import Case
from services.safety.guards import KnownSite, KnownSubject, KnownTrial
from services.safety.projections import CaseRow, case_keys, fold_case
from shared.contracts.message import Actor, CommandRefused, Event, Recorded
from shared.contracts.trials.hold import HoldLifted
from shared.contracts.trials.site import SiteActivated, SiteIdentified, SiteSelected
from shared.contracts.trials.subject import SubjectEnrolled, SubjectEnrolmentCorrected, SubjectWithdrawn
from shared.contracts.trials.trial import TrialPlanRecorded, TrialRegistered, TrialStatusChanged
from tests.support.touched import touched
from tests.unit.safety.given_case import (
    CASE,
    EXPECTED,
    FATAL,
    FOLLOW_UP,
    LATER,
    RECORDS,
    SERIOUS,
    SIGNIFICANT,
    SITE,
    SUBJECT,
    SUSPECTED,
    SUSPECTED_FATAL,
    TRIAL,
    acknowledged,
    corrected,
    then,
)

FILES = sorted((Path(guards.__file__).parent / "migrations").glob("*.sql"))
SQL = "\n".join(file.read_text(encoding="utf-8") for file in FILES)


def recorded(event: Event, version: int = 1) -> Recorded[Any]:
    return Recorded(
        id=UUID(int=900 + version),
        type="x",
        source="safety",
        stream_id=CASE,
        version=version,
        sponsor_id=UUID(int=7),
        trial_id=TRIAL,
        time=datetime(2026, 3, 2, tzinfo=UTC),
        data=event,
        actor=Actor("x", "service"),
        correlation_id=UUID(int=8),
    )


def shown(*commands: CaseCommand) -> CaseRow:
    case, row, version = Case(), None, 0
    for command in commands:
        case, events = then(case, command, LATER)
        for event in events:
            version += 1
            message = recorded(event, version)
            for key in touched(case_keys, message):
                row = fold_case(row, message, key)
    assert row is not None
    assert row.clocks == case.clocks
    assert row.obligations == case.obligations
    assert row.version == case.version
    return row


def test_a_received_case_shows_its_clocks_and_its_correlation() -> None:
    row = shown(FATAL)
    assert (row.status, row.fatal_or_life_threatening, row.correlation_id) == ("received", True, UUID(int=8))
    assert row.seriousness == ("death",)


def test_a_case_is_shown_through_its_whole_course() -> None:
    row = shown(SERIOUS, SUSPECTED, FOLLOW_UP, acknowledged("us_ind_15_day"))
    assert (row.status, len(row.acknowledged)) == ("acknowledged", 1)
    row = shown(SERIOUS, SUSPECTED, FOLLOW_UP, acknowledged("us_ind_15_day"), RECORDS)
    assert row.waiting == (UUID(int=20),)
    row = shown(SERIOUS, SUSPECTED, FOLLOW_UP, acknowledged("us_ind_15_day"), RECORDS, SIGNIFICANT)
    assert (row.status, row.version, row.waiting) == ("reportable", 2, ())
    assert (row.received_on, row.new_info_on) == (date(2026, 3, 2), date(2026, 4, 1))
    assert row.assessment is not None
    assert row.followup_id is not None


@pytest.mark.parametrize(
    "commands",
    [
        (SERIOUS, EXPECTED),
        (FATAL, SUSPECTED_FATAL, SUSPECTED),
        (SERIOUS, SUSPECTED, corrected(received_on=date(2026, 2, 27), seriousness=("death",))),
        (SERIOUS, FATAL),
        (RECORDS, SERIOUS),
    ],
)
def test_the_row_says_what_the_case_decides_from(commands: Sequence[CaseCommand]) -> None:
    assert shown(*commands).case_id == CASE


def test_a_row_survives_its_way_through_the_database() -> None:
    rows = TypeAdapter(CaseRow)
    row = shown(FATAL, SUSPECTED_FATAL, RECORDS, SIGNIFICANT)
    assert rows.validate_json(rows.dump_json(row)) == row


def test_what_is_no_case_has_no_row() -> None:
    refused = CommandRefused(command_id=CASE, command_type="x", rule="r", detail="d")
    assert touched(case_keys, recorded(refused)) == ()


def folded(keys: Any, fold: Any, *events: Event) -> Any:
    row = None
    for event in events:
        for key in touched(keys, recorded(event)):
            row = fold(row, recorded(event), key)
    return row


def test_a_trial_is_known_with_its_status_and_who_owes_its_reports() -> None:
    registered = TrialRegistered(
        trial_id=TRIAL,
        title="A trial",
        sponsor_name="Sponsor",
        study_type="INTERVENTIONAL",
        basis="sponsor",
        status="draft",
        owner="cro",
        owner_id=UUID(int=41),
    )
    moved = TrialStatusChanged(trial_id=TRIAL, before="draft", after="active", basis="sponsor")
    trial = folded(guards.known_trial_keys, guards.fold_known_trial, registered, moved)
    assert (trial.status, trial.owner, trial.owner_id) == ("active", "cro", UUID(int=41))


def test_a_site_and_a_subject_are_known_by_ids_alone() -> None:
    identified = SiteIdentified(trial_id=TRIAL, site_id=SITE, name="Site", basis="sponsor", zone="UTC")
    activated = SiteActivated(
        trial_id=TRIAL, site_id=SITE, gates=(), activated_on=date(2026, 1, 1), zone="UTC", country="US"
    )
    site = folded(guards.known_site_keys, guards.fold_known_site, identified, activated)
    assert (site.activated, site.zone) == (True, "UTC")
    enrolled = SubjectEnrolled(
        trial_id=TRIAL,
        site_id=SITE,
        subject_id=SUBJECT,
        subject_code="001-001",
        enrolled_on=date(2026, 1, 2),
    )
    left = SubjectWithdrawn(
        trial_id=TRIAL,
        site_id=SITE,
        subject_id=SUBJECT,
        withdrawn_on=date(2026, 2, 2),
        scopes=("samples", "intervention"),
    )
    subject = folded(guards.known_subject_keys, guards.fold_known_subject, enrolled, left)
    assert (subject.withdrew, subject.enrolled_on) == (("intervention", "samples"), date(2026, 1, 2))


@pytest.mark.parametrize("row", [CaseRow, KnownTrial, KnownSite, KnownSubject])
def test_a_table_has_the_columns_of_its_row(row: Any) -> None:
    table = SQL[SQL.index(f"CREATE TABLE {row.table} (") :]
    columns = re.findall(r"^    (\w+) ", table[: table.index(");")], re.MULTILINE)
    columns += re.findall(rf"ALTER TABLE {row.table} ADD COLUMN (\w+)", SQL)
    assert columns == [field.name for field in fields(row)]


def test_a_case_row_counts_the_searches_that_found_nothing() -> None:
    searched = [
        RecordDueDiligence(case_id=CASE, trial_id=TRIAL, request_id=UUID(int=40 + n), outcome="none")
        for n in range(2)
    ]
    assert shown(SERIOUS, SUSPECTED, FOLLOW_UP, *searched, searched[0]).searches == 2


def test_a_plan_says_who_owes_the_reports_of_a_trial_that_the_registry_made_known() -> None:
    moved = TrialStatusChanged(trial_id=TRIAL, before="approved", after="active", basis="registry")
    planned = TrialPlanRecorded(
        trial_id=TRIAL, title="The plan", study_type="INTERVENTIONAL", route="us_ind", owner="cro"
    )
    trial = folded(guards.known_trial_keys, guards.fold_known_trial, moved, planned)
    assert trial == KnownTrial(TRIAL, "The plan", "us_ind", "active", "cro")


def test_a_site_keeps_its_zone_when_it_is_identified_again_without_one() -> None:
    selected = SiteSelected(
        trial_id=TRIAL, site_id=SITE, zone="UTC", country="US", route="us_ind", required_gates=()
    )
    identified = SiteIdentified(trial_id=TRIAL, site_id=SITE, name="Site", basis="registry")
    site = folded(guards.known_site_keys, guards.fold_known_site, selected, identified)
    assert site == KnownSite(SITE, TRIAL, "UTC", activated=False)


def test_a_corrected_enrolment_is_what_safety_knows_of_the_subject() -> None:
    about: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "subject_id": SUBJECT}
    enrolled = SubjectEnrolled(**about, subject_code="001-001", enrolled_on=date(2026, 1, 2))
    corrected_ = SubjectEnrolmentCorrected(
        **about, subject_code="001-002", enrolled_on=date(2026, 1, 3), corrects=UUID(int=6)
    )
    subject = folded(guards.known_subject_keys, guards.fold_known_subject, enrolled, corrected_)
    assert subject == KnownSubject(SUBJECT, TRIAL, SITE, "001-002", date(2026, 1, 3))


@pytest.mark.parametrize(
    ("row", "keys", "fold"),
    [
        (KnownTrial(TRIAL, status="active"), guards.known_trial_keys, guards.fold_known_trial),
        (KnownSite(SITE, TRIAL), guards.known_site_keys, guards.fold_known_site),
        (KnownSubject(SUBJECT, TRIAL), guards.known_subject_keys, guards.fold_known_subject),
        (CaseRow(CASE, status="received"), case_keys, fold_case),
    ],
    ids=lambda value: getattr(value, "table", ""),
)
def test_an_event_about_something_else_is_not_shown(row: Any, keys: Any, fold: Any) -> None:
    message = recorded(
        HoldLifted(
            hold_id=UUID(int=24),
            trial_id=TRIAL,
            source="dsmb",
            scope_kind="trial",
            scope_id=TRIAL,
            until=date(2026, 3, 3),
            evidence="letter:1",
        )
    )
    assert touched(keys, message) == ()
    assert fold(row, message, (CASE,)) == row


def test_a_case_row_names_the_reports_that_were_sent() -> None:
    sent = acknowledged("us_ind_15_day").model_copy(update={"status": "filed"})
    row = shown(SERIOUS, SUSPECTED, sent)
    assert (row.filed, row.acknowledged, row.status) == ((sent.report_id,), (), "reportable")
