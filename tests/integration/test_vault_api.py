"""Documents and particulars by the API: who puts and who gets them, what the log says, what is refused."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.contracts.message import Actor
from shared.rules.roles import roles
from shared.rules.vault_commands import ACTS, CloseVault, HandVault, SealDocument, vault_of
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from shared.runtime.verify import verify
from shared.vault.keeper import destroy_closed, keeping
from tests.support import identity
from tests.support.answering import answering
from tests.support.stack import Servers, until

SPECIALIST, QUALITY, PRIVACY = "retrieval_specialist:t-01", "quality:q-01", "privacy_officer:v-01"
CUSTODIAN = "custodian_portal:h-01"
COORDINATOR, PHYSICIAN, MANAGER = "site_coordinator:c-01", "safety_physician:m-01", "project_manager:p-01"
SERVICE = Cause(Actor("retrieval", "service"))
SAID = {"family_name": "A", "given_names": "B", "birth_date": "1970-01-01"}
OTHER: dict[str, Any] = {"sponsors": [uuid4()]}
RECORD = b"%PDF a page of a record"


@dataclass
class Desk:
    """Retrieval with a vault, and one trial of one sponsor."""

    run: Executor
    web: httpx.AsyncClient
    sponsor: UUID = field(default_factory=uuid4)
    trial: UUID = field(default_factory=uuid4)
    site: UUID = field(default_factory=uuid4)
    subject: UUID = field(default_factory=uuid4)
    vendor: UUID = field(default_factory=uuid4)

    @property
    def app(self) -> Any:
        return self.web._transport.app  # type: ignore[attr-defined]

    def who(self, actor: str, **access: Any) -> dict[str, str]:
        return identity.issuer().headers(actor, **access)

    async def put(
        self,
        ref: UUID,
        content: Any = RECORD,
        by: str = SPECIALIST,
        media_type: str = "application/pdf",
        **more: Any,
    ) -> httpx.Response:
        access = more.pop("access", {})
        asked = {"trial": self.trial, "subject": self.subject, "site": self.site, "kind": "medical_record"}
        asked = {name: value for name, value in {**asked, **more}.items() if value is not None}
        headers = self.who(by, **access) | {"Content-Type": media_type}
        params = {name: str(value) for name, value in asked.items()}
        return await self.web.put(f"/v1/documents/{ref}", content=content, params=params, headers=headers)

    async def get(
        self, ref: UUID, purpose: str | None = "quality_control", by: str = QUALITY, **access: Any
    ) -> httpx.Response:
        params = {"purpose": purpose} if purpose else {}
        return await self.web.get(
            f"/v1/documents/{ref}/content", params=params, headers=self.who(by, **access)
        )

    async def tell(
        self, said: Any, by: str = COORDINATOR, kind: str = "identity", **access: Any
    ) -> httpx.Response:
        return await self.web.put(
            f"/v1/particulars/{self.subject}/{kind}",
            content=said if isinstance(said, bytes) else json.dumps(said).encode(),
            params={"trial": str(self.trial), "site": str(self.site)},
            headers=self.who(by, **access) | {"Content-Type": "application/json"},
        )

    async def ask(self, by: str = SPECIALIST, kind: str = "identity", **access: Any) -> httpx.Response:
        return await self.web.get(
            f"/v1/particulars/{self.subject}/{kind}",
            params={"purpose": "legal_basis_check"},
            headers=self.who(by, **access),
        )

    async def log(self, of: UUID | None = None) -> list[tuple[str, str]]:
        """Type and actor of each event of a subject's vault."""
        rows = await self.run.pool.fetch(
            "SELECT type, meta::jsonb ->> 'actor' AS actor FROM es.event WHERE stream_id = $1"
            " ORDER BY version",
            vault_of(of or self.subject),
        )
        return [(row["type"].split(".", 1)[1].removesuffix(".v1"), row["actor"]) for row in rows]

    def objects(self) -> list[Path]:
        folder = identity.home().root / "vault" / "retrieval"
        return sorted(folder.iterdir()) if folder.exists() else []


