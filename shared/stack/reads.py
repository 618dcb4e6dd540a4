"""`trialwire audit reads`: who read what, in every service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from shared.stack import client
from shared.stack.client import Json, Most
from shared.stack.databases import SERVICES
from shared.stack.parked import Service

_COLUMNS = ("at", "service", "actor", "roles", "path", "ids", "parameters", "request_id")
_Moment = Annotated[datetime | None, typer.Option(help="UTC, such as 2026-03-02T09:00:00.")]


def list_reads(
    id: Annotated[UUID | None, typer.Option(help="What was read: a trial, a case, a request …")] = None,
    actor: Annotated[str | None, typer.Option(help="Who read: the id of a person or machine.")] = None,
    since: _Moment = None,
    until: _Moment = None,
    service: Annotated[Service | None, typer.Option(help="Only of this service.")] = None,
    limit: Most = 200,
    as_json: Json = False,
) -> None:
    """List who read what, the latest first; as many of each service as `--limit` says."""
    asked = {"id": id, "actor": actor, "since": _utc(since), "until": _utc(until)}
    names = [service] if service else SERVICES
    found = {str(name): client.listed(name, "/v1/readings", limit, **asked) for name in names}
    if as_json:
        client.emit({"services": found})
        return
    items = [{"service": name, **row} for name, of in found.items() for row in of["items"]]
    items.sort(key=lambda row: datetime.fromisoformat(row["at"]), reverse=True)
    following = next((of["next"] for of in found.values() if of["next"]), None)
    client.show({"items": items, "next": following}, _COLUMNS, as_json)


def _utc(moment: datetime | None) -> str | None:
    return moment.replace(tzinfo=UTC).isoformat() if moment else None
