"""The vault over a real Postgres and a real folder: what comes back, what is refused, what is gone."""

import asyncio
import base64
import hashlib
import json
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.runtime.database import Pool, open_pool
from shared.vault.errors import DamagedError, ErasedError, MasterKeyError, UnknownError
from shared.vault.keys import FileMasterKeys
from shared.vault.objects import Objects
from shared.vault.sealed_particulars import PARTICULARS_BYTES
from shared.vault.sweep import Swept
from shared.vault.vault import Stored, Vault, open_vault
from tests.support import probe
from tests.support.stack import Servers, new_database, until

SERVICE = probe.alpha("vault")
SPONSOR = UUID(int=5)
NAME = "Ada Canary-Lovelace"
PDF = "application/pdf"
BLOCKED = "SELECT true FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
NOW, DAY = timedelta(), timedelta(days=1)


@dataclass
class Place:
    """One service's database, folder and file of master keys."""

    pool: Pool
    folder: Path
    keys: dict[str, str] = field(default_factory=dict)

    def masters(self, current: str, *, without: str = "", anew: bool = False) -> Path:
        """The file with `current` as the current key, made if it is new, and without one that is retired."""
        if anew or current not in self.keys:
            self.keys[current] = base64.b64encode(secrets.token_bytes(32)).decode()
        self.keys.pop(without, None)
        file = self.folder / "masters.json"
        file.touch(0o600)
        file.write_text(json.dumps({"current": current, "keys": self.keys}))
        return file

    async def open(self, current: str = "one", service: str = "vault", without: str = "") -> Vault:
        masters = self.masters(current, without=without)
        return await open_vault(self.pool, service, self.url(), masters)

    def url(self) -> str:
        return (self.folder / "store").as_uri()

    async def file(self, vault: Vault, ref: UUID) -> Path:
        """The object of a document."""
        return self.folder / "store" / "vault" / str((await vault.find(ref)).object)

    def objects(self) -> list[Path]:
        return sorted(path for path in (self.folder / "store").rglob("*") if path.is_file())


@pytest.fixture
async def place(servers: Servers, tmp_path: Path) -> AsyncIterator[Place]:
    pool = await open_pool(await new_database(servers, SERVICE), "vault", 6)
    yield Place(pool, tmp_path)
    await asyncio.wait_for(pool.close(), 10)


