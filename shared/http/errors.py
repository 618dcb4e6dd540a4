"""Every error of an application leaves as problem+json."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from shared.http.problems import ProblemError, problem_of
from shared.runtime import strict
from shared.runtime.database import TRANSIENT, UNSTORABLE


def add_problem_handlers(app: FastAPI) -> None:
    """A handler for each kind of error: ours, wrong parameters, the database's, and what nobody foresaw."""

    async def problem(_: Request, fault: Any) -> Response:
        return fault.response()  # type: ignore[no-any-return]

    async def unexpected(_: Request, fault: Exception) -> Response:
        return ProblemError(500, "internal", type(fault).__name__).response()

    async def invalid(_: Request, fault: Any) -> Response:
        return problem_of(fault).response()

    async def parameters(_: Request, fault: Any) -> Response:
        errors = [("/" + "/".join(map(str, e["loc"])), str(e["msg"])) for e in fault.errors()]
        return ProblemError(422, "invalid", "a parameter breaks a rule", errors=errors).response()

    async def http(_: Request, fault: Any) -> Response:
        rule = HTTPStatus(fault.status_code).phrase.lower().replace(" ", "-")
        answer = ProblemError(fault.status_code, rule, f"{fault.detail}").response()
        answer.headers.update(fault.headers or {})
        return answer

    async def unavailable(_: Request, fault: Exception) -> Response:
        return ProblemError(503, "unavailable", f"the database: {type(fault).__name__}").response()

    async def unstorable(_: Request, fault: Exception) -> Response:
        return ProblemError(422, "unstorable", "a value that the database cannot hold").response()

    async def cut_off(_: Request, fault: Exception) -> Response:
        return ProblemError(400, "cut-off", "the body ended before its end").response()

    for transient in TRANSIENT:
        app.add_exception_handler(transient, unavailable)
    for refused in UNSTORABLE:
        app.add_exception_handler(refused, unstorable)
    app.add_exception_handler(ClientDisconnect, cut_off)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(ProblemError, problem)
    app.add_exception_handler(strict.InvalidError, invalid)
    app.add_exception_handler(RequestValidationError, parameters)
    app.add_exception_handler(Exception, unexpected)
