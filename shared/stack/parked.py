"""`trialwire parked`: events that a service could not apply, and what can be applied of them now."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from shared.stack import client
from shared.stack.client import Json, Most

app = typer.Typer(no_args_is_help=True, help="Events that could not be applied, and the streams they block.")


class Service(StrEnum):
    trials = "trials"
    regulatory = "regulatory"
    safety = "safety"
    retrieval = "retrieval"


@app.command("list")
def list_parked(
    service: Annotated[Service | None, typer.Option(help="Only of this consumer.")] = None,
    most: Most = 100,
    as_json: Json = False,
) -> None:
    """List blocked streams, each with the first fault; their content is never shown."""
    asked = [service] if service else list(Service)
    found = [(name, client.get(name, "/v1/parked", limit=min(most, 500))) for name in asked]
    if as_json:
        client.emit({name: parked for name, parked in found})
        return
    rows = [{"service": name, **row} for name, parked in found for row in parked["blocked"]]
    columns = ("service", "grp", "stream_id", "version", "reason", "detail", "at")
    client.show({"items": rows}, columns, as_json=False)


@app.command("replay")
def replay(
    service: Annotated[Service, typer.Argument(help="The consumer whose stream is blocked.")],
    group: Annotated[str, typer.Argument(help="Its consumer group, such as safety.trials.")],
    stream: Annotated[UUID, typer.Argument(help="The blocked stream.")],
) -> None:
    """Apply what waits of a stream, as far as it goes now; it stays blocked where something is left."""
    answer = client.post(service, f"/v1/parked/{group}/{stream}/replay", {}, key=f"replay-{stream}")
    typer.echo(f"replayed {answer['replayed']}")
