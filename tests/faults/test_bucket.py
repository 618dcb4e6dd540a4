"""The vault over a real S3 endpoint: in parts, damaged, erased, swept, with an upload that breaks off."""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from obstore.exceptions import PermissionDeniedError

import shared.vault
from shared.runtime.database import Pool, open_pool
from shared.vault.errors import DamagedError, ErasedError
from shared.vault.sweep import Swept
from shared.vault.vault import Stored, Vault, open_vault
from tests.support import probe
from tests.support.bucket import Bucket, bucket
from tests.support.stack import Servers, new_database

pytestmark = pytest.mark.long
SERVICE = replace(probe.alpha("vault"), migrations=Path(shared.vault.__file__).parent / "migrations")
SPONSOR, PDF = UUID(int=5), "application/pdf"
NAME = b"Ada Canary-Lovelace"
NOW, DAY = timedelta(), timedelta(days=1)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    with bucket(tmp_path_factory.mktemp("bucket")) as made:
        yield made


@pytest.fixture
def own(there: Bucket, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """The bucket, with its credentials where obstore looks for them."""
    for name, value in there.environment.items():
        monkeypatch.setenv(name, value)
    return there


@pytest.fixture
async def pool(servers: Servers) -> AsyncIterator[Pool]:
    made = await open_pool(await new_database(servers, SERVICE), "vault", 4)
    yield made
    await asyncio.wait_for(made.close(), 10)


@pytest.fixture
async def vault(own: Bucket, pool: Pool, tmp_path: Path) -> Vault:
    """A vault of a service with a name, and so with objects, of its own."""
    file, key = tmp_path / "masters.json", base64.b64encode(secrets.token_bytes(32)).decode()
    file.touch(0o600)
    file.write_text(json.dumps({"current": "one", "keys": {"one": key}}))
    return await open_vault(pool, f"vault{secrets.token_hex(4)}", f"s3://{own.name}", file)


async def pieces(content: bytes, broken: bool = False) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 700_000):
        yield content[start : start + 700_000]
    if broken:
        raise ConnectionError("the sender went away")


async def put(vault: Vault, pool: Pool, subject: UUID, chunks: AsyncIterator[bytes]) -> Stored:
    stored = await vault.write(uuid4(), subject, SPONSOR, chunks, PDF)
    async with pool.acquire() as tx, tx.transaction():
        await vault.record(tx, stored)
    return stored


async def add(vault: Vault, pool: Pool, subject: UUID, content: bytes) -> UUID:
    return (await put(vault, pool, subject, pieces(content))).ref


async def read(vault: Vault, ref: UUID) -> bytes:
    return b"".join([chunk async for chunk in vault.read(ref)])


