"""`trialwire documents`: into a service's vault, out of it for a purpose, and a change of its master key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import StrEnum
from mimetypes import guess_type
from pathlib import Path
from typing import Annotated, Any, get_args
from uuid import UUID, uuid4

import httpx
import typer

from shared.contracts.vault import ReadingPurpose
from shared.stack import client
from shared.stack.client import Json, Most

app = typer.Typer(no_args_is_help=True, help="Documents in the services' vaults.")
_CHUNK = 2**20
_COLUMNS = ("document_ref", "kind", "media_type", "size", "stored_at", "stored_by", "reads", "sealed")


class Keeper(StrEnum):
    retrieval = "retrieval"
    safety = "safety"


Purpose = StrEnum("Purpose", {name: name for name in get_args(ReadingPurpose)})  # type: ignore[misc]
Of = Annotated[Keeper, typer.Option("--service", help="Whose vault.")]


@app.command("put")
def put(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What to store.")],
    trial: Annotated[UUID, typer.Option(help="The subject's trial.")],
    subject: Annotated[UUID, typer.Option(help="Whose document it is.")],
    kind: Annotated[str, typer.Option(help="What it is, such as medical_record.")],
    site: Annotated[UUID | None, typer.Option(help="The subject's site.")] = None,
    ref: Annotated[UUID | None, typer.Option(help="Its reference: repeat it to repeat safely.")] = None,
    service: Of = Keeper.retrieval,
) -> None:
    """Store a document under a reference, which is printed with its SHA-256; its name stays here."""
    asked = {"trial": trial, "subject": subject, "kind": kind, "site": site}
    media_type = guess_type(file.name)[0] or "application/octet-stream"
    client.emit(_store(service, f"/v1/documents/{ref or uuid4()}", _chunks(file), media_type, **asked))


@app.command("get")
def get(
    ref: Annotated[UUID, typer.Argument(help="The document's reference.")],
    purpose: Annotated[Purpose, typer.Option(help="Why it is read; the log keeps it.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where to write it; a file that is there stays.")],
    service: Of = Keeper.retrieval,
) -> None:
    """Write a document to a file. That it was read, by whom and why, stays in the log."""
    size = _fetch(service, f"/v1/documents/{ref}/content", out, purpose=purpose)
    typer.echo(f"{size} bytes", err=True)


@app.command("list")
def list_documents(
    trial: Annotated[UUID | None, typer.Option(help="Only of this trial.")] = None,
    subject: Annotated[UUID | None, typer.Option(help="Only of this subject.")] = None,
    service: Of = Keeper.retrieval,
    limit: Most = 200,
    as_json: Json = False,
) -> None:
    """List documents, the latest first; never their content."""
    found = client.listed(service, "/v1/documents", limit, trial=trial, subject=subject)
    client.show(found, _COLUMNS, as_json)


@app.command("rewrap")
def rewrap(service: Of = Keeper.retrieval) -> None:
    """Put every subject's key under the current master key; prints how many were."""
    answer = client.post(service, "/v1/vault/rewrap", {}, key=f"rewrap-{uuid4()}")
    typer.echo(f"rewrapped {answer['rewrapped']}")


@app.command("sweep")
def sweep(
    days: Annotated[int, typer.Option("--older-than-days", min=1, help="Leave what is younger alone.")] = 30,
    service: Of = Keeper.retrieval,
) -> None:
    """Delete objects that no document names. Never after the database was restored to an earlier time."""
    answer = client.post(service, f"/v1/vault/sweep?days={days}", {}, key=f"sweep-{uuid4()}")
    typer.echo(", ".join(f"{count} {what}" for what, count in answer.items()))


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk


def _store(service: str, path: str, content: Iterator[bytes], media_type: str, **asked: Any) -> Any:
    """What a service answers to a document that is put there, however long it takes."""
    query = {name: str(value) for name, value in asked.items() if value is not None}
    headers, timeout = {"Content-Type": media_type}, httpx.Timeout(None, connect=10)
    return client.call(service, "PUT", path, content=content, headers=headers, params=query, timeout=timeout)


def _fetch(service: str, path: str, file: Path, **asked: Any) -> int:
    """Write what a service gives out to a new file, whole or not at all; answers with its bytes."""
    url, size = f"{client.address(service)}{path}", 0
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with httpx.stream(
            "GET", url, params=asked, headers=client.identity(client.LOCAL, None), timeout=60, trust_env=False
        ) as answer:
            if answer.is_error:
                answer.read()
                client.fail(
                    f"{service} says {answer.status_code}: {client.reason(answer.json())}", client.FAILED
                )
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
                for chunk in answer.iter_bytes():
                    size += opened.write(chunk)
        os.link(unfinished, file)
    except httpx.TransportError as fault:
        client.fail(f"{service} broke off: {type(fault).__name__}", client.NOT_READY)
    except FileExistsError:
        client.fail(f"{file} is there already", client.WRONG_USE)
    except ValueError:
        client.fail(f"{service} says no JSON: is it another program's port?", client.FAILED)
    finally:
        unfinished.unlink(missing_ok=True)
    return size
