"""A subject's vault: given what happened, when a command comes, then these events or that refusal."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import vault as v
from shared.contracts.message import Actor, Facts, Recorded, Refusal, Wake
from shared.rules import vault_commands as c
from shared.rules.vault import Holding, decide, evolve, held_by
from shared.rules.vault_rows import (
    DocumentRow,
    VaultSubjectRow,
    document_keys,
    fold_document,
    fold_vault_subject,
    vault_subject_keys,
)
from tests.support.touched import touched

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SUBJECT, TRIAL, SITE, REF = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
ABOUT: dict[str, Any] = {"subject_id": SUBJECT, "trial_id": TRIAL, "site_id": SITE}
FILE: dict[str, Any] = {
    "kind": "medical_record",
    "media_type": "application/pdf",
    "sha256": "a" * 64,
    "size": 9,
}
STORE = c.StoreDocument(**ABOUT, document_ref=REF, **FILE)
STORED = v.DocumentStored(**ABOUT, document_ref=REF, **FILE)
SEALED = v.DocumentSealed(**ABOUT, document_ref=REF, reason="wrong_patient")
TOLD = v.ParticularsRecorded(**ABOUT, kind="identity")
CLOSED, DESTROYED = v.VaultClosed(**ABOUT), v.KeyDestroyed(**ABOUT)


def holding(*events: v.VaultEvent) -> Holding:
    return reduce(evolve, events, Holding())


def then(given: Holding, command: c.VaultCommand) -> Any:
    decision = decide(given, command, Facts(), NOW)
    return decision.rule if isinstance(decision, Refusal) else decision


def read(purpose: v.ReadingPurpose = "quality_control", sealed_too: bool = False) -> c.ReadDocument:
    return c.ReadDocument(subject_id=SUBJECT, document_ref=REF, purpose=purpose, sealed_too=sealed_too)


def recall() -> c.ReadParticulars:
    return c.ReadParticulars(subject_id=SUBJECT, kind="identity", purpose="quality_control")


def test_a_document_is_stored_once() -> None:
    assert then(holding(), STORE) == [STORED]
    assert then(holding(STORED), STORE) == []
    other = STORE.model_copy(update={"sha256": "b" * 64})
    assert then(holding(STORED), other) == "document_exists"
    assert then(holding(STORED), STORE.model_copy(update={"kind": "waiver"})) == "document_exists"


def test_what_was_stored_is_read_for_a_purpose_and_again() -> None:
    once = v.DocumentRead(**ABOUT, document_ref=REF, purpose="quality_control")
    assert then(holding(STORED), read()) == [once]
    assert then(holding(STORED, once), read()) == [once]
    assert then(holding(), read()) == "no_document"


def test_a_sealed_document_is_read_by_who_looks_into_incidents_and_for_one_alone() -> None:
    seal = c.SealDocument(subject_id=SUBJECT, trial_id=TRIAL, document_ref=REF, reason="wrong_patient")
    assert then(holding(STORED), seal) == [SEALED]
    assert then(holding(STORED, SEALED), seal) == []
    assert then(holding(STORED, SEALED), read()) == "sealed"
    incident = v.DocumentRead(**ABOUT, document_ref=REF, purpose="privacy_incident")
    assert then(holding(STORED, SEALED), read("privacy_incident", sealed_too=True)) == [incident]
    assert then(holding(STORED, SEALED), read("privacy_incident")) == "sealed"
    assert then(holding(STORED, SEALED), read(sealed_too=True)) == "sealed"
    assert then(holding(SEALED, STORED), read()) == "sealed"


def test_particulars_are_entered_and_replaced_and_told_for_a_purpose() -> None:
    enter = c.RecordParticulars(**ABOUT, kind="identity")
    assert then(holding(), enter) == [TOLD]
    assert then(holding(TOLD), enter) == [TOLD]
    assert then(holding(), recall()) == "no_particulars"
    told = v.ParticularsRead(**ABOUT, kind="identity", purpose="quality_control")
    assert then(holding(TOLD), recall()) == [told]
    assert then(holding(TOLD, told), recall()) == [told]


def test_a_subject_is_in_one_trial_and_keeps_its_site() -> None:
    elsewhere = {"trial_id": UUID(int=9), "site_id": UUID(int=8)}
    assert then(holding(STORED), STORE.model_copy(update=elsewhere)) == "other_trial"
    enter = c.RecordParticulars(subject_id=SUBJECT, **elsewhere, kind="identity")
    assert then(holding(STORED), enter) == "other_trial"
    moved = STORE.model_copy(update={"site_id": None, "document_ref": UUID(int=7)})
    (event,) = then(holding(STORED), moved)
    assert event.site_id == SITE


@pytest.mark.parametrize("command", [STORE, read(), c.RecordParticulars(**ABOUT, kind="identity"), recall()])
def test_nothing_goes_into_a_closed_vault_or_out_of_it(command: c.VaultCommand) -> None:
    assert then(holding(STORED, TOLD, CLOSED), command) == "erased"
    assert then(holding(CLOSED), command) == "erased"


def test_an_erasure_closes_the_vault_once_also_one_that_holds_nothing() -> None:
    close = c.CloseVault(subject_id=SUBJECT, trial_id=TRIAL)
    assert then(holding(STORED), close) == [CLOSED]
    assert then(holding(), close) == [CLOSED.model_copy(update={"site_id": None})]
    assert then(holding(CLOSED), close) == []
    assert then(holding(STORED), close.model_copy(update={"trial_id": UUID(int=9)})) == "other_trial"


def test_a_key_is_said_to_be_destroyed_only_once_and_only_of_the_erased() -> None:
    confirm = c.ConfirmDestruction(subject_id=SUBJECT)
    assert then(holding(STORED), confirm) == "not_erased"
    assert then(holding(STORED, CLOSED), confirm) == [DESTROYED]
    assert then(holding(STORED, CLOSED, DESTROYED), confirm) == []


VENDOR, OTHER = UUID(int=21), UUID(int=22)
HANDED = v.VaultHanded(**ABOUT, request_id=UUID(int=20), organisations=(VENDOR,))


def hand(*to: UUID) -> c.HandVault:
    return c.HandVault(subject_id=SUBJECT, trial_id=TRIAL, request_id=UUID(int=20), organisations=to)


def test_a_vendor_brings_documents_while_a_leg_is_handed_to_it_and_does_nothing_else() -> None:
    bring = STORE.model_copy(update={"organisation_id": VENDOR})
    assert then(holding(STORED), hand(VENDOR)) == [HANDED]
    assert then(holding(HANDED), hand(VENDOR)) == then(holding(HANDED, CLOSED), hand(OTHER)) == []
    assert then(holding(HANDED), bring) == [STORED.model_copy(update={"organisation_id": VENDOR})]
    assert held_by(holding(HANDED), bring) == VENDOR
    taken = HANDED.model_copy(update={"organisations": (OTHER,)})
    for state in (holding(), holding(HANDED, taken)):
        assert then(state, bring) == "not_handed"
        assert held_by(state, bring) is None
    assert held_by(holding(HANDED), STORE) is None
    assert held_by(holding(HANDED), read()) is held_by(holding(HANDED), None) is None
    request = HANDED.request_id
    _, subject = rows(HANDED, taken)
    assert subject == VaultSubjectRow(**ABOUT, organisation_ids=(OTHER,), handed={request: (OTHER,)})
    _, subject = rows(HANDED, HANDED.model_copy(update={"organisations": ()}))
    assert subject == VaultSubjectRow(**ABOUT)
    assert then(holding(HANDED), hand()) == [HANDED.model_copy(update={"organisations": ()})]
    assert then(holding(), hand()) == []


def test_time_alone_changes_nothing() -> None:
    assert then(holding(STORED), Wake(stream=c.vault_of(SUBJECT))) == []


def test_the_vault_of_a_subject_is_one_stream_in_every_service() -> None:
    assert STORE.stream_id == read().stream_id == c.vault_of(SUBJECT)
    assert c.vault_of(SUBJECT) != c.vault_of(TRIAL)


def recorded(event: Any, version: int) -> Recorded[Any]:
    return Recorded(
        id=uuid4(), type="t", source="retrieval", stream_id=c.vault_of(SUBJECT), version=version,
        sponsor_id=uuid4(), trial_id=TRIAL, time=NOW, data=event, actor=Actor("x-01", "quality"),
        correlation_id=uuid4(),
    )  # fmt: skip


def rows(*events: Any) -> tuple[DocumentRow | None, VaultSubjectRow | None]:
    document, subject = None, None
    for version, event in enumerate(events, 1):
        message = recorded(event, version)
        for key in touched(document_keys, message):
            document = fold_document(document, message, key)
        for key in touched(vault_subject_keys, message):
            subject = fold_vault_subject(subject, message, key)
    return document, subject


def test_rows_say_what_lies_in_the_vault_and_who_read_it() -> None:
    once = v.DocumentRead(**ABOUT, document_ref=REF, purpose="quality_control")
    document, subject = rows(STORED, TOLD, once, once, SEALED)
    assert document == DocumentRow(
        REF, c.vault_of(SUBJECT), **ABOUT, **FILE, stored_at=NOW, stored_by="quality:x-01",
        sealed="wrong_patient", reads=2, last_read_at=NOW, last_read_by="quality:x-01",
    )  # fmt: skip
    assert subject == VaultSubjectRow(**ABOUT, documents=1, particulars=("identity",))
    _, subject = rows(STORED, TOLD, CLOSED, DESTROYED)
    assert subject == VaultSubjectRow(**ABOUT, documents=1, closed_at=NOW, destroyed_at=NOW)


def test_rows_are_for_the_vault_s_events_alone() -> None:
    message = replace(recorded(STORED, 1), data=object())
    assert (touched(document_keys, message), touched(vault_subject_keys, message)) == ((), ())
    row = DocumentRow(REF)
    assert fold_document(row, recorded(CLOSED, 2), (REF,)) == row


COMMANDS = st.sampled_from(
    [
        STORE,
        STORE.model_copy(update={"document_ref": uuid5(REF, "2"), "sha256": "c" * 64}),
        read(),
        read("privacy_incident", sealed_too=True),
        recall(),
        c.RecordParticulars(**ABOUT, kind="identity"),
        c.SealDocument(subject_id=SUBJECT, trial_id=TRIAL, document_ref=REF, reason="wrong_patient"),
        c.CloseVault(subject_id=SUBJECT, trial_id=TRIAL),
        c.ConfirmDestruction(subject_id=SUBJECT),
    ]
)


@given(st.lists(COMMANDS, max_size=25))
def test_after_the_close_nothing_is_given_out_whatever_came_before(commands: list[c.VaultCommand]) -> None:
    state, closed = Holding(), False
    for command in commands:
        decision = decide(state, command, Facts(), NOW)
        events = [] if isinstance(decision, Refusal) else decision
        for event in events:
            assert not (closed and isinstance(event, v.DocumentStored | v.DocumentRead | v.ParticularsRead))
            assert not (closed and isinstance(event, v.ParticularsRecorded))
            state, closed = evolve(state, event), closed or isinstance(event, v.VaultClosed)
        again = decide(state, command, Facts(), NOW)
        if not isinstance(command, c.ReadDocument | c.ReadParticulars | c.RecordParticulars):
            assert isinstance(again, Refusal) or again == []