@pytest.fixture
async def desk(servers: Servers) -> AsyncIterator[Desk]:
    async with answering(servers, "retrieval") as (run, web):
        made = Desk(run, web)
        await run.pool.execute("INSERT INTO es.trial VALUES ($1, $2)", made.trial, made.sponsor)
        yield made


def rule(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def test_a_document_goes_in_comes_out_and_the_log_says_who_and_why(desk: Desk) -> None:
    ref = uuid4()
    stored = await desk.put(ref)
    assert (stored.status_code, stored.json()) == (
        201,
        {"document_ref": str(ref), "sha256": hashlib.sha256(RECORD).hexdigest(), "size": len(RECORD)},
    )
    got = await desk.get(ref)
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, RECORD, "application/pdf")
    assert got.headers["content-disposition"] == f'attachment; filename="{ref}"'
    assert (got.headers["cache-control"], got.headers["content-length"]) == ("no-store", str(len(RECORD)))
    assert await desk.log() == [("document.stored", SPECIALIST), ("document.read", QUALITY)]
    row = (await desk.web.get(f"/v1/documents/{ref}", headers=desk.who(QUALITY))).json()
    assert (row["reads"], row["last_read_by"], row["sealed"], row["size"]) == (1, QUALITY, None, len(RECORD))
    listed = await desk.web.get("/v1/documents", params={"trial": str(desk.trial)}, headers=desk.who(QUALITY))
    assert [one["document_ref"] for one in listed.json()["items"]] == [str(ref)]


async def test_the_same_again_changes_nothing_and_other_bytes_are_refused(desk: Desk) -> None:
    ref = uuid4()
    assert (await desk.put(ref)).status_code == 201
    kept = desk.objects()
    assert (await desk.put(ref)).status_code == 200
    assert rule(await desk.put(ref, b"other bytes")) == (409, "document_exists")
    assert (desk.objects(), await desk.log()) == (kept, [("document.stored", SPECIALIST)])
    assert (await desk.get(ref)).content == RECORD


