"""Importing a study of USDM: the trial is registered, its versions drafted, their designs recorded."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from anyio import to_thread
from pydantic import BaseModel, ValidationError

from services.trials.commands.design import RecordDesign
from services.trials.commands.matching import RecordCriteria
from services.trials.commands.protocol import DraftProtocolVersion
from services.trials.commands.trial import RegisterTrial
from services.trials.imports.usdm.design import UnsaidError, fields_of
from services.trials.imports.usdm.study import (
    criteria,
    dated_on,
    drafted,
    not_taken,
    registration,
    structured,
)
from services.trials.imports.usdm.words import Part, part, parts
from services.trials.rules import NAMESPACE
from shared.contracts.message import Actor, Command
from shared.contracts.trials.design import Assignment
from shared.contracts.trials.trial import Route
from shared.rules.grants import Grants
from shared.runtime.cause import Cause, RefusedError
from shared.runtime.database import UNSTORABLE
from shared.runtime.execute import Executor
from shared.runtime.names import UnknownTrialError
from shared.runtime.store import ConflictError, ForeignStreamError, TooLargeError

IMPORTED = ("application/json", "application/octet-stream")
LIMIT = 32 * 1024 * 1024  # bytes; the published examples have one megabyte


@dataclass(frozen=True)
class Options:
    """What the sender says beside the file: a trial known here, and what the file has no place for."""

    trial_id: UUID | None = None
    route: Route = "other"
    assignment: Assignment | None = None


class RejectedPart(BaseModel):
    """A part of the study that was not imported, the field and rule at fault, and why."""

    part: str
    field: str | None
    rule: str
    reason: str


class UsdmSummary(BaseModel):
    """What became of the study: `imported` and `unchanged` count its parts, `criteria` those in words.

    `not_taken`: what the file has and this system does not keep, by its name there.
    """

    trial_id: UUID | None = None
    imported: int = 0
    unchanged: int = 0
    rejected: list[RejectedPart] = []
    criteria: dict[str, int] = {}
    not_taken: dict[str, int] = {}


async def import_usdm(
    executor: Executor, content: bytes, options: Options, actor: Actor, grants: Grants
) -> UsdmSummary:
    """Record the study of the document; a part that is refused costs those that rest on it."""
    summary = UsdmSummary()
    study = await to_thread.run_sync(_study, content, summary)
    # Ordered by their days, as each amends the one before it.
    versions = sorted(parts(study, "versions"), key=lambda version: str(dated_on(study, version) or "9999"))
    if not versions:
        if not summary.rejected:
            _reject(summary, "study", "versions", "usdm.missing", "the study has no version")
        return summary
    run = _Run(executor, summary, Cause(actor, grants=grants))
    latest, left = versions[-1], Counter[str]()
    summary.trial_id = options.trial_id or await _registered(run, latest, options.route)
    if summary.trial_id is None:
        return summary
    before: str | None = None
    for version in versions:
        fields = drafted(study, version) | {"amends": before, "trial_id": summary.trial_id}
        name = f"version {fields['version']}"
        if await run.do(name, DraftProtocolVersion, fields) is None:
            break
        before = fields["version"]
        await _designed(run, version, before, options.assignment, left)
    left += not_taken(study, latest)
    summary.not_taken = {kind: count for kind, count in sorted(left.items()) if count}
    return summary


@dataclass(frozen=True)
class _Run:
    """One import: who does it, and what becomes of it."""

    executor: Executor
    summary: UsdmSummary
    cause: Cause

    async def do(self, name: str, kind: type[Command], fields: dict[str, Any]) -> UUID | None:
        """The stream of the command that these fields make; None where it was rejected."""
        cause = Cause(self.cause.actor, grants=self.cause.grants)
        try:
            outcome = await self.executor.execute(kind.model_validate(fields), cause)
        except ValidationError as fault:
            for one in fault.errors(include_url=False, include_context=False, include_input=False)[:20]:
                at = ".".join(str(step) for step in one["loc"]) or None
                _reject(self.summary, name, at, one["type"], one["msg"])
            return None
        except RefusedError as fault:
            refusal = fault.refusal
            _reject(self.summary, name, refusal.field, refusal.rule, refusal.detail)
            return None
        except (ForeignStreamError, UnknownTrialError):
            # Whoever does not reach the trial is told no more than of one that nobody knows.
            _reject(self.summary, name, "trial_id", "trial.unknown", "there is no such trial")
            return None
        except (ConflictError, TooLargeError, *UNSTORABLE) as fault:
            unstorable = isinstance(fault, UNSTORABLE)
            said = "a value that the database cannot hold" if unstorable else str(fault)
            _reject(self.summary, name, None, "conflict", said)
            return None
        self.summary.imported += bool(outcome.events)
        self.summary.unchanged += not outcome.events
        return outcome.stream_id


async def _registered(run: _Run, version: Part, route: Route) -> UUID | None:
    fields = registration(version) | {"route": route}
    names = sorted(f"{one['system']}|{one['value']}" for one in fields["identifiers"])
    if not names:
        _reject(run.summary, "trial", "studyIdentifiers", "usdm.missing", "the study has no identifier")
        return None
    fields["trial_id"] = uuid5(NAMESPACE, f"usdm|{fields.get('sponsor')}|{'|'.join(names)}")
    return await run.do("trial", RegisterTrial, fields)


async def _designed(
    run: _Run, version: Part, name: str, assignment: Assignment | None, left: Counter[str]
) -> None:
    """The design of a version, its criteria counted, and those that stand in fields of their own."""
    design = next(iter(parts(version, "studyDesigns")), None)
    if design is None:
        return
    ids = {"trial_id": run.summary.trial_id}
    run.summary.criteria = dict(criteria(design))
    try:
        fields = fields_of(version, design, assignment, left)
    except UnsaidError as fault:
        _reject(run.summary, f"design {name}", fault.field, "usdm.unsaid", str(fault))
    else:
        await run.do(f"design {name}", RecordDesign, {**ids, "version": name, **fields})
    if found := structured(design):
        await run.do(f"criteria {name}", RecordCriteria, {**ids, "protocol_version": name, "criteria": found})


def _study(content: bytes, summary: UsdmSummary) -> Part:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        _reject(summary, "study", None, "json", "the upload is no JSON")
        return {}
    return part(document, "study") if isinstance(document, dict) else {}


def _reject(summary: UsdmSummary, name: str, field: str | None, rule: str, reason: str) -> None:
    summary.rejected.append(RejectedPart(part=name[:80], field=field, rule=rule, reason=reason))
