"""A patient's particulars go in by every way there is, and are looked for wherever they must not be."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer

from shared.stack.api import StackAddresses
from shared.stack.demo.records import COORDINATOR, CUSTODIAN, QUALITY, SPECIALIST
from shared.stack.demo.stage import Stage, text
from tests.contract.scenes.vaults import stored
from tests.e2e.desk import about, desk, enrolling_trial

CANARY = "Xanthippe-Quetzalcoatl"
SPELLINGS = (
    CANARY.encode(),
    CANARY.lower().encode(),
    CANARY.lower().replace("-", "_").encode(),
    CANARY.encode().hex().encode(),
    base64.b64encode(CANARY.encode())[:-4],
    CANARY.encode("utf-16-le"),
)
SERVICES = ("trials", "regulatory", "safety", "retrieval")


def shows(where: bytes) -> bool:
    """Whether a place gives the canary away."""
    return any(spelling in where or spelling.lower() in where.lower() for spelling in SPELLINGS)


async def seed(stage: Stage) -> list[bytes]:
    """Put it in, rightly and wrongly; the answers to whatever was wrong."""
    subject, answers = stage.story.subjects[0], []
    identity = {
        "family_name": CANARY, "given_names": CANARY, "birth_date": "1970-01-01", "phone": CANARY,
        "record_numbers": [{"custodian": CANARY, "number": CANARY}],
    }  # fmt: skip
    particulars = f"/v1/particulars/{subject}/identity"
    async with stage.step("particulars and documents go in", 30):
        await stage.put(
            COORDINATOR, "retrieval", particulars, json.dumps(identity).encode(), "application/json"
        )
        ref = await stored(stage, "retrieval", CUSTODIAN, CANARY.encode() * 100_000)
        await stored(stage, "safety", COORDINATOR, CANARY.encode(), "source_document")
        await stage.read(QUALITY, "retrieval", f"/v1/documents/{ref}/content", "quality_control")
        told = await stage.read(SPECIALIST, "retrieval", particulars, "legal_basis_check")
        assert CANARY.encode() in told  # what may be known comes out
    async for answer in wrongly(stage, identity, subject, ref):
        assert answer.status_code >= 400, answer.text
        answers.append(answer.content + str(answer.headers).encode())
    return answers


async def wrongly(
    stage: Stage, identity: dict[str, Any], subject: UUID, ref: str
) -> AsyncIterator[httpx.Response]:
    """Requests that have a patient's name where none belongs, or break a rule around it."""
    retrieval, trials = stage.found.services["retrieval"], stage.found.services["trials"]
    where = {"trial": str(stage.story.trial), "site": str(stage.story.site)}
    coordinator = stage.issuer.headers(COORDINATOR) | {"Content-Type": "application/json"}
    for said in (
        identity | {"birth_date": CANARY},
        identity | {CANARY: CANARY},
        identity | {"family_name": CANARY * 20},
        {"family_name": CANARY},
        [CANARY],
    ):
        body = json.dumps(said).encode()
        path = f"{retrieval}/v1/particulars/{subject}/identity"
        yield await stage.web.put(path, content=body, params=where, headers=coordinator)
        yield await stage.web.put(path, content=body[:-3], params=where, headers=coordinator)
    document = where | {"subject": str(subject), "kind": "medical_record"}
    custodian = stage.issuer.headers(CUSTODIAN)
    lower = CANARY.lower().replace("-", "_")
    for params, media_type, name in (
        (document | {"kind": lower}, "text/plain", str(uuid4())),
        (document | {"kind": CANARY}, "text/plain", str(uuid4())),
        (document | {"subject": CANARY}, "text/plain", str(uuid4())),
        (document, f"text/html; name={CANARY}", str(uuid4())),
        (document, "text/plain", CANARY),
        (document | {"trial": str(uuid4())}, "text/plain", str(uuid4())),
        (document, "text/plain", ref),
    ):
        headers = custodian | {"Content-Type": media_type, "Content-Disposition": f"filename={CANARY}.pdf"}
        address = f"{retrieval}/v1/documents/{name}"
        yield await stage.web.put(address, content=CANARY.encode(), params=params, headers=headers)
    quality = stage.issuer.headers(QUALITY)
    yield await stage.web.get(f"{retrieval}/v1/documents/{CANARY}/content", headers=quality)
    yield await stage.web.get(f"{retrieval}/v1/documents/{ref}/content?purpose={CANARY}", headers=quality)
    yield await stage.web.get(f"{retrieval}/v1/requests?after={CANARY}", headers=quality)
    yield await stage.web.get(f"{retrieval}/{CANARY}", headers=quality)
    enrol = text(about(stage, uuid4()) | {"subject_code": "c-9", "enrolled_on": stage.today})
    for body in (
        enrol[:-1] + f', "{CANARY}": 1}}'.encode(),
        enrol.replace(b"c-9", f"{CANARY}\\u0000".encode()),
        enrol.replace(str(stage.today).encode(), CANARY.encode()),
        enrol[:-1] + CANARY.encode(),
    ):
        headers = coordinator | {"Idempotency-Key": str(uuid4())}
        yield await stage.web.post(f"{trials}/v1/commands/enrol-subject", content=body, headers=headers)
    # Found by a text, which is asked of the database and answered with nothing.
    found = await stage.web.get(
        f"{trials}/v1/trials?text={CANARY}", headers=stage.issuer.headers("auditor:a-01")
    )
    assert found.json()["items"] == []


