"""Every command of a service as a route: `POST /v1/commands/<name>`, one schema each."""

import contextlib
import re
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from opentelemetry.trace import SpanKind

from shared.contracts.message import Actor, Command, Signature, Signed, wire_type
from shared.http import bodies, identity
from shared.http.identity import Principal
from shared.http.problems import ProblemError, described
from shared.rules.discard_commands import DiscardCommand
from shared.rules.grants import Grants
from shared.runtime import idempotency, metrics, strict, telemetry
from shared.runtime.cause import Cause, RefusedError
from shared.runtime.execute import Executor
from shared.runtime.names import UnknownTrialError
from shared.runtime.service import Service
from shared.runtime.store import ConflictError, ForeignStreamError, TooLargeError
from shared.upkeep import discard

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_PREFIX = "command."  # FastAPI writes what answers are made of under the bare names


def cause_of(request: Request, actor: Actor, grants: Grants, signature: Signature | None) -> Cause:
    """Whose command it is, and what the headers of its request say about its cause."""
    try:
        correlation = UUID(given) if (given := request.headers.get("trialwire-correlation-id")) else None
        match = request.headers.get("if-match")
        expected = int(match.strip('"')) if match else None
    except ValueError:
        raise ProblemError(
            400, "malformed-header", "Trialwire-Correlation-Id or If-Match is malformed"
        ) from None
    return Cause(
        actor, correlation_id=correlation, grants=grants, signature=signature, expected_version=expected
    )


def key_of(request: Request) -> str:
    key = request.headers.get("idempotency-key", "").strip('"')
    if not _KEY.fullmatch(key):
        raise ProblemError(
            400, "idempotency-key", "Idempotency-Key is required: 1 to 200 printable characters"
        )
    return key


@contextlib.contextmanager
def refused_as_problems(name: str, expected_version: int | None = None) -> Iterator[None]:
    """What refuses a command leaves as the problem that its rule makes, and is counted."""
    refused: Exception
    try:
        yield
        return
    except RefusedError as fault:
        r, refused = fault.refusal, fault
        problem = ProblemError(409, r.rule, r.detail, state=r.state, field=r.field)
    except UnknownTrialError as fault:
        problem, refused = ProblemError(404, "unknown-trial", str(fault), field="trial_id"), fault
    except TooLargeError as fault:
        problem, refused = ProblemError(413, "too-large", str(fault)), fault
    except ForeignStreamError as fault:
        problem, refused = ProblemError(404, "unknown-stream", "there is no such stream"), fault
    except ConflictError as fault:
        status = 412 if expected_version is not None else 409
        problem, refused = ProblemError(status, "conflict", str(fault)), fault
    metrics.COMMANDS.labels(name, "refused").inc()
    raise problem from refused


async def run(
    executor: Executor, command: Command, cause: Cause, key: str, body: bytes, parent: str | None = None
) -> Response:
    """Run a command of the API and answer with its outcome, or with the problem that its rule makes.

    `parent` is the caller's traceparent: a program's call joins the program's trace.
    """
    name = wire_type(type(command), executor.service.name)
    with refused_as_problems(name, cause.expected_version):
        with telemetry.span(f"execute {name}", SpanKind.SERVER, None, telemetry.context_of(parent)):
            act = discard.run if isinstance(command, DiscardCommand) else Executor.run
            outcome, repeated = await idempotency.once(executor, command, cause, key, body, act)
            telemetry.concern(outcome.correlation_id, outcome.stream_id)
            answer = _answer(outcome, repeated)  # in the span: it tells the caller which trace it is
        metrics.COMMANDS.labels(name, "repeated" if repeated else "done").inc()
        return answer


def _answer(outcome: Any, repeated: bool) -> Response:
    headers = {"ETag": f'"{outcome.version}"', "Trialwire-Correlation-Id": str(outcome.correlation_id)}
    if repeated:
        headers["Idempotent-Replay"] = "true"
    if parent := telemetry.traceparent():
        headers["traceparent"] = parent
    return JSONResponse(
        idempotency.response_of(outcome), 200 if repeated or not outcome.events else 201, headers
    )


def command_routes(service: Service) -> APIRouter:
    """The routes of all commands of a service."""
    router = APIRouter(prefix="/v1/commands", tags=["commands"])
    for type_, (contract, _) in service.commands.items():
        if contract.internal:
            continue
        name = type_.split(".")[1].replace("_", "-")
        router.add_api_route(
            f"/{name}",
            _endpoint(contract, type_.rpartition(".")[0]),
            methods=["POST"],
            operation_id=name,
            summary=(contract.__doc__ or name).strip().splitlines()[0],
            responses={
                201: {"description": "Done"},
                **described(400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 429, 503),
            },
            openapi_extra=_described(contract),
        )
    return router


def _endpoint(contract: type[Command], act: str) -> Any:
    async def endpoint(
        request: Request, asking: Annotated[Principal, Depends(identity.principal)]
    ) -> Response:
        actor = identity.permit(request, asking, act)
        key = key_of(request)
        bodies.refuse_other_than(request, bodies.JSON)
        body = await bodies.body_of(request)
        bodies.refuse_deeper(body)
        command = strict.parse(contract, body)
        signature = await request.app.state.identity.signature(request, asking, command, body)
        cause = cause_of(request, actor, asking.grants, signature)
        parent = request.headers.get("traceparent")
        return await run(request.app.state.executor, command, cause, key, body, parent)

    return endpoint


def definitions(service: Service) -> dict[str, Any]:
    """The schemas that the bodies of the commands refer to, by their name among the document's components."""
    return {
        f"{_PREFIX}{name}": schema
        for contract, _ in service.commands.values()
        if not contract.internal
        for name, schema in _schema(contract).get("$defs", {}).items()
    }


def _schema(contract: type[Command]) -> dict[str, Any]:
    return contract.model_json_schema(ref_template=f"#/components/schemas/{_PREFIX}{{model}}")


def _described(contract: type[Command]) -> dict[str, Any]:
    schema = _schema(contract)
    schema.pop("$defs", None)
    text = {"type": "string"}
    header = [("Idempotency-Key", True), ("If-Match", False)]
    if issubclass(contract, Signed):
        header.append(("Trialwire-Reauthentication", True))
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "parameters": [{"in": "header", "name": n, "required": r, "schema": text} for n, r in header],
    }
