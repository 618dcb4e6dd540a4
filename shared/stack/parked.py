"""`trialwire parked`: events that a service could not apply, and what can be applied of them now."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, get_args
from uuid import UUID, uuid4

import typer

from shared.contracts.parked import ReasonCode
from shared.stack import client
from shared.stack.client import Json, Key, Most

app = typer.Typer(no_args_is_help=True, help="Events that could not be applied, and the streams they block.")


Reason = StrEnum("Reason", {code: code for code in get_args(ReasonCode)})  # type: ignore[misc]
Actor = Annotated[
    str, typer.Option("--as", metavar="ROLE:ID", help="Who acts; on this stack, whose issuer believes it.")
]


class Service(StrEnum):
    trials = "trials"
    regulatory = "regulatory"
    safety = "safety"
    retrieval = "retrieval"


_PLACE = ("service", "grp", "topic", "part", "offset", "stream_id", "version", "reason")
_WAITING = (*_PLACE, "discard_id", "reason_code", "proposed_by")


@app.command("list")
def list_parked(
    service: Annotated[Service | None, typer.Option(help="Only of this consumer.")] = None,
    most: Most = 100,
    as_json: Json = False,
) -> None:
    """List blocked streams, each with the first fault, and records that wait for a person; never content."""
    asked = [service] if service else list(Service)
    found = [(name, client.get(name, "/v1/parked", limit=min(most, 500))) for name in asked]
    if as_json:
        client.emit({name: parked for name, parked in found})
        return
    rows = [{"service": name, **row} for name, parked in found for row in parked["blocked"]]
    columns = ("service", "grp", "stream_id", "version", "reason", "detail", "at")
    client.show({"items": rows}, columns, as_json=False)
    waiting = [
        {"service": name, **row}
        for name, parked in found
        for row in parked["parked"]
        if row["discard_id"] or row["stream_id"] is None
    ]
    client.table(waiting, _WAITING)


@app.command("replay")
def replay(
    service: Annotated[Service, typer.Argument(help="The consumer whose stream is blocked.")],
    group: Annotated[str, typer.Argument(help="Its consumer group, such as safety.trials.")],
    stream: Annotated[UUID, typer.Argument(help="The blocked stream.")],
) -> None:
    """Apply what waits of a stream, as far as it goes now; it stays blocked where something is left."""
    answer = client.post(service, f"/v1/parked/{group}/{stream}/replay", {}, key=f"replay-{stream}")
    typer.echo(f"replayed {answer['replayed']}")


@app.command("discard")
def discard(
    service: Annotated[Service, typer.Argument(help="The consumer whose stream is blocked.")],
    group: Annotated[str, typer.Argument(help="Its consumer group, such as safety.trials.")],
    reason: Annotated[Reason, typer.Option(help="Why it can never be applied.")],
    stream: Annotated[UUID | None, typer.Argument(help="The blocked stream.")] = None,
    version: Annotated[int | None, typer.Argument(min=1, help="The version that it waits for.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TOPIC/PARTITION/OFFSET", help="A record without stream or version.")
    ] = None,
    meaning: Annotated[
        str, typer.Option(help="What the signature means.")
    ] = "proposes to discard the record",
    actor: Actor = "developer:local",
    key: Key = None,
) -> None:
    """Propose to discard the record that a stream waits for; prints the id that another person confirms."""
    body = {"group": group, "record": _named(stream, version, at), "reason_code": reason, "meaning": meaning}
    answer = client.post(service, "/v1/commands/propose-discard", body, key or str(uuid4()), actor)
    typer.echo(f"proposed {answer['stream_id']}")


@app.command("confirm")
def confirm(
    service: Annotated[Service, typer.Argument(help="The consumer whose stream is blocked.")],
    discard_id: Annotated[UUID, typer.Argument(help="What `discard` printed; `list` shows it too.")],
    meaning: Annotated[str, typer.Option(help="What the signature means.")] = "confirms that it is discarded",
    actor: Actor = "developer:local",
    key: Key = None,
) -> None:
    """Confirm what another person proposed: the record is set aside, and what waits behind it is applied."""
    body = {"discard_id": str(discard_id), "meaning": meaning}
    client.post(service, "/v1/commands/confirm-discard", body, key or str(uuid4()), actor)
    typer.echo(f"discarded {discard_id}")


@app.command("withdraw")
def withdraw(
    service: Annotated[Service, typer.Argument(help="The consumer whose stream is blocked.")],
    discard_id: Annotated[UUID, typer.Argument(help="What `discard` printed.")],
    actor: Actor = "developer:local",
    key: Key = None,
) -> None:
    """Take a proposal back."""
    body = {"discard_id": str(discard_id)}
    client.post(service, "/v1/commands/withdraw-discard", body, key or str(uuid4()), actor)
    typer.echo(f"withdrawn {discard_id}")


def _named(stream: UUID | None, version: int | None, at: str | None) -> dict[str, object]:
    """The record by its place in its stream, or on its topic."""
    if stream and version and at is None:
        return {"stream_id": str(stream), "version": version}
    topic, _, place = (at or "").partition("/")
    partition, _, offset = place.partition("/")
    if stream or not (partition.isdecimal() and offset.isdecimal()):
        raise typer.BadParameter("name STREAM and VERSION, or else --at TOPIC/PARTITION/OFFSET")
    return {"topic": topic, "partition": int(partition), "offset": int(offset)}
