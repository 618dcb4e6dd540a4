"""Writes docs/events, a JSON Schema for each event type, docs/roles.md, who may do what, docs/states.md."""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from docs import states
from shared import contracts
from shared.contracts.message import Event, types_of
from shared.rules.roles import roles
from shared.rules.vault_commands import ACTS
from shared.runtime.service import Service

FOLDER = Path(__file__).parent / "events"
ROLES = Path(__file__).parent / "roles.md"
NOT_A_SERVICE = {"message", "deadline", "parked", "vault"}


def released() -> dict[str, type[Event]]:
    """Every event type of every contract, by its name on the wire."""
    return {name: event for service in services() for name, event in sorted(events_of(service).items())}


def services() -> list[str]:
    """The services that have a contract."""
    names = (module.name for module in pkgutil.iter_modules(contracts.__path__))
    return sorted(name for name in names if name not in NOT_A_SERVICE)


def events_of(service: str) -> Mapping[str, type[Event]]:
    """One service's event types; its contract module names their union `<Service>Event`."""
    module = importlib.import_module(f"shared.contracts.{service}")
    return types_of(getattr(module, f"{service.title()}Event"), service)


def schema(name: str, event: type[Event]) -> str:
    """What a reader may rely on: fields with a default may be missing, unknown ones may be there."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:trialwire:event:{name}",
        **event.model_json_schema(mode="validation"),
        "title": name,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def files() -> Iterator[tuple[str, str]]:
    """The name and text of each file of docs/events."""
    for name, event in released().items():
        yield f"{name}.json", schema(name, event)
    yield "README.md", catalogue()


def catalogue() -> str:
    """The list of all event types with what each one says happened."""
    lines = [
        "# Events",
        "",
        "Written by `make docs` from `shared/contracts`; each name links to its JSON Schema.",
    ]
    for service in services():
        lines += ["", f"## {service}.events", "", "| type | what happened |", "| --- | --- |"]
        lines += [
            f"| [{name}]({name}.json) | {_first_sentence(event)} |"
            for name, event in sorted(events_of(service).items())
        ]
    return "\n".join(lines) + "\n"


def access() -> str:
    """Each command with the roles that may give it, and each role with the pages that it may open."""
    trade = {name: role for name, role in roles().items() if not role.development}
    lines = [
        "# Who may do what",
        "",
        "Written by `make docs` from `shared/rules/roles.toml`. What is not named here is denied.",
    ]
    for name in services():
        service: Service = importlib.import_module(f"services.{name}.handlers").SERVICE
        lines += ["", f"## Commands of {name}", "", "| command | roles |", "| --- | --- |"]
        acts = [
            type_.rpartition(".")[0]
            for type_, (command, _) in service.commands.items()
            if not command.internal
        ]
        if "vault" in service.aggregate_of:
            acts += [f"{name}.{act}" for act in ACTS]
        for act in sorted(acts):
            may = ", ".join(known for known, role in trade.items() if role.may_give(act))
            lines.append(f"| {act.partition('.')[2].replace('_', '-')} | {may} |")
    lines += ["", "## Roles", "", "| role | is | reads | nobody has it beside |", "| --- | --- | --- | --- |"]
    for name, role in trade.items():
        apart = {*role.never_with, *(other for other, known in trade.items() if name in known.never_with)}
        reads = ", ".join(role.reads) + ("; there also what is restricted" if role.restricted else "")
        row = (name, role.title, reads or "-", ", ".join(sorted(apart)) or "-")
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def write() -> None:
    """Bring the generated pages in line with the code; schemas of types that are gone go too."""
    states.write()
    ROLES.write_text(access(), encoding="utf-8")
    texts = dict(files())
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def _first_sentence(event: type[Event]) -> str:
    paragraph = (inspect.getdoc(event) or "").split("\n\n")[0]
    return " ".join(paragraph.split()).replace("|", "\\|")


if __name__ == "__main__":
    write()
