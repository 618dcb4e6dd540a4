"""The vault of a running service: opened before anything else, kept in order for as long as it runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn
from uuid import UUID

from shared.contracts.message import Actor
from shared.rules.vault_commands import ConfirmDestruction
from shared.runtime import logs, metrics
from shared.runtime.cause import Cause
from shared.runtime.database import TRANSIENT, Pool, open_pool, retried
from shared.runtime.execute import Executor
from shared.runtime.migrate import migrated
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.vault.errors import MasterKeyError
from shared.vault.keys import FileMasterKeys
from shared.vault.service import VAULT
from shared.vault.vault import Vault, open_vault

_EVERY = 1.0  # seconds
CLOSING = 1.0  # seconds in which its connections are given back when the service stops
# Also where a database was restored to a time before its keys were destroyed.
_CLOSED = """
SELECT subject_id FROM vault_subject v
WHERE closed_at IS NOT NULL AND (destroyed_at IS NULL OR NOT EXISTS (
    SELECT FROM vault.subject s WHERE s.subject_id = v.subject_id AND s.destroyed_at IS NOT NULL))
"""


def has_vault(service: Service) -> bool:
    """Whether the service keeps documents and particulars."""
    return VAULT.name in service.aggregate_of


@contextlib.asynccontextmanager
async def opened(service: Service, settings: Settings) -> AsyncIterator[Vault | None]:
    """The service's vault, None where it has none; SystemExit where its master keys are not right."""
    if not has_vault(service):
        yield None
        return
    url, file = settings.vault_url, settings.master_keys_file
    if not url or not file:
        _refuse(service.name, "TRIALWIRE_VAULT_URL and TRIALWIRE_MASTER_KEYS_FILE are required")
    dsn = settings.dsn()
    # Before the process, which has not migrated yet: a wrong key is to be told before anything is consumed.
    await retried(lambda: migrated(dsn, service.name, service.migrations))
    pool: Pool = await retried(lambda: open_pool(dsn, f"{service.name} vault", 4))
    try:
        yield await retried(lambda: _open(pool, service.name, url, file))
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(pool.close(), CLOSING)
        pool.terminate()


async def _open(pool: Pool, name: str, url: str, file: Path) -> Vault:
    try:
        return await open_vault(pool, name, url, file)
    except MasterKeyError as fault:
        _refuse(name, str(fault))


def _refuse(name: str, why: str) -> NoReturn:
    """End the start; said in the log too, for whoever runs the service may not see why it ended."""
    logs.log.error("vault.refused", reason=why)
    raise SystemExit(f"{name}: {why}") from None


async def keeping(executor: Executor, vault: Vault, masters: Path) -> None:
    """Run until cancelled: destroy what is left of the erased, and take new master keys.

    Objects that nobody knows are no matter of this loop: after a database was restored they may be good ones.
    """
    stamp = _stamp(masters)
    while True:
        try:
            await destroy_closed(executor, vault)
            while await vault.delete_erased():
                pass
        except (*TRANSIENT, TimeoutError) as fault:
            logs.log.warning("vault.again", error=type(fault).__name__)
        except Exception as fault:  # an object store that is away: what is erased cannot be opened meanwhile
            metrics.VAULT.labels("erasure", "failed").inc()
            logs.log.error("vault.failed", error=type(fault).__name__)
        stamp = await _take(vault, masters, stamp)
        await asyncio.sleep(_EVERY)


async def _take(vault: Vault, masters: Path, stamp: tuple[int, int]) -> tuple[int, int]:
    """New master keys, where the file has changed; a wrong file is told once and the former keys stay."""
    if (now := _stamp(masters)) == stamp:
        return stamp
    try:
        await vault.use(FileMasterKeys(masters))
        logs.log.info("vault.master_keys")
    except MasterKeyError as fault:
        metrics.VAULT.labels("master_keys", "refused").inc()
        logs.log.error("vault.master_keys_refused", reason=str(fault))
    except Exception as fault:  # it is tried again
        logs.log.warning("vault.again", error=type(fault).__name__)
        return stamp
    return now


async def destroy_closed(executor: Executor, vault: Vault) -> None:
    """Destroy the keys of subjects whose vault is closed, and tell that it was done; each for itself."""
    faults = []
    for row in await executor.pool.fetch(_CLOSED):
        subject: UUID = row["subject_id"]
        try:
            await vault.destroy(subject)
            cause = Cause(Actor(executor.service.name, "service"), reason="erasure")
            await executor.execute(ConfirmDestruction(subject_id=subject), cause)
        except Exception as fault:
            faults.append(fault)
        else:
            metrics.VAULT.labels("erasure", "done").inc()
    if faults:
        raise faults[0]


def _stamp(file: Path) -> tuple[int, int]:
    try:
        about = file.stat()
    except OSError:
        return 0, 0
    return about.st_mtime_ns, about.st_size
