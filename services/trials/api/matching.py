"""Candidates held against a trial's structured criteria; of the candidates nothing is kept."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.concurrency import run_in_threadpool

from services.trials.commands.matching import Number, RecordMatchingRun
from services.trials.commands.words import Code
from services.trials.domain.matching import Given, Match, counted, match
from shared.contracts.trials.matching import CriteriaRecorded
from shared.http import bodies, identity
from shared.http.answers import Cursor, Limit, Order, as_instant, one, page
from shared.http.identity import Principal
from shared.http.problems import ProblemError, described, problem_of
from shared.http.routes import refused_as_problems
from shared.http.seen import seen
from shared.runtime.cause import Cause
from shared.runtime.strict import InvalidError, parse

router = APIRouter(prefix="/v1", tags=["queries"])
# How many candidates, and how many verdicts one answer has: of 50 criteria for each of them.
CANDIDATES, VERDICTS = 2_000, 100_000
_CRITERIA, _MATCH = TypeAdapter(CriteriaRecorded), TypeAdapter(Match)
_LATEST = Order({"run_at": as_instant, "run_id": UUID}, falling=True)
_COUNTING = """
SELECT to_json(c)::text FROM criteria c
WHERE trial_id = $1 AND EXISTS (SELECT FROM site WHERE site_id = $2 AND trial_id = $1)
"""


class Measured(BaseModel):
    """A value in a unit (UCUM); without a unit it is a plain number, an age in years for one."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    value: Number
    unit: Annotated[str, Field(min_length=1, max_length=40)] | None = None


class Candidate(BaseModel):
    """A candidate by a code of the sender's own, with coded attributes: a value, a code or several."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    code: Code
    attributes: Annotated[
        dict[Code, Number | Measured | Code | Annotated[tuple[Code, ...], Field(max_length=500)]],
        Field(max_length=300),
    ]


class Candidates(BaseModel):
    """Candidates of one site."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    candidates: Annotated[tuple[Candidate, ...], Field(min_length=1, max_length=CANDIDATES)]


def _schema(part: Any, parts: dict[str, Any]) -> Any:
    """A schema with what it refers to in its place: the document's own parts have other names."""
    if isinstance(part, list):
        return [_schema(one, parts) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _schema(parts[part["$ref"].rpartition("/")[2]], parts)
    return {name: _schema(one, parts) for name, one in part.items() if name != "$defs"}


_WHOLE = Candidates.model_json_schema()
_CONTENT = {bodies.JSON: {"schema": _schema(_WHOLE, _WHOLE["$defs"])}}
_BODY = {"requestBody": {"required": True, "content": _CONTENT}}


@router.get("/trials/{trial_id}/criteria")
async def criteria(request: Request, trial_id: UUID) -> Response:
    """The structured criteria of a trial that count now."""
    return await one(request, "SELECT * FROM criteria WHERE trial_id = $1", trial_id)


@router.get("/trials/{trial_id}/matchings")
async def matchings(
    request: Request, trial_id: UUID, site: UUID | None = None, limit: Limit = 200, after: Cursor = None
) -> Response:
    """How often candidates were matched, the latest first: counts, and by which criteria they fail."""
    sql = "SELECT * FROM matching WHERE trial_id = $1 AND ($2::uuid IS NULL OR site_id = $2)"
    return await page(request, sql, trial_id, site, order=_LATEST, limit=limit, after=after)


class Matches(BaseModel):
    """What the candidates come to, by the criteria of a protocol version."""

    protocol_version: str
    matches: tuple[Match, ...]


@router.post(
    "/matching", response_model=Matches, responses=described(408, 409, 413, 415, 422), openapi_extra=_BODY
)
async def matching(
    request: Request, trial: UUID, site: UUID, asking: Annotated[Principal, Depends(identity.principal)]
) -> Response:
    """Hold a site's candidates against the trial's criteria: each criterion's verdict, and what they come to.

    The list is answered and forgotten; an event keeps the counts. Candidates times criteria: at most 100,000.
    """
    actor = identity.permit(request, asking, "trials.matching")
    bodies.refuse_other_than(request, bodies.JSON)
    body = await bodies.body_of(request)
    try:
        bodies.refuse_deeper(body)
        given = parse(Candidates, body).candidates
    except InvalidError as fault:
        raise problem_of(fault) from None
    if len({candidate.code for candidate in given}) < len(given):
        at = [("/candidates", "each code stands once")]
        raise ProblemError(422, "invalid", "a code stands twice", errors=at)
    async with seen(request) as tx:
        found = await tx.fetchval(_COUNTING, trial, site)
    if found is None:
        raise ProblemError(404, "unknown", "there is no such site, or its trial has no structured criteria")
    counting = _CRITERIA.validate_json(found)
    fitting = VERDICTS // len(counting.criteria)
    if len(given) > fitting:
        at = [
            ("/candidates", f"at most {fitting} candidates for the trial's {len(counting.criteria)} criteria")
        ]
        raise ProblemError(422, "invalid", "the answer would be too long", errors=at)
    run, answer = await run_in_threadpool(_answered, counting, site, given)
    with refused_as_problems("trials.record_matching_run.v1"):
        cause = Cause(actor, grants=asking.grants)
        await request.app.state.executor.execute(run, cause)
    return Response(answer, media_type=bodies.JSON)


def _answered(
    counting: CriteriaRecorded, site_id: UUID, candidates: tuple[Candidate, ...]
) -> tuple[RecordMatchingRun, bytes]:
    """What is kept of a matching, and its answer, written by the candidate so that others get a turn."""
    known = {candidate.code: _given(candidate) for candidate in candidates}
    matches = match(counting.criteria, known)
    version, each = json.dumps(counting.protocol_version).encode(), b",".join(map(_MATCH.dump_json, matches))
    answer = b'{"protocol_version":%b,"matches":[%b]}' % (version, each)
    return counted(counting, site_id, matches), answer


def _given(candidate: Candidate) -> dict[str, Given]:
    found = {}
    for name, said in candidate.attributes.items():
        match said:
            case Measured():
                found[name] = Given(said.value, said.unit)
            case str():
                found[name] = Given(codes=(said,))
            case tuple():
                found[name] = Given(codes=said)
            case _:
                found[name] = Given(said)
    return found
