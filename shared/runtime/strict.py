"""Commands read strictly: which field breaks which rule, never the content."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


class InvalidError(Exception):
    """A command that cannot be taken; `rule` is for programs, `errors` are (JSON Pointer, text) pairs."""

    def __init__(self, rule: str, detail: str, errors: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(f"{rule}: {detail}" + "".join(f"; {pointer} {text}" for pointer, text in errors))
        self.rule, self.detail, self.errors = rule, detail, errors


def parse(contract: type[M], body: bytes) -> M:
    """Read a command, or another model, strictly; InvalidError names each field at fault."""
    try:
        command = contract.model_validate_json(body, strict=True)
    except ValidationError as fault:
        raise invalid(fault) from None
    if b"\\u0000" in body and (pointer := _nul(command.model_dump(mode="json"), "")):
        raise InvalidError("invalid", "text must not contain NUL", [(pointer, "contains NUL")])
    return command


def invalid(fault: ValidationError) -> InvalidError:
    """What is wrong with a body, field by field."""
    found = fault.errors(include_input=False, include_context=False, include_url=False)
    if found and found[0]["type"] == "json_invalid":
        return InvalidError("malformed", "the body is not JSON")
    # The name of a field that nobody knows is the sender's own text: its place is told, the name is not.
    places = [e["loc"][:-1] if e["type"] == "extra_forbidden" else e["loc"] for e in found[:50]]
    errors = [
        ("/" + "/".join(map(str, place)), str(e["msg"])) for place, e in zip(places, found, strict=False)
    ]
    return InvalidError("invalid", f"{len(found)} field(s) break a rule", errors)


def _nul(value: Any, at: str) -> str | None:
    """The JSON Pointer of the first text with a NUL, which no Postgres text can hold."""
    if isinstance(value, str):
        return at if "\0" in value else None
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return next((found for k, v in items if (found := _nul(v, f"{at}/{k}"))), None)