def text(size: int) -> bytes:
    return (NAME * (size // len(NAME) + 1))[:size]


async def file_of(own: Bucket, vault: Vault, ref: UUID) -> Path:
    name = str((await vault.find(ref)).object)
    [found] = [path for path in own.objects() if path.name == name]
    return found


@pytest.mark.parametrize("size", [0, 1, 2**20, 2**23 + 5, 20_000_000])
async def test_a_document_comes_back_and_its_object_shows_nothing_of_it(
    vault: Vault, own: Bucket, pool: Pool, size: int
) -> None:
    content = text(size)
    stored = await put(vault, pool, uuid4(), pieces(content))
    assert await read(vault, stored.ref) == content
    assert (stored.size, stored.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert NAME not in (await file_of(own, vault, stored.ref)).read_bytes()


async def test_many_documents_at_once_come_back(vault: Vault, pool: Pool) -> None:
    contents = [secrets.token_bytes(9_000_000 + n) for n in range(6)]
    refs = await asyncio.gather(*[add(vault, pool, uuid4(), content) for content in contents])
    assert await asyncio.gather(*[read(vault, ref) for ref in refs]) == contents


@pytest.mark.parametrize("what", ["edited", "shorter", "longer", "missing", "another's"])
async def test_an_object_that_is_not_what_was_stored_is_damaged(
    vault: Vault, own: Bucket, pool: Pool, what: str
) -> None:
    content = text(20_000_000)
    ref, other = await add(vault, pool, uuid4(), content), await add(vault, pool, uuid4(), content)
    file = await file_of(own, vault, ref)
    sealed = bytearray(file.read_bytes())
    match what:
        case "edited":
            sealed[15_000_000] ^= 1
            file.write_bytes(sealed)
        case "shorter":
            file.write_bytes(sealed[:-1])
        case "longer":
            file.write_bytes(sealed + b"x")
        case "another's":
            file.write_bytes((await file_of(own, vault, other)).read_bytes())
        case "missing":
            file.unlink()
    with pytest.raises(DamagedError, match=f"document {ref}"):
        await read(vault, ref)
    assert await read(vault, other) == content


async def test_an_erased_subject_s_objects_go_with_the_sweep_and_nothing_else(
    vault: Vault, own: Bucket, pool: Pool
) -> None:
    subject, other, content = uuid4(), uuid4(), text(9_000_000)
    erased, kept, lost = (
        await add(vault, pool, subject, content),
        await add(vault, pool, other, content),
        uuid4(),
    )
    lost = await add(vault, pool, other, b"as if its put had died")
    objects = {str((await vault.find(ref)).object) for ref in (erased, kept, lost)}
    await pool.execute("DELETE FROM vault.document WHERE ref = $1", lost)
    assert await vault.destroy(subject)
    with pytest.raises(ErasedError):
        await read(vault, erased)
    assert await vault.sweep(DAY) == Swept(erased=1)
    assert await vault.sweep(NOW) == Swept(orphans=1)
    assert await vault.sweep(NOW) == Swept()
    left = {path.name for path in own.objects()} & objects
    assert left == {(await file_of(own, vault, kept)).name}
    assert await read(vault, kept) == content


async def test_a_sweep_goes_through_more_objects_than_a_page_has(
    vault: Vault, own: Bucket, pool: Pool
) -> None:
    kept = await add(vault, pool, uuid4(), b"a page")
    one = await file_of(own, vault, kept)
    folder = one.parent
    for _ in range(1_100):
        (folder / str(uuid4())).touch()
    assert await vault.sweep(NOW) == Swept(orphans=1_100)
    assert list(folder.iterdir()) == [one]


@pytest.mark.parametrize("size", [5, 20_000_000])
async def test_an_upload_that_breaks_off_leaves_no_object_and_says_why(
    vault: Vault, own: Bucket, pool: Pool, size: int
) -> None:
    before = own.objects()
    with pytest.raises(ConnectionError, match="the sender went away"):
        await put(vault, pool, uuid4(), pieces(text(size), broken=True))
    assert own.objects() == before


async def test_an_upload_that_is_cancelled_leaves_no_object(vault: Vault, own: Bucket, pool: Pool) -> None:
    before, waiting = own.objects(), asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield text(30_000_000)
        waiting.set()
        await asyncio.sleep(60)

    putting = asyncio.create_task(put(vault, pool, uuid4(), stuck()))
    await waiting.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    await asyncio.sleep(1)
    assert own.objects() == before


@pytest.mark.parametrize("wrong", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
async def test_without_the_right_credentials_nothing_is_read_and_nothing_is_called_damaged(
    vault: Vault, own: Bucket, pool: Pool, tmp_path: Path, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = await add(vault, pool, uuid4(), b"a page")
    service = (await file_of(own, vault, ref)).parent.name
    monkeypatch.setenv(wrong, "another")
    stranger = await open_vault(pool, service, f"s3://{own.name}", tmp_path / "masters.json")
    with pytest.raises(PermissionDeniedError) as refused:
        await read(stranger, ref)
    assert own.environment[wrong] not in str(refused.value)
