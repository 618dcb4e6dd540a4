"""Documents: into the vault, and out of it for a purpose that is written down first."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from shared.http import bodies
from shared.http.answers import Cursor, Limit, Order, as_instant, one, page
from shared.http.operations import whole
from shared.http.problems import ProblemError
from shared.http.vault import ANSWERS, Act, Purpose, acting, vault_in
from shared.rules.vault_commands import COPY, ReadDocument, StoreDocument, Word
from shared.runtime.cause import RefusedError
from shared.runtime.service import Outcome
from shared.runtime.store import ForeignStreamError
from shared.vault.errors import DamagedError, ErasedError, TakenError
from shared.vault.vault import Stored, Vault

# What custodians and sites send. Whoever fetches one gets it as an attachment: no browser shows or runs it.
MEDIA_TYPES = (
    "application/pdf", "application/dicom", "application/fhir+json", "application/json", "application/xml",
    "application/zip", "image/jpeg", "image/png", "image/tiff", "text/plain", bodies.OCTETS,
)  # fmt: skip
_BODY = {"requestBody": {"required": True, "content": {kind: {} for kind in MEDIA_TYPES}}}
_LATEST = Order({"stored_at": as_instant, "document_ref": UUID}, falling=True)
_LISTED = """
SELECT * FROM document WHERE stored_at IS NOT NULL
  AND ($1::uuid IS NULL OR subject_id = $1) AND ($2::uuid IS NULL OR trial_id = $2)
"""
_ONE = """
SELECT d.*, s.closed_at AS erased_at, '/v1/events?stream_id=' || d.vault_id AS history
FROM document d LEFT JOIN vault_subject s USING (subject_id)
WHERE d.document_ref = $1 AND d.stored_at IS NOT NULL
"""
pages = APIRouter(prefix="/v1", tags=["queries"])
acts = APIRouter(prefix="/v1", tags=["vault"], responses=ANSWERS)


@pages.get("/documents")
async def documents(
    request: Request,
    subject: UUID | None = None,
    trial: UUID | None = None,
    limit: Limit = 100,
    after: Cursor = None,
) -> Response:
    """What lies in the vault, the latest first: kind, size, SHA-256, how often it was read; no content."""
    return await page(request, _LISTED, subject, trial, order=_LATEST, limit=limit, after=after)


@pages.get("/documents/{document_ref}")
async def document(request: Request, document_ref: UUID) -> Response:
    """What is known of one document; its history says who read it, when and why."""
    return await one(request, _ONE, document_ref)


@pages.post("/vault/rewrap", tags=["operations"])
async def rewrap(request: Request) -> dict[str, int]:
    """Put every subject's key under the current master key; documents stay as they are.

    Where several replicas took a new master key at different moments: repeat it until it answers 0.
    """
    whole(request)
    return {"rewrapped": await vault_in(request).rewrap()}


@pages.post("/vault/sweep", tags=["operations"])
async def sweep(request: Request, days: Annotated[int, Query(ge=1, le=3650)]) -> dict[str, int]:
    """Delete objects that no document names and that are older than that, and parts of broken uploads.

    Never after a database was restored to a time before its objects: all that came since has no row.
    """
    whole(request)
    return asdict(await vault_in(request).sweep(timedelta(days=days)))


@acts.put("/documents/{document_ref}", status_code=201, openapi_extra=_BODY)
async def store_document(
    request: Request,
    act: Annotated[Act, acting("store_document")],
    document_ref: UUID,
    trial: UUID,
    subject: UUID,
    kind: Word,
    site: UUID | None = None,
    organisation: UUID | None = None,
) -> Response:
    """Store a document of a subject, of any length, under a reference of the sender's own.

    Sending the same again changes nothing; other bytes under a known reference are refused. `organisation`
    is the vendor's for which it is stored, where a leg of the subject's record requests was handed to it.
    """
    bodies.refuse_other_than(request, *MEDIA_TYPES)
    media_type = bodies.media_type_of(request)
    if kind not in request.app.state.kinds:
        at = [("/query/kind", f"one of {', '.join(request.app.state.kinds)}")]
        raise ProblemError(422, "invalid", "this vault takes no documents of that kind", errors=at)
    if kind == COPY:
        act = act.also("store_copy")
    vault, largest = vault_in(request), request.app.state.document_bytes
    with act.answering():
        where = await act.place(subject, trial, site, organisation)
        chunks = bodies.upload_of(request, largest)
        stored = await vault.write(document_ref, subject, where.sponsor, chunks, media_type)
        command = StoreDocument(
            subject_id=subject, trial_id=trial, site_id=where.site, document_ref=document_ref, kind=kind,
            media_type=media_type, sha256=stored.sha256, size=stored.size, organisation_id=organisation,
        )  # fmt: skip
        outcome = await _entered(vault, act, stored, command)
    answer = {"document_ref": str(document_ref), "sha256": stored.sha256, "size": stored.size}
    return JSONResponse(answer, 201 if outcome.events else 200)


async def _entered(vault: Vault, act: Act, stored: Stored, command: StoreDocument) -> Outcome:
    """The event and the vault's own row, in one transaction; bytes that surely get neither are deleted."""
    try:
        outcome = await act.run(command, lambda tx: vault.record(tx, stored))
    except (RefusedError, ErasedError, TakenError, ForeignStreamError):
        await vault.discard(stored)
        raise
    if not outcome.events:  # the same is there already, in another object
        await vault.discard(stored)
    return outcome


@acts.get("/documents/{document_ref}/content", response_class=StreamingResponse)
async def read_document(
    request: Request,
    act: Annotated[Act, acting("read_document", "read_copy")],
    document_ref: UUID,
    purpose: Purpose,
) -> StreamingResponse:
    """A document's bytes. That it was asked for, by whom and why, is in the log before the first of them."""
    vault, sql = vault_in(request), "SELECT * FROM document WHERE document_ref = $1 AND stored_at IS NOT NULL"
    with act.answering():
        row = await request.app.state.pool.fetchrow(sql, document_ref)
        # An original is not there for who may read copies only, as what does not exist is not.
        if row is None or (row["kind"] != COPY and not act.may("read_document")):
            raise ForeignStreamError(f"there is no document {document_ref}")
        about = {"subject_id": row["subject_id"], "document_ref": document_ref}
        await act.run(ReadDocument(**about, purpose=purpose, sealed_too=act.may("read_sealed")))
        known, chunks = await vault.find(document_ref), vault.read(document_ref)
        first = await anext(chunks, b"")  # what is wrong with it shows here, before the answer begins
    headers = {
        "Content-Length": str(known.size),
        "Content-Disposition": f'attachment; filename="{document_ref}"',
        "Trialwire-SHA256": known.sha256,
    }
    return StreamingResponse(_all(act, first, chunks), media_type=known.media_type, headers=headers)


async def _all(act: Act, first: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    try:
        async for chunk in chunks:
            yield chunk
    except DamagedError as fault:
        act.damaged(fault)
        raise