async def tables(dsn: str) -> dict[str, bytes]:
    """Every row of every table of a service's database, the sealed ones too, as text."""
    connection = await asyncpg.connect(dsn)
    try:
        names = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        found = {}
        for name in (row["name"] for row in names):
            sql = f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {name} t"  # noqa: S608  Postgres's own names
            found[name] = (await connection.fetchval(sql)).encode()
        return found
    finally:
        await connection.close()


async def topics(stack: StackAddresses) -> bytes:
    """Key, value and headers of every record that an observer reads."""
    found = b""
    names = [f"{name}.events" for name in SERVICES]
    async with AIOKafkaConsumer(
        *names, **stack.broker("observer").arguments, auto_offset_reset="earliest"
    ) as reader:
        while batches := await reader.getmany(timeout_ms=3_000):
            for record in (record for batch in batches.values() for record in batch):
                found += b" ".join((record.key or b"", record.value or b"", repr(record.headers).encode()))
    return found


async def test_a_patient_s_particulars_are_nowhere_but_sealed_in_the_vault(
    stack: StackAddresses, home: Path
) -> None:
    async with desk(stack, home) as stage:
        await enrolling_trial(stage)
        answers = await seed(stage)
        trial, subject = str(stage.story.trial).encode(), str(stage.story.subjects[0]).encode()
        spans = (
            await stage.web.get(
                f"{stack.zipkin}/zipkin/api/v2/traces", params={"lookback": 86_400_000, "limit": 2_000}
            )
        ).content
        figures = b"".join([(await stage.web.get(f"{stack.services[s]}/metrics")).content for s in SERVICES])
    assert len(answers) > 20
    assert not any(shows(answer) for answer in answers)
    records = await topics(stack)
    logs = b"".join(file.read_bytes() for file in (home / "logs").iterdir())
    sealed = b"".join(file.read_bytes() for file in (home / "vault").rglob("*") if file.is_file())
    places = {"topics": records, "logs": logs, "spans": spans, "figures": figures, "objects": sealed}
    for service in SERVICES:
        places |= {f"{service} {name}": rows for name, rows in (await tables(stack.dsn[service])).items()}
    # Each way of looking sees what is there: else it would find nothing, whatever there was.
    assert trial in records
    assert subject in records
    assert trial in places["retrieval public.document"]
    assert subject in places["retrieval vault.subject"]
    assert len(places["retrieval vault.particulars"]) > 200
    assert b"trialwire.correlation_id" in spans
    assert b'trialwire_vault_total{act="read_document",outcome="done"}' in figures
    assert b'"service": "retrieval"' in logs
    assert len(sealed) > 2_000_000
    assert [name for name, content in places.items() if shows(content)] == []


def test_a_place_that_gives_it_away_is_found_however_it_is_spelt() -> None:
    for spelt in (CANARY, CANARY.upper(), CANARY.encode().hex(), base64.b64encode(CANARY.encode()).decode()):
        assert shows(f"a row with {spelt} in it".encode())
    assert not shows(b"a row without it")
