"""Subcommands that services register as entry points of `trialwire.commands`, loaded when asked for."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from shared.stack.faults import StackError

GROUP = "trialwire.commands"


class CommandsOfServices(TyperGroup):
    """A command group that knows the names of all commands, and imports a service only to run its own."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *sorted(registered())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        entry = registered().get(cmd_name)
        return _loaded(entry) if entry else None


def registered() -> dict[str, EntryPoint]:
    """Every registered command by name."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _loaded(entry: EntryPoint) -> Any:
    """A typer app becomes a group of that name, a function a single command."""
    try:
        found = entry.load()
    except ImportError as error:
        raise StackError(
            f"The command {entry.name} ({entry.value}) cannot be loaded: {error}.",
            "Install the project's requirements again.",
        ) from error
    if not isinstance(found, typer.Typer):
        single = typer.Typer(add_completion=False)
        single.command(name=entry.name)(found)
        found = single
    command = get_command(found)
    command.name = entry.name
    return command
