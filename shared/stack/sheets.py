"""The command line's side of a list as CSV: as it comes, to a file or to stdout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from shared.stack import client


def export(service: str, path: str, file: Path | None, **asked: Any) -> int:
    """Write the whole list to the file, or to stdout, and answer with its bytes.

    A file is there only when it is whole.
    """
    query = {name: str(value) for name, value in asked.items() if value is not None} | {"format": "csv"}
    url, who = f"{client.address(service)}{path}", client.identity(client.LOCAL, None)
    part = file and file.with_name(f"{file.name}.part")
    try:
        with httpx.stream("GET", url, params=query, headers=who, timeout=60, trust_env=False) as answer:
            if answer.is_error:
                answer.read()
                wrong = answer.status_code in (400, 422)
                text = f"{service} says {answer.status_code}: {client.reason(answer.json())}"
                client.fail(text, client.WRONG_USE if wrong else client.FAILED)
            if not part:
                return _written(answer, sys.stdout.buffer)
            with part.open("wb") as out:
                size = _written(answer, out)
    except httpx.TransportError as fault:
        if part:
            part.unlink(missing_ok=True)
        client.fail(f"{service} does not answer: {type(fault).__name__}", client.NOT_READY)
    except ValueError:
        client.fail(f"{service} answers with no JSON: is it another program's port?", client.FAILED)
    part.replace(str(file))
    return size


def _written(answer: httpx.Response, out: BinaryIO) -> int:
    return sum(out.write(chunk) for chunk in answer.iter_bytes())
