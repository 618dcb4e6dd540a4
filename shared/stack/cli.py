"""The command `trialwire`: the stack's own subcommands, and those that services register."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from shared.stack import clock, tell, tokens
from shared.stack import status as stack_status
from shared.stack.faults import StackError
from shared.stack.home import Home
from shared.stack.plugins import CommandsOfServices

app = typer.Typer(
    cls=CommandsOfServices, no_args_is_help=True, pretty_exceptions_enable=False,
    help="Trialwire: the event backbone of clinical trial operations.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong use, 3 not ready. Data on stdout, progress on stderr.",
)  # fmt: skip
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
app.add_typer(clock.app, name="clock")
app.command()(tokens.token)
app.command()(tokens.machine)
app.command()(tell.tell)
_MARK = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


class Part(StrEnum):
    stack = "stack"
    all = "all"


def _say(line: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(line, markup=False)


@app.command()
def up(
    only: Annotated[
        Part, typer.Option(help="`stack`: Kafka, Postgres and traces without the services.")
    ] = Part.all,
    traces: Annotated[bool, typer.Option(help="Start Zipkin and the bridge that feeds it.")] = True,
    as_json: Json = False,
) -> None:
    """Start what does not run yet, and wait until all of it is ready."""
    from shared.stack.api import start_stack

    home = Home.at()
    _say(f"Trialwire in {home.root}")
    if simulated := clock.banner(home):
        _say(simulated)
    start_stack(home, only_stack=only is Part.stack, traces=traces, say=_say)
    _print(stack_status.report(home), as_json)


@app.command()
def down() -> None:
    """Stop what runs; data and ports stay for the next `up`."""
    from shared.stack.api import stop_stack

    if not stop_stack(Home.at(), _say):
        _say("nothing was running")


@app.command()
def status(as_json: Json = False) -> None:
    """Say what runs and where; exit code 3 when anything is missing or not ready."""
    report = stack_status.report(Home.at())
    _print(report, as_json)
    if not report["ready"]:
        raise typer.Exit(3)


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Stop the stack and remove its data; downloads stay."""
    from shared.stack.api import reset_stack

    home = Home.at()
    if not yes:
        typer.confirm(f"Remove all data in {home.root}?", abort=True, err=True)
    reset_stack(home, _say)


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave all of it running.")] = False,
    as_json: Json = False,
) -> None:
    """Play the whole story live, in a stack of its own: the main job."""
    from shared.stack.demo.command import run

    raise typer.Exit(run(keep, as_json))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Name each fault of this machine or stack, and its cure; exit code 1 when there is one."""
    from dataclasses import asdict

    from shared.stack.doctor import examine

    findings = examine(Home.at())
    faults = sum(finding.level == "fail" for finding in findings)
    if as_json:
        _emit({"faults": faults, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            cure = f"\n                   {finding.cure}" if finding.cure else ""
            typer.echo(f"{_MARK[finding.level]}  {finding.check:<11}  {finding.found}{cure}")
    if faults:
        raise typer.Exit(1)


def _print(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        _emit(report)
        return
    for row in report["processes"]:
        state = "ready" if row["ready"] else "not ready" if row["alive"] else "ended"
        typer.echo(f"{row['name']:<12} {state:<10} {row['address']:<28} pid {row['pid']:<8} {row['log']}")
    if not report["processes"]:
        _say("nothing runs; `trialwire up` starts it")


def _emit(document: dict[str, Any]) -> None:
    import json

    typer.echo(json.dumps(document, indent=2, sort_keys=True))


def main() -> None:
    """Run a command; a fault of the stack is two lines for people, not a traceback."""
    try:
        app()
    except StackError as error:
        _say(f"{error.cause}\n{error.cure}")
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk, a folder taken away
        _say(f"{error}\n`trialwire doctor` may name the cause.")
        sys.exit(1)
    except KeyboardInterrupt:
        _say("interrupted; what has started keeps running: `trialwire status`, `trialwire down`")
        sys.exit(1)


if __name__ == "__main__":
    main()
