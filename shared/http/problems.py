"""Errors as RFC 9457 problem details: which field, which rule, never the content."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import JSONResponse

from shared.runtime.strict import InvalidError

_MEANING = {
    400: "Malformed body, header or cursor",
    401: "No identity",
    403: "Not for this role",
    404: "Unknown trial, stream or id",
    408: "The body came too slowly",
    409: "Refused by a rule, or changed by others",
    412: "Not at the version of If-Match",
    413: "Body over its limit, or an event over 256 KiB",
    415: "A body of another media type, or compressed",
    422: "A field breaks a rule, or the key came with another body",
    500: "What the vault keeps is damaged",
    429: "Too many requests within a minute",
    503: "Too busy, or the database is not to be had: try again",
}
# 408 closes: what comes next on the connection is the rest of a body.
_HEADERS = {408: {"Connection": "close"}, 503: {"Retry-After": "5"}}


class ProblemError(Exception):
    """An answer of status 4xx, 500 or 503; `rule` is stable for programs, `detail` is for a person.

    `headers` are sent beside those that the status asks for.
    """

    def __init__(
        self,
        status: int,
        rule: str,
        detail: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(f"{rule}: {detail}")
        self.status = status
        self.headers = {**_HEADERS.get(status, {}), **(headers or {})}
        self.body: dict[str, Any] = {
            "type": f"urn:trialwire:problem:{rule}",
            "title": rule.replace("-", " "),
            "status": status,
            "detail": detail,
            **{name: value for name, value in more.items() if value is not None},
        }
        if errors:
            self.body["errors"] = [{"pointer": pointer, "detail": text} for pointer, text in errors]

    def response(self) -> JSONResponse:
        return JSONResponse(self.body, self.status, self.headers, media_type="application/problem+json")


def problem_of(fault: InvalidError) -> ProblemError:
    """400 for a body that is not JSON, 422 for one that breaks a rule."""
    return ProblemError(
        400 if fault.rule == "malformed" else 422, fault.rule, fault.detail, errors=fault.errors
    )


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What these statuses mean, for the OpenAPI document."""
    content: dict[str, Any] = {"application/problem+json": {}}
    return {status: {"description": _MEANING[status], "content": content} for status in statuses}
