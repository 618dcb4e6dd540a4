"""`trialwire audit`: whether the logs are what was anchored, and a trial's history with its proofs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

import asyncpg
import typer

from shared.audit import places
from shared.audit.against import Finding
from shared.audit.anchor import BrokenAnchorsError
from shared.audit.export import export, manifest
from shared.audit.files import numbers
from shared.audit.keys import KeyFileError, PublicKeys, Signer, public_keys_in, renewed, signer_in
from shared.audit.take import take
from shared.audit.verify import audit
from shared.runtime.database import Connection
from shared.stack import client, reads
from shared.stack.client import FAILED, NOT_READY, WRONG_USE, Json
from shared.stack.databases import SERVICES
from shared.stack.home import Home
from shared.stack.parked import Service

app = typer.Typer(no_args_is_help=True, help="The audit trail: checked, and handed out with its proofs.")
app.command("reads")(reads.list_reads)
T = TypeVar("T")
_GONE = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
)
_REFUSED = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)
_Keys = Annotated[Path | None, typer.Option(help="A folder of public keys (*.pem) to trust instead of ours.")]


@app.command("verify")
def verify_logs(
    service: Annotated[Service | None, typer.Option(help="Only of this service.")] = None,
    keys: _Keys = None,
    as_json: Json = False,
) -> None:
    """Check all chains and anchors; exit code 1 with a finding, 3 where a database is not reachable."""
    home = Home.at()
    known = _keys(lambda: public_keys_in(keys) if keys else _public_keys(home))
    found = {name: asyncio.run(_audited(home, name, known)) for name in ([service] if service else SERVICES)}
    whole = not any(found.values())
    if as_json:
        services = {
            name: {
                "anchors": len(numbers(places.anchors(home.root, name))),
                "findings": [finding.as_json() for finding in findings],
            }
            for name, findings in found.items()
        }
        client.emit({"whole": whole, "services": services})
    else:
        rows = [{"service": name, **finding.as_json()} for name, fs in found.items() for finding in fs]
        client.table(rows, ("service", "what", "stream_id", "version", "anchor", "detail"))
        typer.echo("all is whole" if whole else f"{len(rows)} findings", err=True)
    if not whole:
        raise typer.Exit(FAILED)


@app.command("export")
def export_trial(
    trial: Annotated[UUID, typer.Option(help="The trial.")],
    to: Annotated[Path, typer.Option(help="A folder that does not exist yet, or is empty.")],
) -> None:
    """Write a trial's events, signatures and proofs to a folder that anybody can check without us."""
    home = Home.at()
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        client.fail(f"{to} is there already and not an empty folder", WRONG_USE)
    known, signer = _keys(lambda: _public_keys(home)), _keys(lambda: _signer(home))
    if signer is None:
        typer.echo("the signing key is not readable: what came after the last anchors is left out", err=True)
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = datetime.now(UTC)
    try:
        services = {name: asyncio.run(_exported(home, name, trial, known, signer, to)) for name in SERVICES}
    except (BrokenAnchorsError, KeyFileError, LookupError) as fault:
        client.fail(f"{fault}; `trialwire audit verify` may say more", FAILED)
    manifest(to, trial, services, now)
    typer.echo(f"{sum(facts['events'] for facts in services.values())} events in {to}", err=True)


@app.command("new-key")
def new_key(as_json: Json = False) -> None:
    """Another key for the anchors from the next one on, also of services that run; what it is known by."""
    root = Home.at().root
    signer = _keys(lambda: renewed(places.signing_key(root), places.public_keys(root)))
    client.emit({"key_id": signer.key_id}) if as_json else typer.echo(signer.key_id)


async def _audited(home: Home, service: str, keys: PublicKeys) -> list[Finding]:
    async with _log(home, service) as connection:
        folder = places.anchors(home.root, service)
        return [finding async for finding in audit(connection, service, folder, keys)]


async def _exported(
    home: Home, service: str, trial: UUID, keys: PublicKeys, signer: Signer | None, to: Path
) -> dict[str, Any]:
    folder = places.anchors(home.root, service)
    async with _log(home, service) as connection:
        if signer:
            await take(connection, service, signer, folder, datetime.now(UTC))
        return await export(connection, service, trial, folder, keys, to)


@contextlib.asynccontextmanager
async def _log(home: Home, service: str) -> AsyncIterator[Connection]:
    """A connection to a service's log without limits of time; exit code 3 where there is none."""
    try:
        dsn = home.secret(f"{service}.dsn").read_text(encoding="utf-8")
        connection: Connection = await asyncpg.connect(
            dsn, timeout=10, server_settings={"timezone": "UTC", "application_name": "audit"}
        )
    except (OSError, TimeoutError, *_GONE, *_REFUSED) as fault:
        _unreachable(service, fault)
    try:
        if await connection.fetchval("SELECT to_regclass('es.anchor') IS NULL"):
            client.fail(f"{service} knows no anchors yet; start it once with `trialwire up`", NOT_READY)
        yield connection
    except _GONE as fault:
        _unreachable(service, fault)
    finally:
        with contextlib.suppress(TimeoutError, *_GONE):
            await connection.close(timeout=2)


def _unreachable(service: str, fault: BaseException) -> NoReturn:
    reason = type(fault).__name__
    client.fail(f"the log of {service} is not reachable ({reason}); see `trialwire status`", NOT_READY)


def _keys(read: Callable[[], T]) -> T:
    """What was read of key files; exit code 2 where one of them cannot be used."""
    try:
        return read()
    except KeyFileError as fault:
        client.fail(str(fault), WRONG_USE)


def _public_keys(home: Home) -> PublicKeys:
    signer = _signer(home)
    own = {signer.key_id: signer.public} if signer else {}
    return public_keys_in(places.public_keys(home.root)) | own


def _signer(home: Home) -> Signer | None:
    """The signer of this stack; None for whoever may not read its key."""
    try:
        return signer_in(places.signing_key(home.root))
    except (FileNotFoundError, PermissionError):
        return None
