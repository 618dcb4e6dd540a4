"""Particulars of subjects: entered by whoever knows them, told for a purpose that is written down first."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from shared.http import bodies
from shared.http.problems import ProblemError
from shared.http.vault import ANSWERS, Act, Purpose, acting, vault_in
from shared.rules.vault_commands import ReadParticulars, RecordParticulars, Word
from shared.runtime import strict
from shared.runtime.store import ForeignStreamError
from shared.vault.sealed_particulars import PARTICULARS_BYTES

acts = APIRouter(prefix="/v1", tags=["vault"], responses=ANSWERS)
_BODY = {"requestBody": {"required": True, "content": {bodies.JSON: {"schema": {"type": "object"}}}}}


@acts.put("/particulars/{subject_id}/{kind}", status_code=204, openapi_extra=_BODY)
async def record_particulars(
    request: Request,
    act: Annotated[Act, acting("record_particulars")],
    subject_id: UUID,
    kind: Word,
    trial: UUID,
    site: UUID | None = None,
) -> Response:
    """Enter a subject's particulars of a kind, in place of those before; what they say stays in the vault."""
    vault = vault_in(request)
    bodies.refuse_other_than(request, bodies.JSON)
    model = request.app.state.executor.service.particulars.get(kind)
    if model is None:
        raise ProblemError(404, "unknown-kind", "this service takes no particulars of that kind")
    body = await bodies.body_of(request, PARTICULARS_BYTES)
    bodies.refuse_deeper(body)
    said = strict.parse(model, body).model_dump(mode="json", exclude_none=True)
    with act.answering():
        where = await act.place(subject_id, trial, site)
        command = RecordParticulars(subject_id=subject_id, trial_id=trial, site_id=where.site, kind=kind)
        await act.run(command, lambda tx: vault.particulars.put(tx, subject_id, kind, said))
    return Response(status_code=204)


@acts.get("/particulars/{subject_id}/{kind}")
async def read_particulars(
    request: Request,
    act: Annotated[Act, acting("read_particulars")],
    subject_id: UUID,
    kind: Word,
    purpose: Purpose,
) -> dict[str, Any]:
    """A subject's particulars of a kind. That they were asked for is in the log before they are told."""
    vault = vault_in(request)
    with act.answering():
        known = "SELECT trial_id FROM vault_subject WHERE subject_id = $1"
        trial = await request.app.state.pool.fetchval(known, subject_id)
        if trial is None:
            raise ForeignStreamError(f"nothing is known of subject {subject_id}")
        await act.run(ReadParticulars(subject_id=subject_id, trial_id=trial, kind=kind, purpose=purpose))
        found = await vault.particulars.get(subject_id, kind)
    return {"subject_id": subject_id, "kind": kind, "particulars": found}
