"""`trialwire match`: a site's candidates against the criteria of a trial."""

import json
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from shared.stack.client import LOCAL, WRONG_USE, Json, call, emit, fail, table


def match(
    trial: Annotated[UUID, typer.Option(help="The trial.")],
    site: Annotated[UUID, typer.Option(help="The site whose candidates they are.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help='{"candidates": [{"code", "attributes"}, …]}')],
    as_json: Json = False,
) -> None:
    """Hold candidates against a trial's criteria and show each verdict; nothing of them is kept."""
    try:
        body = file.read_bytes()
        json.loads(body)
    except (OSError, ValueError) as fault:
        fail(f"{file}: {fault}", WRONG_USE)
    path, kind = f"/v1/matching?trial={trial}&site={site}", {"Content-Type": "application/json"}
    found = call("trials", "POST", path, LOCAL, content=body, headers=kind)
    if as_json:
        emit(found)
        return
    rows = [
        {
            "candidate": one["candidate"],
            "outcome": one["outcome"],
            "fails": ", ".join(v["criterion"] for v in one["verdicts"] if v["passes"] is False),
            "unknown": ", ".join(
                f"{v['criterion']} ({v['reason']})" for v in one["verdicts"] if v["passes"] is None
            ),
        }
        for one in found["matches"]
    ]
    table(rows, ("candidate", "outcome", "fails", "unknown"))
