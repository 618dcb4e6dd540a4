"""Errors as RFC 9457 problem details: which field, which rule, never the content."""

from collections.abc import Sequence
from typing import Any

from fastapi.responses import JSONResponse

from shared.runtime.strict import InvalidError


class ProblemError(Exception):
    """An answer of status 4xx or 503; `rule` is stable for programs, `detail` is for a person."""

    def __init__(
        self, status: int, rule: str, detail: str, *, errors: Sequence[tuple[str, str]] = (), **more: Any
    ) -> None:
        super().__init__(f"{rule}: {detail}")
        self.status = status
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
        headers = {"Retry-After": "5"} if self.status == 503 else None
        return JSONResponse(self.body, self.status, headers, media_type="application/problem+json")


def problem_of(fault: InvalidError) -> ProblemError:
    """400 for a body that is not JSON, 422 for one that breaks a rule."""
    return ProblemError(
        400 if fault.rule == "malformed" else 422, fault.rule, fault.detail, errors=fault.errors
    )
