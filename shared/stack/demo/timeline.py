"""The live timeline: a line an event, with its service, what caused it, and its clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.markup import escape

from shared.stack.demo.watch import Seen

_COLOURS = {"trials": "cyan", "regulatory": "yellow", "safety": "red", "retrieval": "green"}
_UNITS = {"calendar": "d", "working": "working d"}
Data = Mapping[str, Any]


def _clock(data: Data) -> str:
    clock = data["clock"]
    counted = f"{clock['anchor']} {clock['anchor_on']} + {clock['days']} {_UNITS[clock['basis']]}"
    provisional = ", provisional" if data.get("provisional") else ""
    return f"due {clock['due_on']} = {counted}{provisional} [{clock['citation']}]"


def _valid(data: Data) -> str:
    return f"{data['gate']} until {data.get('valid_to', 'further notice')}"


DETAILS: dict[str, Callable[[Data], str]] = {
    "deadline.armed": _clock,
    "deadline.at_risk": lambda d: f"due {d['due_on']}, {d['days_left']} d left",
    "deadline.met": lambda d: f"{d['code']} met {d['met_on']}, was due {d['due_on']}",
    "deadline.met_late": lambda d: f"{d['code']} {d['days_late']} d late",
    "deadline.superseded": lambda d: f"{d['code']}: {d['reason']}",
    "deadline.cancelled": lambda d: f"{d['code']}: {d['reason']}",
    "irb.approved": lambda d: f"valid {d['effective_on']} to {d['expires_on']}, the last day included",
    "ind.received": lambda d: f"received {d['receipt_on']}, day 30 is {d['review_ends_on']}",
    "ind.in_effect": lambda d: f"from {d['effective_on']}",
    "site.gate_satisfied": _valid,
    "site.gate_evidence_recorded": _valid,
    "site.feasibility_completed": lambda d: f"score {d['score']:.1f} of 100, {d['covered']:.0%} of it known",
    "site.suspended": lambda d: f"by {len(d.get('holds', ()))} holds, {len(d.get('gates', ()))} lost gates",
    "site.resumed": lambda d: f"goes on as {d['status']}",
    "protocol.version_effective": lambda d: f"version {d['version']} from {d['effective_on']}",
    "programme.phase_changed": lambda d: f"{d['before']} → {d['after']}",
    "hold.applied": lambda d: f"{d['source']} on the {d['scope_kind']}: {', '.join(d['effects'])}",
    "kri.breached": lambda d: f"{d['found']['kri']} is {d['found']['value']:g}: {d['level']}",
    "monitoring_visit.scheduled": lambda d: f"{d['kind']}, by {d['planned_on']}",
    "trial.status_changed": lambda d: f"{d['before']} → {d['after']}",
    "subject.enrolled": lambda d: str(d["subject_code"]),
    "ae.received": lambda d: f"day 0 is {d['received_on']}, {d['zone']}",
    "case.opened": lambda d: f"{len(d.get('clocks', ()))} clocks run, nobody has signed yet",
    "case.assessed": lambda d: f"determined {d['determination_on']}, version {d['version']}",
    "case.reportable": lambda d: f"{len(d['obligations'])} {d['kind']} reports owed",
    "case.version_created": lambda d: f"version {d['version']}, new information {d['new_info_on']}",
    "case.new_information_received": lambda d: f"review due {d['review']['due_on']}",
    "report.opened": lambda d: (
        f"{d['obligation_code']} to {d['destination']}: {d['legal_due']} by law, "
        f"{d['operational_due']} for operations"
    ),
    "followup.requested": lambda d: f"{d['priority']}; reports due from {d['operational_due']}",
    "request.opened": lambda d: f"{d['priority']}, needed by {d['needed_by']}",
    "legal_basis.verified": lambda d: f"{d['basis']} [{d['citation']}]",
    "records.received": lambda d: f"day 0 of the new information is {d['received_on']}; {d['pages']} pages",
    "request.completed": lambda d: f"{d['outcome']} after {d['days_gross']} d",
    "safety_report.filed": lambda d: f"{d['obligation_code']} to {d['destination']} on {d['filed_on']}",
    "safety_report.acknowledged": lambda d: f"received there on {d['receipt_on']}",
    "particulars.recorded": lambda d: f"{d['kind']}; what it says is in the vault alone",
    "document.stored": lambda d: f"{d['kind']}, {d['size']} bytes",
    "document.read": lambda d: f"for {d['purpose']}",
    "command.refused": lambda d: f"{d['command_type']}: {d['rule']}, {d['detail']}",
}


class Timeline:
    """Prints one correlation as it happens; with `quiet` only the headings, on the error stream."""

    def __init__(self, quiet: bool) -> None:
        self.correlation: UUID | None = None
        self.known: Mapping[UUID, Seen] = {}
        self._quiet = quiet
        self._out = Console(stderr=quiet, highlight=False, soft_wrap=True)
        self._began = time.monotonic()

    def say(self, line: str) -> None:
        """A line of the demonstration itself."""
        self._out.print(escape(line))

    def heading(self, title: str) -> None:
        """What is about to be done, and when, in seconds since the beginning."""
        self._out.print(f"\n[bold]{time.monotonic() - self._began:6.1f} s  {escape(title)}[/bold]")

    def follow(self, correlation: UUID, before: Iterable[Seen]) -> None:
        """Show this correlation from now on, and what was seen of it before."""
        self.correlation = correlation
        for seen in before:
            self.tell(seen)

    def tell(self, seen: Seen) -> None:
        """One event of the correlation."""
        if self._quiet or seen.correlation != self.correlation:
            return
        name = short(seen.type)
        parts = (
            f"{seen.at.astimezone():%H:%M:%S.%f}"[:-3],
            f"[{_COLOURS.get(seen.service, 'white')}]{seen.service:<10}[/]",
            f"{name:<30}",
            f"[dim]{escape(f'← {self.cause_of(seen)}'):<34}[/dim]",
            escape(details(name, seen.data)),
        )
        self._out.print(" ".join(parts).rstrip())

    def cause_of(self, seen: Seen) -> str:
        """The event that caused it; where none did, who acted."""
        if seen.cause is None:
            return seen.actor.partition(":")[0]
        cause = self.known.get(seen.cause)
        return f"{cause.service} {short(cause.type)}" if cause else "an earlier event"


def short(type_: str) -> str:
    """A type without its service and version."""
    return type_.partition(".")[2].rpartition(".v")[0]


def details(name: str, data: Data) -> str:
    """Clock or substance of an event in a few words; empty where its name says it all."""
    return DETAILS[name](data) if name in DETAILS else ""
