"""The command line's side of a service's API: address, exit codes, and answers as JSON or as a table."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NamedTuple, NoReturn

import httpx
import typer
from rich.console import Console
from rich.table import Table

from shared.stack import issuer
from shared.stack.home import Home
from shared.stack.state import load

FAILED, WRONG_USE, NOT_READY = 1, 2, 3
LOCAL = "developer:local"  # who asks on this stack, unless somebody is named
_PAGE = 1000
PROOF = "TRIALWIRE_PROOF_FILE"  # the second token, for a signed act
_PROVE = "insufficient_user_authentication"

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Most = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="Print no more than this many.")]
Key = Annotated[str | None, typer.Option(help="Idempotency key: repeat it to repeat safely.")]
Rows = Sequence[Mapping[str, Any]]


class Attempt(NamedTuple):
    """What a service answered: the HTTP status, and a JSON document."""

    status: int
    document: Any


def day(text: str) -> date:
    """An option that is a date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("is not a date like 2026-03-02") from None


def get(service: str, path: str, **asked: Any) -> Any:
    """What a service answers; parameters that are None are left out, a list repeats its name."""
    given = {name: value for name, value in asked.items() if value is not None}
    query = {name: value if isinstance(value, list) else str(value) for name, value in given.items()}
    return call(service, "GET", path, params=query)


def listed(service: str, path: str, most: int, **asked: Any) -> dict[str, Any]:
    """The first rows of a list, from as many pages as it takes; `next` tells whether there are more."""
    items: list[Any] = []
    after = None
    while len(items) < most:
        found = get(service, path, **asked, after=after, limit=min(most - len(items), _PAGE))
        items += found["items"]
        after = found.get("next")
        if after is None:
            break
    return {"items": items, "next": after}


def post(service: str, path: str, body: Mapping[str, Any], key: str, actor: str = LOCAL) -> Any:
    """What a service answers to a command; the same key runs it once. `actor` counts on this stack alone."""
    content = json.dumps(body).encode()
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    return call(service, "POST", path, actor, content=content, headers=headers)


def send(service: str, path: str, content: Iterator[bytes]) -> Any:
    """What a service answers to a stream of bytes, however long it takes."""
    octets = {"Content-Type": "application/octet-stream"}
    return call(
        service, "POST", path, content=content, headers=octets, timeout=httpx.Timeout(None, connect=10)
    )


def address(service: str) -> str:
    """Where the service listens: TRIALWIRE_<SERVICE>_URL, else what the running stack recorded."""
    named = os.environ.get(f"TRIALWIRE_{service.upper()}_URL")
    found = named or load(Home.at()).addresses.get(service)
    if not found:
        fail(f"{service} does not run; start it with `trialwire up`", NOT_READY)
    return found.rstrip("/")


def fail(message: str, code: int) -> NoReturn:
    """Say why on stderr and end with this exit code."""
    typer.echo(message, err=True)
    raise typer.Exit(code)


def emit(document: Any) -> None:
    """One JSON document on stdout."""
    typer.echo(json.dumps(document, ensure_ascii=False))


def show(found: Mapping[str, Any], columns: tuple[str, ...], as_json: bool) -> None:
    """A list as one JSON document, or as a table of these columns."""
    if as_json:
        emit(found)
        return
    table(found["items"], columns)
    if not found["items"]:
        typer.echo("nothing found", err=True)
    if found.get("next"):
        typer.echo("there are more: --limit", err=True)


def table(rows: Rows, columns: tuple[str, ...]) -> None:
    """Rows for a person; nothing where there are none."""
    if not rows:
        return
    shown = Table(*columns, box=None)
    for row in rows:
        shown.add_row(*("" if row.get(name) is None else str(row[name]) for name in columns))
    # A file or another program takes ids whole, however wide the table gets.
    width = None if sys.stdout.isatty() else 400
    Console(width=width, highlight=False, markup=False).print(shown)


def attempt(service: str, path: str, body: Mapping[str, Any], key: str, actor: str = LOCAL) -> Attempt:
    """As `post`, but a refusal is an answer too: its HTTP status and the document that came with it."""
    content = json.dumps(body).encode()
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    answer, found = _ask(service, "POST", path, actor, content=content, headers=headers)
    return Attempt(answer.status_code, found)


def call(service: str, method: str, path: str, actor: str = LOCAL, **request: Any) -> Any:
    """The JSON answer; exit 3 where the service does not answer, 2 where it was asked wrongly, else 1."""
    answer, found = _ask(service, method, path, actor, **request)
    if answer.is_error:
        wrong = answer.status_code in (400, 422)
        text = f"{service} says {answer.status_code}: {reason(found)}"
        body = request.get("content")
        if isinstance(body, bytes) and _PROVE in answer.headers.get("www-authenticate", ""):
            text += f" (a token whose nonce is {hashlib.sha256(body).hexdigest()}, in {PROOF})"
        fail(text, WRONG_USE if wrong else FAILED)
    return found


def _ask(service: str, method: str, path: str, actor: str, **request: Any) -> tuple[httpx.Response, Any]:
    """The answer and its JSON; exit 3 where there is no answer."""
    url, body = f"{address(service)}{path}", request.get("content")
    whole = body if isinstance(body, bytes) else None
    request["headers"] = identity(actor, whole) | request.get("headers", {})
    try:
        answer = httpx.request(method, url, **{"timeout": 10, "trust_env": False} | request)
        found = answer.json()
    except httpx.TransportError as fault:
        fail(f"{service} does not answer: {type(fault).__name__}", NOT_READY)
    except httpx.InvalidURL:
        fail(f"the address of {service} is none: see TRIALWIRE_{service.upper()}_URL", WRONG_USE)
    except ValueError:
        fail(f"{service} says {answer.status_code}, and no JSON: is it another program's port?", FAILED)
    return answer, found


def identity(actor: str, body: bytes | None) -> dict[str, str]:
    """Who asks: the bearer of the token in the file TRIALWIRE_TOKEN_FILE, else `role:id` on this stack."""
    if file := os.environ.get("TRIALWIRE_TOKEN_FILE"):
        given = {"Authorization": f"Bearer {Path(file).read_text(encoding='utf-8').strip()}"}
        if proof := os.environ.get(PROOF):
            given["Trialwire-Reauthentication"] = Path(proof).read_text(encoding="utf-8").strip()
        return given
    home = Home.at()
    if not issuer.jwks_file(home).exists():
        return {}  # the service will say what it thinks of that
    return issuer.EmbeddedIssuer.at(home).headers(actor, body)


def reason(problem: Any) -> str:
    """A problem document in a line: its detail, and each field at fault."""
    if not isinstance(problem, dict):
        return str(problem)[:300]
    faults = [f"{one['pointer']} {one['detail']}" for one in problem.get("errors", [])]
    return "; ".join([str(problem.get("detail", "")), *faults])[:1000]
