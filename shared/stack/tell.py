"""`trialwire tell`: any command of any service, by the document that its API gives of itself."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from shared.rules.roles import roles
from shared.stack import client
from shared.stack.client import LOCAL, WRONG_USE, Json, Key
from shared.stack.fields import Fields, WrongFieldError, alike
from shared.stack.parked import Service

_PATH = "/v1/commands/"
Actor = Annotated[
    str, typer.Option("--as", metavar="ROLE:ID", help="Who acts; on this stack, whose issuer believes it.")
]


def tell(
    service: Annotated[Service, typer.Argument(help="Whose command it is.")],
    command: Annotated[str | None, typer.Argument(help="Its name, such as activate-site.")] = None,
    given: Annotated[
        list[str] | None,
        typer.Argument(metavar="FIELD=VALUE…", help="A part of a field as FIELD.PART; repeat it for a list."),
    ] = None,
    file: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="The body, or part of it, as JSON; - is stdin.")
    ] = None,
    key: Key = None,
    actor: Actor = LOCAL,
    listing: Annotated[bool, typer.Option("--list", help="List the commands that ROLE may give.")] = False,
    help_fields: Annotated[bool, typer.Option("--help-fields", help="Show the command's fields.")] = False,
    as_json: Json = False,
) -> None:
    """Give any command to a service, and print the events that it caused.

    A signed act takes `meaning`, what the signature means.
    """
    document = client.get(service, "/openapi.json")
    known = {path.removeprefix(_PATH): at["post"] for path, at in document["paths"].items() if _is(path)}
    if listing:
        held = _roles(actor)
        allowed = [_row(name, known[name]) for name in sorted(known) if _may(held, service, name)]
        client.show({"items": allowed}, ("command", "does"), as_json)
        return
    if command is None:
        client.fail(f"name a command: `trialwire tell {service} --list` lists them", WRONG_USE)
    name = command.replace("_", "-")
    if name not in known:
        client.fail(f"{service} has no command {command}{alike(name, known)}", WRONG_USE)
    schema = known[name]["requestBody"]["content"]["application/json"]["schema"]
    fields = Fields(schema, document.get("components", {}).get("schemas", {}))
    if help_fields:
        client.show({"items": fields.described()}, ("field", "type", "required", "about"), as_json)
        return
    try:
        body = fields.body(_read(file), given or [])
    except WrongFieldError as fault:
        client.fail(f"{name}: {fault}", WRONG_USE)
    answer = client.post(service, f"{_PATH}{name}", body, key or str(uuid4()), actor)
    if as_json:
        client.emit(answer)
        return
    typer.echo(f"stream {answer['stream_id']} version {answer['version']}")
    for event in answer["events"]:
        typer.echo(event["type"])
    if not answer["events"]:
        typer.echo("nothing changed: it was done before", err=True)


def _is(path: str) -> bool:
    return path.startswith(_PATH)


def _row(name: str, operation: dict[str, Any]) -> dict[str, str]:
    return {"command": name, "does": operation.get("summary", "")}


def _roles(actor: str) -> list[str]:
    """The roles of whoever asks: those that their token names, else the one of `role:id`."""
    if file := os.environ.get("TRIALWIRE_TOKEN_FILE"):
        try:
            claims = Path(file).read_text(encoding="utf-8").split(".")[1]
            # Read for this list alone: what the token is worth, the service says.
            return list(json.loads(base64.urlsafe_b64decode(f"{claims}==="))["trialwire"]["roles"])
        except (OSError, LookupError, TypeError, ValueError):
            client.fail("the token names no roles: a machine's secret does not", WRONG_USE)
    name = actor.partition(":")[0]
    if name not in roles():
        client.fail(f"there is no role {name}{alike(name, roles())}", WRONG_USE)
    return [name]


def _may(held: list[str], service: str, name: str) -> bool:
    act = f"{service}.{name.replace('-', '_')}"
    return any(role in roles() and roles()[role].may_give(act) for role in held)


def _read(file: str | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        body = json.loads(text)
    except (OSError, ValueError) as fault:
        client.fail(f"{file} cannot be read as JSON: {fault}", WRONG_USE)
    if not isinstance(body, dict):
        client.fail(f"{file} holds no JSON object", WRONG_USE)
    return body