async def test_the_same_at_once_is_stored_once(desk: Desk) -> None:
    ref, before = uuid4(), len(desk.objects())
    answers = await asyncio.gather(*(desk.put(ref) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert (len(desk.objects()) - before, len(await desk.log())) == (1, 1)


async def test_a_long_document_passes_without_being_held(desk: Desk) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(200):
            yield bytes([number]) * 100_000

    ref = uuid4()
    assert (await desk.put(ref, pieces())).status_code == 201
    got = await desk.get(ref)
    assert got.content == b"".join([bytes([number]) * 100_000 for number in range(200)])


async def test_without_a_purpose_or_with_an_unknown_one_nothing_is_given_out(desk: Desk) -> None:
    ref = uuid4()
    await desk.put(ref)
    for purpose in (None, "curiosity"):
        assert rule(await desk.get(ref, purpose)) == (422, "invalid")
    assert await desk.log() == [("document.stored", SPECIALIST)]


async def test_originals_are_for_their_roles_and_copies_for_more(desk: Desk) -> None:
    original, copy = uuid4(), uuid4()
    await desk.put(original)
    await desk.put(copy, kind="pseudonymised_copy")
    assert (await desk.get(copy, "safety_assessment", PHYSICIAN)).content == RECORD
    # An original answers whoever may read copies only as one that is not there.
    unknown = await desk.get(uuid4(), "safety_assessment", PHYSICIAN)
    known = await desk.get(original, "safety_assessment", PHYSICIAN)
    assert known.json() == unknown.json()
    assert rule(known) == (404, "unknown-stream")
    # Whoever brings records does not say of one that it names nobody.
    assert rule(await desk.put(uuid4(), by=CUSTODIAN, kind="pseudonymised_copy")) == (403, "role")
    assert (await desk.put(uuid4(), by=CUSTODIAN)).status_code == 201
    for ref in (original, copy):
        assert rule(await desk.get(ref, by=MANAGER)) == (403, "role")


async def test_what_is_not_theirs_is_404_whether_it_exists_or_not(desk: Desk) -> None:
    ref, other = uuid4(), OTHER
    await desk.put(ref)
    await desk.tell({"family_name": "A", "given_names": "B", "birth_date": "1970-01-01"})
    before = (await desk.log(), desk.objects())
    for answer in (
        await desk.get(ref, **other),
        await desk.get(uuid4(), **other),
        await desk.put(uuid4(), access=other),
        await desk.put(ref, access=other),
        await desk.ask(**other),
        await desk.tell({"family_name": "A", "given_names": "B", "birth_date": "1970-01-01"}, **other),
    ):
        assert rule(answer) == (404, "unknown-stream")
    assert rule(await desk.put(uuid4(), trial=uuid4())) == (404, "unknown-trial")
    assert (await desk.log(), desk.objects()) == before
    listed = await desk.web.get("/v1/documents", headers=desk.who(QUALITY, **other))
    assert listed.json()["items"] == []
    elsewhere: dict[str, Any] = {"sponsors": [], "sites": {uuid4(): desk.trial}}
    assert rule(await desk.put(uuid4(), access=elsewhere)) == (404, "unknown-stream")


@pytest.mark.parametrize("act", ACTS)
async def test_an_act_is_for_its_roles_on_what_they_reach_and_404_elsewhere(desk: Desk, act: str) -> None:
    """The access matrix of the vault: each role by own, other's and no tenant."""
    original, copy, sealed = uuid4(), uuid4(), uuid4()
    for ref in (original, sealed):
        await desk.put(ref)
    await desk.put(copy, kind="pseudonymised_copy")
    await desk.tell(SAID)
    about = {"subject_id": desk.subject, "trial_id": desk.trial}
    await desk.run.execute(SealDocument(**about, document_ref=sealed, reason="wrong_patient"), SERVICE)
    await desk.run.execute(HandVault(**about, request_id=uuid4(), organisations=(desk.vendor,)), SERVICE)
    nothing: dict[str, Any] = {"sponsors": []}
    reaching: dict[str, tuple[dict[str, Any], bool]] = {
        "everything": ({"sponsors": ["*"]}, True),
        "own sponsor": ({"sponsors": [desk.sponsor]}, True),
        "own trial": (nothing | {"trials": [desk.trial]}, True),
        "own site": (nothing | {"sites": {desk.site: desk.trial}}, True),
        "another sponsor": (OTHER, False),
        "another trial": (nothing | {"trials": [uuid4()]}, False),
        "another site": (nothing | {"sites": {uuid4(): desk.trial}}, False),
        "own site of another trial": (nothing | {"sites": {desk.site: uuid4()}}, False),
        "a vendor": (nothing | {"organisations": [desk.vendor]}, act == "store_document"),
        "another vendor": (nothing | {"organisations": [uuid4()]}, False),
        "no tenant": (nothing, False),
    }
    cells = 0
    for role in [name for name, known in roles().items() if not known.development]:
        may = roles()[role].may_give(f"retrieval.{act}")
        for whose, (access, own) in reaching.items():
            by = f"{role}:x-01"
            match act:
                case "store_document":
                    vendor: dict[str, Any] = (
                        {"organisation": desk.vendor} if "organisations" in access else {}
                    )
                    answer = await desk.put(uuid4(), by=by, access=access, **vendor)
                case "store_copy":
                    answer = await desk.put(uuid4(), by=by, access=access, kind="pseudonymised_copy")
                case "read_document":
                    answer = await desk.get(original, by=by, **access)
                case "read_sealed":
                    answer = await desk.get(sealed, "privacy_incident", by=by, **access)
                case "read_copy":
                    answer = await desk.get(copy, by=by, **access)
                case "record_particulars":
                    answer = await desk.tell(SAID, by=by, **access)
                case _:
                    answer = await desk.ask(by, **access)
            if not may or not own:  # 409: it is there for them, and sealed
                assert answer.status_code in ({403, 404, 409} if not may else {404}), (
                    role,
                    whose,
                    answer.text,
                )
            if not own:
                assert answer.status_code != 409, (role, whose)
            assert answer.is_success == (may and own), (role, whose, answer.text)
            cells += 1
    assert cells > 150


async def test_the_site_is_that_of_the_enrolment_whatever_somebody_names(desk: Desk) -> None:
    """Nobody of another site writes who the subject is, and nobody locks its own site out."""
    other = uuid4()
    elsewhere: dict[str, Any] = {"sponsors": [], "sites": {other: desk.trial}}
    here: dict[str, Any] = {"sponsors": [], "sites": {desk.site: desk.trial}}
    await desk.run.pool.execute(
        "INSERT INTO known_subject VALUES ($1, $2, $3)",
        *(desk.subject, desk.trial, desk.site),
    )
    for site in (other, desk.site):
        answer = await desk.web.put(
            f"/v1/particulars/{desk.subject}/identity",
            content=json.dumps(SAID).encode(),
            params={"trial": str(desk.trial), "site": str(site)},
            headers=desk.who(COORDINATOR, **elsewhere) | {"Content-Type": "application/json"},
        )
        assert rule(answer) == (404, "unknown-stream")
    assert (await desk.put(uuid4(), site=None)).status_code == 201
    assert (await desk.put(uuid4(), site=other)).status_code == 201
    assert (await desk.tell(SAID, **here)).status_code == 204
    stream = await desk.run.pool.fetchrow(
        "SELECT * FROM es.stream WHERE stream_id = $1", vault_of(desk.subject)
    )
    assert stream is not None
    assert stream["site_id"] == desk.site


async def test_of_a_subject_that_nobody_enrolled_the_site_has_to_be_named(desk: Desk) -> None:
    assert rule(await desk.put(uuid4(), site=None)) == (422, "invalid")
    assert await desk.log() == []


async def test_a_reference_of_another_subject_s_document_is_refused_and_its_bytes_go(desk: Desk) -> None:
    ref = uuid4()
    await desk.put(ref)
    before = desk.objects()
    assert rule(await desk.put(ref, subject=uuid4())) == (409, "document_exists")
    assert desk.objects() == before
    assert (await desk.get(ref)).content == RECORD


async def test_a_stranger_learns_nothing_of_an_erasure(desk: Desk) -> None:
    theirs = uuid4()
    await desk.run.pool.execute("INSERT INTO es.trial VALUES ($1, $2)", theirs, OTHER["sponsors"][0])
    ref = uuid4()
    await desk.put(ref)
    alive = [await desk.put(uuid4(), trial=theirs, access=OTHER), await desk.get(ref, **OTHER)]
    await desk.run.execute(CloseVault(subject_id=desk.subject, trial_id=desk.trial), SERVICE)
    await destroy_closed(desk.run, desk.app.state.vault)
    gone = [await desk.put(uuid4(), trial=theirs, access=OTHER), await desk.get(ref, **OTHER)]
    assert (
        [rule(answer) for answer in alive]
        == [rule(answer) for answer in gone]
        == [(404, "unknown-stream")] * 2
    )


async def test_a_database_that_was_restored_keeps_the_bytes_of_what_it_does_not_know(desk: Desk) -> None:
    """What came after the backup has no row: the loop that runs by itself leaves its object alone."""
    ref = uuid4()
    await desk.put(ref)
    before = desk.objects()
    await desk.run.pool.execute("DELETE FROM vault.document WHERE ref = $1", ref)
    loop = asyncio.create_task(
        keeping(desk.run, desk.app.state.vault, identity.believed()["master_keys_file"])
    )
    await asyncio.sleep(2.5)
    loop.cancel()
    assert desk.objects() == before


async def test_objects_of_the_erased_go_with_their_key(desk: Desk) -> None:
    before = desk.objects()
    await desk.put(uuid4())
    await desk.run.execute(CloseVault(subject_id=desk.subject, trial_id=desk.trial), SERVICE)
    loop = asyncio.create_task(
        keeping(desk.run, desk.app.state.vault, identity.believed()["master_keys_file"])
    )
    await until(lambda: desk.objects() == before, 10)
    loop.cancel()


async def test_a_site_enters_who_its_own_subject_is_and_reads_it_never(desk: Desk) -> None:
    here: dict[str, Any] = {"sponsors": [], "sites": {desk.site: desk.trial}}
    said = {"family_name": "Lovelace", "given_names": "Ada", "birth_date": "1915-12-10"}
    assert (await desk.tell(said, **here)).status_code == 204
    assert (await desk.tell(said | {"phone": "555"}, **here)).status_code == 204
    assert (await desk.ask()).json() == {
        "subject_id": str(desk.subject),
        "kind": "identity",
        "particulars": said | {"former_names": [], "address_lines": [], "record_numbers": [], "phone": "555"},
    }
    assert rule(await desk.ask(COORDINATOR, **here)) == (403, "role")
    assert await desk.log() == [("particulars.recorded", COORDINATOR)] * 2 + [
        ("particulars.read", SPECIALIST)
    ]


async def test_particulars_that_break_a_rule_are_refused_without_a_word_of_them(desk: Desk) -> None:
    secret = "Xanthippe-Canary"  # noqa: S105
    good = {"family_name": secret, "given_names": "B", "birth_date": "1970-01-01"}
    for said, expected in (
        (good | {"birth_date": secret}, (422, "invalid")),
        (good | {"family_name": secret * 40}, (422, "invalid")),
        (good | {"phone": secret + "\0"}, (422, "invalid")),
        (good | {secret: secret}, (422, "invalid")),
        ({"family_name": secret}, (422, "invalid")),
        (f'{{"family_name": "{secret}'.encode(), (400, "malformed")),
        ([[secret]] * 3, (422, "invalid")),
        (b"[" * 40 + secret.encode(), (400, "too-deep")),
        (b'"' + secret.encode() * 20_000 + b'"', (413, "too-large")),
    ):
        answer = await desk.tell(said)
        assert rule(answer) == expected
        assert secret not in answer.text
    assert rule(await desk.tell(good, kind="hobbies")) == (404, "unknown-kind")
    assert rule(await desk.ask()) == (404, "unknown-stream")
    assert await desk.log() == []
    await desk.put(uuid4())
    assert rule(await desk.ask()) == (409, "no_particulars")


async def test_a_document_of_another_kind_of_media_or_a_compressed_one_is_refused(desk: Desk) -> None:
    before = desk.objects()

    assert rule(await desk.put(uuid4(), media_type="text/html")) == (415, "content-type")
    headers = desk.who(SPECIALIST) | {"Content-Type": "application/pdf", "Content-Encoding": "gzip"}
    asked = {"trial": str(desk.trial), "subject": str(desk.subject), "kind": "medical_record"}
    zipped = await desk.web.put(f"/v1/documents/{uuid4()}", content=b"x", params=asked, headers=headers)
    assert rule(zipped) == (415, "content-encoding")
    for kind in ("A Name, Somebody's", "letter_of_ada_lovelace"):
        assert rule(await desk.put(uuid4(), kind=kind)) == (422, "invalid")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield bytes(2**20)

    desk.app.state.document_bytes = 2**21
    assert rule(await desk.put(uuid4(), pieces())) == (413, "too-large")
    assert (desk.objects(), await desk.log()) == (before, [])


async def test_a_subject_s_document_in_another_trial_is_refused_and_its_bytes_go(desk: Desk) -> None:
    other = uuid4()
    await desk.run.pool.execute("INSERT INTO es.trial VALUES ($1, $2)", other, desk.sponsor)
    await desk.put(uuid4())
    before = desk.objects()
    assert rule(await desk.put(uuid4(), trial=other)) == (409, "other_trial")
    assert desk.objects() == before


@pytest.mark.parametrize("change", ["edited", "cut", "gone"])
async def test_bytes_that_were_changed_on_disk_are_refused_and_counted(desk: Desk, change: str) -> None:
    ref, before = uuid4(), set(desk.objects())
    await desk.put(ref, RECORD * 100_000)
    (file,) = set(desk.objects()) - before
    was = file.read_bytes()
    match change:
        case "edited":
            file.write_bytes(was[:100] + bytes([was[100] ^ 1]) + was[101:])
        case "cut":
            file.write_bytes(was[:-1])
        case "gone":
            file.unlink()
    assert rule(await desk.get(ref)) == (500, "damaged")
    figures = (await desk.web.get("/metrics")).text
    assert 'trialwire_vault_total{act="read_document",outcome="damaged"}' in figures


async def test_bytes_that_were_changed_after_the_first_chunk_break_the_answer_off(desk: Desk) -> None:
    ref, before = uuid4(), set(desk.objects())
    await desk.put(ref, RECORD * 100_000)
    (file,) = set(desk.objects()) - before
    was = file.read_bytes()
    file.write_bytes(was[:-100] + bytes([was[-100] ^ 1]) + was[-99:])
    got = await desk.get(ref)
    assert len(got.content) < len(RECORD) * 100_000  # a length that was promised and not kept is an error


async def test_what_retrieval_seals_is_read_for_a_privacy_incident_alone(desk: Desk) -> None:
    ref = uuid4()
    await desk.put(ref)
    about = {"subject_id": desk.subject, "trial_id": desk.trial}
    await desk.run.execute(SealDocument(**about, document_ref=ref, reason="wrong_patient"), SERVICE)
    assert rule(await desk.get(ref)) == (409, "sealed")
    for by in (SPECIALIST, QUALITY):  # a purpose is what they say, a role is what they have
        assert rule(await desk.get(ref, "privacy_incident", by)) == (409, "sealed")
    assert (await desk.get(ref, "privacy_incident", PRIVACY)).content == RECORD
    row = (await desk.web.get(f"/v1/documents/{ref}", headers=desk.who(QUALITY))).json()
    assert row["sealed"] == "wrong_patient"


async def test_after_an_erasure_nothing_decrypts_and_the_chains_still_hold(desk: Desk) -> None:
    ref, vault = uuid4(), desk.app.state.vault
    await desk.put(ref)
    await desk.tell({"family_name": "A", "given_names": "B", "birth_date": "1970-01-01"})
    about = {"subject_id": desk.subject, "trial_id": desk.trial}
    await desk.run.execute(CloseVault(**about), SERVICE)
    for answer in (await desk.get(ref), await desk.ask(), await desk.put(uuid4()), await desk.put(ref)):
        assert rule(answer) == (409, "erased")
    await destroy_closed(desk.run, vault)
    await destroy_closed(desk.run, vault)
    assert (await desk.log())[-2:] == [
        ("vault.closed", "service:retrieval"),
        ("vault.key_destroyed", "service:retrieval"),
    ]
    key = await desk.run.pool.fetchrow("SELECT * FROM vault.subject WHERE subject_id = $1", desk.subject)
    assert key is not None
    assert (key["wrapped"], key["destroyed_at"] is None) == (None, False)
    assert await desk.run.pool.fetchval("SELECT count(*) FROM vault.particulars") == 0
    for answer in (await desk.get(ref), await desk.ask(), await desk.put(uuid4())):
        assert rule(answer) == (409, "erased")
    row = (await desk.web.get(f"/v1/documents/{ref}", headers=desk.who(QUALITY))).json()
    assert row["erased_at"]
    async with desk.run.pool.acquire() as tx:
        assert [fault async for fault in verify(tx, [vault_of(desk.subject)])] == []


async def test_a_key_that_a_restored_database_brings_back_is_destroyed_again(desk: Desk) -> None:
    ref, vault = uuid4(), desk.app.state.vault
    await desk.put(ref)
    saved = await desk.run.pool.fetchrow("SELECT * FROM vault.subject WHERE subject_id = $1", desk.subject)
    assert saved is not None
    await desk.run.execute(CloseVault(subject_id=desk.subject, trial_id=desk.trial), SERVICE)
    await destroy_closed(desk.run, vault)
    async with desk.run.pool.acquire() as tx, tx.transaction():
        await tx.execute("ALTER TABLE vault.subject DISABLE TRIGGER subject_stays_erased")
        await tx.execute(
            "UPDATE vault.subject SET wrapped = $2, master_id = $3, destroyed_at = NULL"
            " WHERE subject_id = $1",
            desk.subject,
            saved["wrapped"],
            saved["master_id"],
        )
        await tx.execute("ALTER TABLE vault.subject ENABLE TRIGGER subject_stays_erased")
    await destroy_closed(desk.run, vault)
    gone = "SELECT wrapped IS NULL FROM vault.subject WHERE subject_id = $1"
    assert await desk.run.pool.fetchval(gone, desk.subject)
    assert len(await desk.log()) == 3
