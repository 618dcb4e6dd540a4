"""Importing SDTM tables: the sites that a trial has not yet, then a subject's whole history at a time."""

from collections.abc import AsyncIterator, Iterable, Sequence
from uuid import UUID, uuid5

from anyio import to_thread
from pydantic import BaseModel, ValidationError

from services.trials.commands.site import IdentifySite
from services.trials.commands.subject_history import RecordSubjectHistory
from services.trials.imports.run.upload import BATCH, apart, chunks, refusal
from services.trials.imports.sdtm import RejectedRecord, SubjectRecord, read, steps
from services.trials.imports.sdtm.words import country_of
from services.trials.rules import NAMESPACE
from shared.contracts.message import Actor, Command, Identifier
from shared.rules.dates import ZoneName
from shared.rules.grants import Grants
from shared.runtime.cause import Cause, RefusedError, Work
from shared.runtime.database import Connection
from shared.runtime.execute import Executor
from shared.runtime.names import UnknownTrialError
from shared.runtime.service import Outcome
from shared.runtime.store import ConflictError, ForeignStreamError, TooLargeError

IMPORTED = ("text/csv", "application/octet-stream")
SITE, SUBJECT, SOURCE = "sdtm_site", "sdtm_usubjid", "sdtm"
_KNOWN = """
SELECT i.value, {id} AS id FROM {table}, jsonb_to_recordset(identifiers) AS i(system text, value text)
WHERE trial_id = $1 AND i.system = $2
"""
Told = tuple[SubjectRecord, Command]


class SdtmSummary(BaseModel):
    """What became of the rows and subjects read; `sites` were not known before.

    `not_taken`: rows that are there and mean nothing here, by their kind.
    """

    read: int = 0
    sites: int = 0
    imported: int = 0
    unchanged: int = 0
    rejected: list[RejectedRecord] = []
    not_taken: dict[str, int] = {}


async def import_sdtm(
    executor: Executor,
    upload: AsyncIterator[bytes],
    trial_id: UUID,
    zone: ZoneName | None,
    actor: Actor,
    grants: Grants,
) -> SdtmSummary:
    """Record every subject of the tables in the trial; `zone` is that of sites not known before."""
    tables = await to_thread.run_sync(lambda: read(chunks(upload)))
    summary = SdtmSummary(read=tables.rows, rejected=tables.rejected, not_taken=dict(tables.not_taken))
    subjects = [one for one in tables.subjects.values() if not one.spoilt] if tables.whole else []
    sites = await _sites(executor, summary, subjects, trial_id, zone, Cause(actor, grants=grants))
    known = await _known(executor, "subject", trial_id, SUBJECT)
    told: list[Told] = []
    for record in subjects:
        if (site := sites.get(record.site)) and (command := _history(summary, record, trial_id, site, known)):
            told.append((record, command))
    for at in range(0, len(told), BATCH):
        changed = await _record(executor, summary, told[at : at + BATCH], Cause(actor, grants=grants))
        summary.imported += sum(changed)
        summary.unchanged += len(changed) - sum(changed)
    return summary


async def _sites(
    executor: Executor,
    summary: SdtmSummary,
    subjects: Iterable[SubjectRecord],
    trial_id: UUID,
    zone: ZoneName | None,
    cause: Cause,
) -> dict[str, UUID]:
    """The ids of the sites by SITEID; what is not known yet is reported first, or told why it cannot be."""
    known = await _known(executor, "site", trial_id, SITE)
    for record in {record.site: record for record in reversed([*subjects])}.values():
        if record.site in known:
            continue
        try:
            site = IdentifySite(
                trial_id=trial_id,
                site_id=uuid5(NAMESPACE, f"{SITE}|{trial_id}|{record.site}"),
                name=f"Site {record.site}",
                country=country_of(record.country),
                zone=zone,
                identifiers=(Identifier(system=SITE, value=record.site),),
            )
        except ValidationError:
            _reject(summary, record, "SITEID", "sdtm.site", "is no name of a site")
            continue
        if changed := await _record(executor, summary, [(record, site)], cause):
            known[record.site] = site.site_id
            summary.sites += sum(changed)
    return known


def _history(
    summary: SdtmSummary, record: SubjectRecord, trial_id: UUID, site_id: UUID, known: dict[str, UUID]
) -> RecordSubjectHistory | None:
    found = steps(record)
    if not found:
        _reject(summary, record, None, "sdtm.no_day", "no table has a day of the subject")
        return None
    try:
        return RecordSubjectHistory(
            trial_id=trial_id,
            site_id=site_id,
            subject_id=known.get(record.usubjid)
            or uuid5(NAMESPACE, f"{SUBJECT}|{trial_id}|{record.usubjid}"),
            source=SOURCE,
            subject_code=record.code,
            identifiers=(Identifier(system=SUBJECT, value=record.usubjid),),
            steps=found,
        )
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_context=False, include_input=False)[0]
        _reject(summary, record, str(first["loc"][0]) if first["loc"] else None, first["type"], first["msg"])
        return None


async def _known(executor: Executor, table: str, trial_id: UUID, system: str) -> dict[str, UUID]:
    sql = _KNOWN.format(table=table, id=f"{table}_id")
    rows = await executor.transact(lambda tx, _: tx.fetch(sql, trial_id, system))
    return {row["value"]: UUID(str(row["id"])) for row in rows}


async def _record(
    executor: Executor, summary: SdtmSummary, batch: Sequence[Told], cause: Cause
) -> list[bool]:
    """Whether each of these changed anything; who is refused is told and left out."""

    async def work_on(tx: Connection, work: Work) -> list[Outcome]:
        return [
            await apart(command, executor.run(tx, work, command, Cause(cause.actor, grants=cause.grants)))
            for _, command in batch
        ]

    try:
        return [bool(outcome.events) for outcome in await executor.transact(work_on)]
    except (RefusedError, ConflictError, ForeignStreamError, TooLargeError, UnknownTrialError) as fault:
        if len(batch) > 1:  # one of them spoils the batch: each stands alone now
            return [done for one in batch for done in await _record(executor, summary, [one], cause)]
        rule, said = refusal(fault)
        _reject(summary, batch[0][0], None, rule, said)
        return []


def _reject(summary: SdtmSummary, record: SubjectRecord, column: str | None, rule: str, said: str) -> None:
    summary.rejected.append(RejectedRecord(file="dm", line=record.line, field=column, rule=rule, reason=said))