async def pieces(content: bytes, size: int = 700_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def broken(content: bytes) -> AsyncIterator[bytes]:
    yield content
    raise ConnectionError("the sender went away")


async def read(vault: Vault, ref: UUID) -> bytes:
    return b"".join([chunk async for chunk in vault.read(ref)])


def text(size: int) -> bytes:
    return (NAME.encode() * (size // len(NAME) + 1))[:size]


async def put(place: Place, vault: Vault, subject: UUID, chunks: AsyncIterator[bytes]) -> Stored:
    stored = await vault.write(uuid4(), subject, SPONSOR, chunks, PDF)
    async with place.pool.acquire() as tx, tx.transaction():
        await vault.record(tx, stored)
    return stored


async def add(place: Place, vault: Vault, subject: UUID, content: bytes = b"a page") -> UUID:
    return (await put(place, vault, subject, pieces(content))).ref


async def tell(place: Place, vault: Vault, subject: UUID, kind: str, said: dict[str, Any]) -> None:
    async with place.pool.acquire() as tx, tx.transaction():
        await vault.particulars.put(tx, subject, kind, said)


@pytest.mark.parametrize("size", [0, 1, 2**20, 2**23 + 5, 20_000_000])
async def test_a_document_comes_back_and_its_object_shows_nothing_of_it(place: Place, size: int) -> None:
    vault, subject, content = await place.open(), uuid4(), text(size)
    stored = await put(place, vault, subject, pieces(content))
    assert await read(vault, stored.ref) == content
    assert (stored.size, stored.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert (stored.subject_id, stored.sponsor_id, stored.media_type) == (subject, SPONSOR, PDF)
    assert await vault.find(stored.ref) == stored
    [file] = place.objects()
    assert NAME.encode() not in file.read_bytes()


async def test_the_database_shows_nothing_of_particulars(place: Place) -> None:
    vault, subject = await place.open(), uuid4()
    await tell(place, vault, subject, "identity", {"name": "Ada", "born": "1815-12-10"})
    await tell(place, vault, subject, "identity", {"name": NAME, "Straße": ["ü", None, 1]})
    await tell(place, vault, subject, "address", {"city": "London"})
    assert await vault.particulars.get(subject, "identity") == {"name": NAME, "Straße": ["ü", None, 1]}
    assert await vault.particulars.get(subject, "address") == {"city": "London"}
    rows = await place.pool.fetch("SELECT sealed FROM vault.particulars")
    assert [b"Ada" in row["sealed"] for row in rows] == [False, False]


async def test_particulars_that_nobody_put_are_none(place: Place) -> None:
    vault, subject = await place.open(), uuid4()
    assert await vault.particulars.get(subject, "identity") is None
    await add(place, vault, subject)
    assert await vault.particulars.get(subject, "identity") is None


async def test_particulars_in_the_place_of_others_are_refused(place: Place) -> None:
    vault, subject = await place.open(), uuid4()
    await tell(place, vault, subject, "identity", {"name": NAME})
    await tell(place, vault, subject, "address", {"city": "London"})
    await place.pool.execute(
        "UPDATE vault.particulars SET sealed = (SELECT sealed FROM vault.particulars WHERE kind = 'identity')"
    )
    with pytest.raises(DamagedError, match=f"particulars {subject} address"):
        await vault.particulars.get(subject, "address")


async def test_too_much_for_particulars_is_refused_without_its_text(place: Place) -> None:
    vault = await place.open()
    with pytest.raises(ValueError, match="262144 bytes at most") as refused:
        await tell(place, vault, uuid4(), "identity", {"name": NAME * (PARTICULARS_BYTES // 10)})
    assert NAME not in str(refused.value)


async def test_a_media_type_with_a_file_s_name_is_refused_without_it(place: Place) -> None:
    with pytest.raises(ValueError, match="without parameters") as refused:
        await (await place.open()).write(uuid4(), uuid4(), SPONSOR, pieces(b"x"), f'{PDF}; name="{NAME}"')
    assert NAME not in str(refused.value)


async def test_a_reference_that_nobody_knows_is_told_apart(place: Place) -> None:
    vault = await place.open()
    with pytest.raises(UnknownError):
        await read(vault, uuid4())
    with pytest.raises(UnknownError):
        await vault.find(uuid4())


async def test_puts_for_a_new_subject_at_once_make_one_key(place: Place) -> None:
    first, second = await place.open(), await place.open()
    subject = uuid4()
    refs = await asyncio.gather(*(add(place, vault, subject, text(9)) for vault in (first, second) * 4))
    assert await place.pool.fetchval("SELECT count(*) FROM vault.subject") == 1
    assert [await read(first, ref) for ref in refs] == [text(9)] * 8


@pytest.mark.parametrize("change", ["edited", "cut", "longer", "swapped", "missing", "empty"])
async def test_an_object_that_is_not_what_was_stored_is_refused_by_its_reference(
    place: Place, change: str
) -> None:
    vault, subject, content = await place.open(), uuid4(), text(3 * 2**20)
    ref, other = await add(place, vault, subject, content), await add(place, vault, subject, content)
    file = await place.file(vault, ref)
    was = file.read_bytes()
    match change:
        case "edited":
            file.write_bytes(was[: 2 * 2**20] + bytes([was[2 * 2**20] ^ 1]) + was[2 * 2**20 + 1 :])
        case "cut":
            file.write_bytes(was[: 24 + 2**20 + 16])
        case "longer":
            file.write_bytes(was + b"x")
        case "swapped":
            file.write_bytes((await place.file(vault, other)).read_bytes())
        case "missing":
            file.unlink()
        case "empty":
            file.write_bytes(b"")
    with pytest.raises(DamagedError, match=f"document {ref}"):
        await read(vault, ref)
    assert await read(vault, other) == content


async def test_an_object_that_vanishes_while_it_is_read_is_damaged(place: Place) -> None:
    vault = await place.open()
    ref = await add(place, vault, uuid4(), text(20_000_000))
    reading = vault.read(ref)
    await anext(reading)
    place.objects()[0].unlink()
    with pytest.raises(DamagedError, match=f"document {ref}"):
        [_ async for _ in reading]


async def test_a_row_with_another_digest_is_noticed_at_the_end(place: Place) -> None:
    vault = await place.open()
    ref = await add(place, vault, uuid4())
    await place.pool.execute("UPDATE vault.document SET sha256 = $1", bytes(32))
    with pytest.raises(DamagedError, match="SHA-256 is not the one that was recorded"):
        await read(vault, ref)


async def test_a_subject_s_key_in_the_place_of_another_s_is_refused(place: Place) -> None:
    vault, subject, other = await place.open(), uuid4(), uuid4()
    ref, _ = await add(place, vault, subject), await add(place, vault, other)
    await place.pool.execute(
        "UPDATE vault.subject SET wrapped = (SELECT wrapped FROM vault.subject WHERE subject_id = $1)", other
    )
    with pytest.raises(DamagedError, match=f"subject {subject}"):
        await read(vault, ref)


async def test_new_master_keys_leave_the_documents_as_they_are_and_let_the_old_go(place: Place) -> None:
    vault = await place.open("one")
    subjects = [uuid4() for _ in range(130)]
    refs = [await add(place, vault, subject) for subject in subjects[:3]]
    for subject in subjects:
        await tell(place, vault, subject, "identity", {"name": NAME})
    await vault.destroy(subjects[-1])
    objects = [file.read_bytes() for file in place.objects()]
    vault = await place.open("two")
    assert await vault.rewrap() == 129
    assert await vault.rewrap() == 0
    vault = await place.open("two", without="one")
    assert [await read(vault, ref) for ref in refs] == [b"a page"] * 3
    assert await vault.particulars.get(subjects[128], "identity") == {"name": NAME}
    assert [file.read_bytes() for file in place.objects()] == objects
    with pytest.raises(ErasedError):
        await vault.particulars.get(subjects[-1], "identity")


async def test_a_rotation_that_broke_off_goes_on_where_it_was(place: Place) -> None:
    vault = await place.open("one")
    refs = [await add(place, vault, UUID(int=n)) for n in range(1, 5)]
    await place.pool.execute(
        "UPDATE vault.subject SET wrapped = wrapped || '\\x00' WHERE subject_id = $1", UUID(int=3)
    )
    vault = await place.open("two")
    with pytest.raises(DamagedError, match=f"subject {UUID(int=3)}"):
        await vault.rewrap()
    await place.pool.execute(
        "UPDATE vault.subject SET wrapped = substr(wrapped, 1, length(wrapped) - 1) WHERE subject_id = $1",
        UUID(int=3),
    )
    assert await vault.rewrap() == 2
    assert [await read(vault, ref) for ref in refs] == [b"a page"] * 4


async def test_a_vault_does_not_open_with_another_key_of_the_same_name(place: Place) -> None:
    await add(place, await place.open("one"), uuid4())
    with pytest.raises(MasterKeyError, match="'one' is not the one that vault's vault knows by that id"):
        await open_vault(place.pool, "vault", place.url(), place.masters("one", anew=True))


async def test_a_vault_does_not_open_without_a_key_that_is_in_use(place: Place) -> None:
    await add(place, await place.open("one"), uuid4())
    with pytest.raises(MasterKeyError, match="no key has the id 'one'"):
        await place.open("two", without="one")
    # nothing stays behind that a right key would be held against
    assert [row["master_id"] for row in await place.pool.fetch("SELECT master_id FROM vault.check")] == [
        "one"
    ]


async def test_a_vault_does_not_open_without_its_file(place: Place) -> None:
    with pytest.raises(MasterKeyError, match="cannot be read"):
        await open_vault(place.pool, "vault", place.url(), place.folder / "none.json")


async def test_a_vault_does_not_open_as_another_service_s(place: Place) -> None:
    await add(place, await place.open("one"), uuid4())
    with pytest.raises(MasterKeyError, match="safety's vault"):
        await place.open("one", service="safety")


async def test_a_vault_takes_keys_from_elsewhere(place: Place) -> None:
    masters = FileMasterKeys(place.masters("one"))
    vault = await open_vault(place.pool, "vault", place.url(), masters)
    assert await read(vault, await add(place, vault, uuid4())) == b"a page"


async def test_nothing_of_an_erased_subject_is_read_or_added(place: Place) -> None:
    vault, subject, other = await place.open(), uuid4(), uuid4()
    ref, kept = await add(place, vault, subject), await add(place, vault, other)
    await tell(place, vault, subject, "identity", {"name": NAME})
    assert await vault.destroy(subject)
    row = await place.pool.fetchrow("SELECT * FROM vault.subject WHERE subject_id = $1", subject)
    assert row is not None
    assert (row["wrapped"], row["master_id"]) == (None, None)
    assert await place.pool.fetchval("SELECT count(*) FROM vault.particulars") == 0
    for refused in (
        read(vault, ref),
        vault.find(ref),
        vault.particulars.get(subject, "identity"),
        tell(place, vault, subject, "identity", {"name": NAME}),
        add(place, vault, subject),
    ):
        with pytest.raises(ErasedError, match=f"subject {subject} was erased"):
            await refused
    assert await read(vault, kept) == b"a page"


async def test_an_erasure_is_done_once_and_stays(place: Place) -> None:
    vault, subject = await place.open(), uuid4()
    await add(place, vault, subject)
    assert [await vault.destroy(subject) for _ in range(3)] == [True, False, False]
    with pytest.raises(asyncpg.RaiseError, match="does not come back"):
        await place.pool.execute("DELETE FROM vault.subject")
    with pytest.raises(asyncpg.RaiseError, match="does not come back"):
        await place.pool.execute(
            "UPDATE vault.subject SET destroyed_at = NULL, wrapped = '', master_id = 'one'"
        )


async def test_a_subject_that_was_unknown_when_it_was_erased_stays_erased(place: Place) -> None:
    vault, subject = await place.open(), uuid4()
    assert await vault.destroy(subject)
    with pytest.raises(ErasedError):
        await add(place, vault, subject)


async def test_a_subject_that_is_erased_while_its_document_comes_in_keeps_none(place: Place) -> None:
    vault, subject = await place.open(), uuid4()

    async def slow() -> AsyncIterator[bytes]:
        yield b"first"
        await vault.destroy(subject)
        yield b"second"

    with pytest.raises(ErasedError):
        await put(place, vault, subject, slow())
    assert await vault.sweep(NOW) == Swept(orphans=1)
    assert place.objects() == []
    assert await place.pool.fetchval("SELECT count(*) FROM vault.document WHERE ref IS NOT NULL") == 0


@pytest.mark.parametrize("what", ["a document", "particulars"])
async def test_what_waits_for_an_erasure_under_way_finds_it_done(place: Place, what: str) -> None:
    vault, subject = await place.open(), uuid4()
    await tell(place, vault, subject, "identity", {"name": NAME})
    coming = (
        add(place, vault, subject)
        if what == "a document"
        else tell(place, vault, subject, "identity", {"a": 1})
    )
    async with place.pool.acquire() as holder, holder.transaction():
        await holder.execute(
            "UPDATE vault.subject SET wrapped = NULL, master_id = NULL, destroyed_at = now()"
        )
        waiting = asyncio.ensure_future(coming)
        await until(lambda: place.pool.fetchval(BLOCKED))
    with pytest.raises(ErasedError):
        await waiting
    await vault.sweep(NOW)
    assert place.objects() == []


async def test_a_put_that_breaks_off_leaves_nothing(place: Place) -> None:
    vault = await place.open()
    for size in (5, 20_000_000):
        with pytest.raises(ConnectionError, match="went away"):
            await put(place, vault, uuid4(), broken(text(size)))
    assert place.objects() == []


async def test_a_sweep_deletes_what_nobody_can_read_and_nothing_else(place: Place) -> None:
    vault, subject, other = await place.open(), uuid4(), uuid4()
    erased, kept, lost = (
        await add(place, vault, subject),
        await add(place, vault, other),
        await add(place, vault, other),
    )
    await vault.destroy(subject)
    await place.pool.execute("DELETE FROM vault.document WHERE ref = $1", lost)  # as if its put had died
    folder = place.folder / "store" / "vault"
    (folder / "README").write_text("not ours")
    (folder / f"{uuid4()}#1").write_bytes(b"part of a write that died")
    assert await vault.sweep(DAY) == Swept(erased=1)
    assert await vault.sweep(NOW) == Swept(orphans=1, parts=1)
    assert await vault.sweep(NOW) == Swept()
    assert place.objects() == sorted([folder / "README", await place.file(vault, kept)])
    assert await read(vault, kept) == b"a page"
    with pytest.raises(ErasedError):
        await vault.find(erased)
    with pytest.raises(UnknownError):
        await vault.find(lost)


async def test_a_sweep_goes_through_more_objects_than_a_page_has(place: Place) -> None:
    vault = await place.open()
    kept = await add(place, vault, uuid4())
    for _ in range(2_300):
        (place.folder / "store" / "vault" / str(uuid4())).touch()
    assert await vault.sweep(NOW) == Swept(orphans=2_300)
    assert place.objects() == [await place.file(vault, kept)]


async def test_objects_that_another_sweep_has_deleted_do_not_keep_the_others(place: Place) -> None:
    vault = await place.open()
    ref = await add(place, vault, uuid4())
    await Objects(place.url(), "vault").delete([uuid4(), (await vault.find(ref)).object, uuid4()])
    assert place.objects() == []


async def test_a_vault_needs_no_folder(place: Place) -> None:
    vault = await open_vault(place.pool, "vault", "memory:///", place.masters("one"))
    subject, content = uuid4(), text(20_000_000)
    ref = await add(place, vault, subject, content)
    assert await read(vault, ref) == content
    await vault.destroy(subject)
    assert await vault.sweep(DAY) == Swept(erased=1)


async def test_old_parts_go_and_those_being_written_stay(place: Place) -> None:
    vault = await place.open()
    await add(place, vault, uuid4())
    old, young = (place.folder / "store" / "vault" / f"{uuid4()}#1" for _ in range(2))
    for part in (old, young):
        part.write_bytes(b"x")
    os.utime(old, (0, 0))
    assert await vault.sweep(DAY) == Swept(parts=1)
    assert young.exists()


async def test_services_that_share_a_folder_sweep_only_their_own(place: Place, servers: Servers) -> None:
    vault = await place.open()
    ref = await add(place, vault, uuid4())
    pool = await open_pool(await new_database(servers, SERVICE), "safety", 2)
    try:
        other = await open_vault(pool, "safety", place.url(), place.masters("one"))
        assert await other.sweep(NOW) == Swept()
    finally:
        await pool.close()
    assert await read(vault, ref) == b"a page"


async def test_a_put_whose_object_is_swept_before_its_row_comes_fails(place: Place) -> None:
    vault, subject = await place.open(), uuid4()
    await add(place, vault, subject)
    async with place.pool.acquire() as holder, holder.transaction():
        await holder.execute("SELECT FROM vault.subject FOR UPDATE")  # the put waits here with its row
        putting = asyncio.create_task(add(place, vault, subject, b"late"))
        await until(lambda: len(place.objects()) == 2)
        assert await vault.sweep(NOW) == Swept(orphans=1)
    with pytest.raises(DamagedError, match="was swept before it was recorded"):
        await putting
    assert len(place.objects()) == 1


async def test_a_put_that_is_cancelled_leaves_nothing(place: Place) -> None:
    vault, waiting = await place.open(), asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield text(30_000_000)
        waiting.set()
        await asyncio.sleep(60)

    putting = asyncio.create_task(put(place, vault, uuid4(), stuck()))
    await waiting.wait()
    assert [file.name.rpartition("#")[2] for file in place.objects()] == ["1"]
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    await until(lambda: place.objects() == [])


class Erasing(FileMasterKeys):
    """Keys of a service so slow that subjects are erased while it wraps."""

    vault: Vault
    subject: UUID

    async def wrap(self, master_id: str, key: bytes, context: bytes) -> bytes:
        if str(self.subject) in context.decode():
            await self.vault.destroy(self.subject)
        return await super().wrap(master_id, key, context)


async def test_a_key_that_is_destroyed_while_it_is_rewrapped_stays_destroyed(place: Place) -> None:
    vault, subject, other = await place.open("one"), uuid4(), uuid4()
    ref, kept = await add(place, vault, subject), await add(place, vault, other)
    masters = Erasing(place.masters("two"))
    masters.vault, masters.subject = vault, subject
    rotated = await open_vault(place.pool, "vault", place.url(), masters)
    assert await rotated.rewrap() == 1
    with pytest.raises(ErasedError):
        await read(rotated, ref)
    assert await read(rotated, kept) == b"a page"
