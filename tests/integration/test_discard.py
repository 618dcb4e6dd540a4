"""A record that can never be applied is discarded by two persons, and its stream goes on: the real broker."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from uuid_utils.compat import uuid7

from shared.http import operations
from shared.http.seen import seen_by
from shared.rules.grants import EVERYTHING
from shared.runtime.database import Pool
from shared.runtime.process import Process
from shared.runtime.rebuild import Rebuild
from shared.runtime.replay import replay
from shared.runtime.verify import verify
from tests.integration.test_row_security import SOMEBODY
from tests.support import identity, raw
from tests.support.pair import Pair, pair
from tests.support.served import served
from tests.support.stack import Servers, new_database, until

CANARY = "Name-Of-A-Patient"
POISON = f'{{"n": "{CANARY}"}}'.encode()


@dataclass
class Desk:
    """A follower with two replicas, whose topic only the test writes to; all records share one partition."""

    servers: Servers
    pair: Pair
    process: Process
    clients: list[httpx.AsyncClient]
    trial: UUID = field(default_factory=uuid7)
    sent: int = 0

    @property
    def pool(self) -> Pool:
        return self.process.pool

    def event(self, stream: UUID, version: int, n: int = 1, **over: Any) -> raw.Raw:
        return raw.event(self.pair.alpha.name, stream, version, self.trial, n, **over)

    async def send(self, *records: raw.Raw) -> None:
        """Put them on the topic, and wait until the group has taken them."""
        await raw.send(self.servers, self.pair.alpha.topic, records)
        self.sent += len(records)
        taken = "SELECT EXISTS (SELECT FROM es.kafka_offset WHERE grp = $1 AND next_offset = $2)"
        await until(lambda: self.pool.fetchval(taken, self.pair.group, self.sent))

    async def act(
        self, actor: str, name: str, replica: int = 0, code: int = 201, **body: Any
    ) -> dict[str, Any]:
        """The answer to a command of this person; its status is `code`."""
        answer = await self.clients[replica].post(
            f"/v1/commands/{name}",
            content=json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": str(uuid4()),
                "Trialwire-Actor": actor,
            },
        )
        assert answer.status_code == code, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def propose(self, actor: str, stream: UUID, version: int, code: int = 201) -> dict[str, Any]:
        named = {"stream_id": str(stream), "version": version}
        return await self.proposed(actor, named, code)

    async def proposed(self, actor: str, named: dict[str, Any], code: int = 201) -> dict[str, Any]:
        body: dict[str, Any] = {
            "group": self.pair.group,
            "record": named,
            "reason_code": "malformed",
            "meaning": "proposes",
        }
        return await self.act(actor, "propose-discard", code=code, **body)

    async def confirm(self, actor: str, proposal: dict[str, Any], code: int = 201, replica: int = 0) -> Any:
        body = {"discard_id": proposal["stream_id"], "meaning": "confirms"}
        return await self.act(actor, "confirm-discard", replica, code, **body)

    async def total(self, stream: UUID) -> int | None:
        value: int | None = await self.pool.fetchval("SELECT total FROM tally WHERE tally_id = $1", stream)
        return value

    async def blocked(self, stream: UUID) -> tuple[int, str] | None:
        row = await self.pool.fetchrow(
            "SELECT version, reason FROM es.blocked_stream WHERE stream_id = $1", stream
        )
        return tuple(row) if row else None

    async def parked(self) -> list[tuple[UUID | None, int | None, str]]:
        rows = await self.pool.fetch(
            "SELECT stream_id, version, reason FROM es.parked_event ORDER BY koffset"
        )
        return [tuple(row) for row in rows]

    async def told(self, proposal: dict[str, Any]) -> list[str]:
        """What the log says of a proposal, the last part of each type."""
        rows = await self.pool.fetch(
            "SELECT type FROM es.event WHERE stream_id = $1 ORDER BY version", UUID(proposal["stream_id"])
        )
        return [row["type"].split(".")[2] for row in rows]

    async def whole(self) -> bool:
        async with self.pool.acquire() as connection:
            return [broken async for broken in verify(connection)] == []


@pytest.fixture
async def desk(servers: Servers) -> AsyncIterator[Desk]:
    with pair(servers) as two:
        dsn = await new_database(servers, two.beta)
        async with served(servers, two.beta, dsn) as (one, app), served(servers, two.beta, dsn) as (other, _):
            yield Desk(servers, two, app.state.process, [one, other])


def rule(answer: dict[str, Any]) -> str:
    return str(answer["type"]).rpartition(":")[2]


async def test_two_persons_discard_poison_and_what_waited_behind_it_is_applied(desk: Desk) -> None:
    stream, good = uuid7(), uuid7()
    await desk.send(
        desk.event(stream, 1, n=5),
        desk.event(stream, 2, value=POISON),
        desk.event(stream, 3, n=6),
        desk.event(stream, 4, n=10),  # which makes the follower write a note of its own
        desk.event(good, 1),
    )
    assert (await desk.total(stream), await desk.blocked(stream)) == (5, (2, "schema"))
    assert rule(await desk.propose("operator:op-01", stream, 3, 409)) == "not_first"
    proposal = await desk.propose("operator:op-01", stream, 2)
    assert rule(await desk.confirm("operator:op-01", proposal, 409)) == "two_persons"
    assert (await desk.total(stream), await desk.told(proposal)) == (5, ["discard_proposed"])

    # Another person, who sends it to both replicas at once.
    answers = await asyncio.gather(
        *[
            desk.clients[replica].post(
                "/v1/commands/confirm-discard",
                content=json.dumps({"discard_id": proposal["stream_id"], "meaning": "confirms"}).encode(),
                headers={"Content-Type": "application/json", "Idempotency-Key": f"k{n}"}
                | {"Trialwire-Actor": "quality:qa-02"},
            )
            for n, replica in enumerate((0, 1, 0, 1))
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert await desk.told(proposal) == ["discard_proposed", "discarded"]
    assert (await desk.total(stream), await desk.blocked(stream), await desk.parked()) == (21, None, [])
    assert await desk.pool.fetchval("SELECT version FROM es.seen WHERE stream_id = $1", stream) == 4
    assert await desk.pool.fetchval("SELECT count(*) FROM es.event WHERE type LIKE '%noted.v1'") == 1

    await desk.send(desk.event(stream, 5, n=1), desk.event(stream, 2, n=100))
    assert await desk.total(stream) == 22, "the stream goes on, and what was discarded stays so"
    assert await desk.whole()


async def test_of_what_was_discarded_nothing_is_lost_and_nothing_is_shown(
    desk: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    stream = uuid7()
    await desk.send(desk.event(stream, 1, value=POISON, ce_reason=CANARY))
    proposal = await desk.propose("operator:op-01", stream, 1)
    waiting = (await desk.clients[0].get("/v1/parked")).json()["parked"][0]
    assert (waiting["discard_id"], waiting["proposed_by"]) == (proposal["stream_id"], "op-01")
    await desk.confirm("quality:qa-02", proposal)

    kept = await desk.pool.fetchrow("SELECT * FROM es.discarded_event")
    assert kept is not None
    assert (kept["value"], kept["proposed_by"], kept["confirmed_by"]) == (POISON, "op-01", "qa-02")
    assert (kept["reason_code"], kept["reason"], kept["passed"]) == ("malformed", "schema", True)
    assert kept["sha256"] == hashlib.sha256(POISON).digest()
    assert CANARY in dict(json.loads(kept["headers"]))["ce_reason"]
    for change in ("UPDATE es.discarded_event SET value = ''", "DELETE FROM es.discarded_event"):
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await desk.pool.execute(change)

    shown = (await desk.clients[0].get("/v1/parked")).text
    assert hashlib.sha256(POISON).hexdigest() in shown
    events = await desk.pool.fetch("SELECT data, meta, key FROM es.event")
    data = json.loads(events[0]["data"])
    assert data["record"] == {
        "group": desk.pair.group,
        "topic": desk.pair.alpha.topic,
        "partition": kept["part"],
        "offset": 0,
        "stream_id": str(stream),
        "version": 1,
        "sha256": hashlib.sha256(POISON).hexdigest(),
        **({"event_type": data["record"]["event_type"]} if "event_type" in data["record"] else {}),
    }
    signed = [json.loads(row["meta"]) for row in events]
    assert [(m["actor"], m["signature"]["meaning"], m["reason"]) for m in signed] == [
        ("operator:op-01", "proposes", "malformed"),
        ("quality:qa-02", "confirms", "malformed"),
    ]
    assert CANARY not in shown + str([dict(row) for row in events]) + "".join(capfd.readouterr())


async def test_a_proposal_that_a_replay_overtakes_counts_no_more(desk: Desk) -> None:
    stream = uuid7()
    await desk.send(desk.event(stream, 1, n=2), desk.event(stream, 2, value=POISON), desk.event(stream, 3))
    proposal = await desk.propose("operator:op-01", stream, 2)
    # Mended: what could not be read can be.
    good = json.dumps({"tally_id": str(stream), "trial_id": str(desk.trial), "n": 4}).encode()
    await desk.pool.execute("UPDATE es.parked_event SET value = $1 WHERE version = 2", good)
    assert rule(await desk.confirm("quality:qa-02", proposal, 409)) == "not_parked", "it is another record"
    process = desk.process
    assert await replay(process.service, process.executor, desk.pair.group, stream) == 2
    assert (await desk.total(stream), await desk.parked()) == (7, [])
    assert await desk.told(proposal) == ["discard_proposed", "discard_withdrawn"]
    why = await desk.pool.fetchrow("SELECT data, meta FROM es.event WHERE type LIKE '%discard_withdrawn.v1'")
    assert why is not None
    assert (json.loads(why["data"])["why"], json.loads(why["meta"])["actor"]) == (
        "replayed",
        f"service:{desk.pair.beta.name}",
    )
    assert rule(await desk.confirm("quality:qa-02", proposal, 409)) == "not_proposed"
    assert await desk.whole()


async def test_a_proposal_is_taken_back_and_may_be_made_again(desk: Desk) -> None:
    stream = uuid7()
    await desk.send(desk.event(stream, 1, value=POISON))
    first = await desk.propose("operator:op-01", stream, 1)
    assert rule(await desk.propose("operator:op-03", stream, 1, 409)) == "discard_proposed"
    await desk.act("operator:op-03", "withdraw-discard", discard_id=first["stream_id"])
    assert rule(await desk.confirm("quality:qa-02", first, 409)) == "not_proposed"
    again = await desk.propose("operator:op-03", stream, 1)
    assert again["stream_id"] == first["stream_id"]
    await desk.confirm("operator:op-01", again)
    assert await desk.told(again) == [
        "discard_proposed",
        "discard_withdrawn",
        "discard_proposed",
        "discarded",
    ]


async def test_what_cannot_be_applied_behind_it_blocks_the_stream_anew(desk: Desk) -> None:
    stream = uuid7()
    broken = {"tally_id": str(stream), "trial_id": str(desk.trial), "n": 1, "note": "break"}
    await desk.send(
        desk.event(stream, 1, value=POISON),
        desk.event(stream, 2, n=2),
        desk.event(stream, 3, value=json.dumps(broken).encode()),
        desk.event(stream, 5, n=5),
    )
    await desk.confirm("quality:qa-02", await desk.propose("operator:op-01", stream, 1))
    assert (await desk.total(stream), await desk.blocked(stream)) == (2, (3, "failed"))
    await desk.confirm("quality:qa-02", await desk.propose("operator:op-01", stream, 3))
    # Version 4 never came: now its owner is asked for it, and until then nothing more is discarded.
    assert (await desk.total(stream), await desk.blocked(stream)) == (2, (5, "gap"))
    assert rule(await desk.propose("operator:op-01", stream, 5, 409)) == "gap"
    await desk.send(desk.event(stream, 4, n=4))
    assert (await desk.total(stream), await desk.blocked(stream), await desk.parked()) == (11, None, [])
    assert await desk.whole()


async def test_the_owners_event_takes_the_place_of_one_that_somebody_else_wrote(desk: Desk) -> None:
    stream = uuid7()
    foreign = desk.event(stream, 1, n=9, ce_source="/trialwire/somebody")
    await desk.send(foreign, foreign, desk.event(stream, 1, n=2), desk.event(stream, 2, n=3))
    await desk.confirm("quality:qa-02", await desk.propose("operator:op-01", stream, 1))
    assert (await desk.total(stream), await desk.blocked(stream), await desk.parked()) == (5, None, [])
    kept = await desk.pool.fetch("SELECT passed FROM es.discarded_event")
    assert [row["passed"] for row in kept] == [False, False], "with its repetition, which is the same record"


async def test_a_record_without_a_stream_is_discarded_by_its_place(desk: Desk) -> None:
    await desk.send(desk.event(uuid7(), 1, ce_subject=CANARY, ce_type=CANARY))
    found = (await desk.clients[0].get("/v1/parked")).json()["parked"][0]
    named = {"topic": found["topic"], "partition": found["part"], "offset": found["offset"]}
    proposal = await desk.proposed("operator:op-01", named)
    await desk.confirm("quality:qa-02", proposal)
    assert await desk.parked() == []
    data = await desk.pool.fetchval("SELECT string_agg(data || meta, '') FROM es.event")
    assert CANARY not in data
    assert not {"stream_id", "version", "event_type"} & set(
        json.loads(await desk.pool.fetchval("SELECT data FROM es.event LIMIT 1"))["record"]
    )


async def test_a_table_that_is_rebuilt_knows_what_was_discarded(desk: Desk) -> None:
    mended, replaced, bare = uuid7(), uuid7(), uuid7()
    broken = {"tally_id": str(mended), "trial_id": str(desk.trial), "n": 1, "note": "break"}
    await desk.send(
        desk.event(mended, 1, n=2),
        desk.event(mended, 2, value=json.dumps(broken).encode()),  # the rebuild could not fold it either
        desk.event(mended, 3, n=3),
        desk.event(replaced, 1, n=9, ce_source="/trialwire/somebody"),
        desk.event(replaced, 1, n=4),
        desk.event(replaced, 2, n=5),
        desk.event(bare, 1, value=POISON),
        desk.event(bare, 2, n=6),
    )
    for stream, version in ((mended, 2), (replaced, 1), (bare, 1)):
        await desk.confirm("quality:qa-02", await desk.propose("operator:op-01", stream, version))
    rows = "SELECT tally_id, total, last, history FROM tally ORDER BY tally_id"
    live = [tuple(row) for row in await desk.pool.fetch(rows)]
    assert sorted(total for _, total, *_ in live) == [5, 6, 9]
    await Rebuild(desk.process.executor, desk.servers.cluster, "tally").run()
    assert [tuple(row) for row in await desk.pool.fetch(rows)] == live


async def test_whoever_may_not_discards_nothing(desk: Desk) -> None:
    stream = uuid7()
    await desk.send(desk.event(stream, 1, value=POISON))
    named = {"stream_id": str(stream), "version": 1}
    body: dict[str, Any] = {"record": named, "reason_code": "malformed", "meaning": "proposes"}
    assert rule(await desk.act("operator:a", "propose-discard", code=409, group="outbox", **body)) == "outbox"
    other = f"{desk.pair.beta.name}.none"
    assert (
        rule(await desk.act("operator:a", "propose-discard", code=409, group=other, **body)) == "not_parked"
    )
    assert rule(await desk.propose("quality:qa-02", stream, 1, 403)) == "role"
    proposal = await desk.propose("operator:op-01", stream, 1)
    assert rule(await desk.confirm("auditor:au-01", proposal, 403)) == "role"

    text = json.dumps({"discard_id": proposal["stream_id"], "meaning": "confirms"}).encode()
    path, typed = "/v1/commands/confirm-discard", {"Content-Type": "application/json"}
    for sponsors, code in (([str(uuid4())], 404), (["*"], 201)):
        who = identity.issuer().headers("quality:qa-02", text, sponsors=sponsors)
        headers = typed | who | {"Idempotency-Key": str(uuid4())}
        assert (await desk.clients[0].post(path, content=text, headers=headers)).status_code == code
    unproved = {"Authorization": identity.issuer().headers("quality:qa-02")["Authorization"]}
    headers = typed | unproved | {"Idempotency-Key": str(uuid4())}
    answer = await desk.clients[0].post(path, content=text, headers=headers)
    assert (answer.status_code, rule(answer.json())) == (401, "reauthentication")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/parked"),
        ("POST", "/v1/parked/{group}/{stream}/replay"),
        ("GET", "/v1/bad-commands"),
        ("POST", "/v1/projections/tally/rebuild"),
    ],
)
async def test_what_is_the_service_s_own_is_for_those_who_reach_everything(
    desk: Desk, method: str, path: str
) -> None:
    url = path.format(group=desk.pair.group, stream=uuid7())
    for sponsors, code in (([str(uuid4())], 404), (["*"], 200)):
        who = identity.issuer().headers("operator:op-01", sponsors=sponsors)
        assert (await desk.clients[0].request(method, url, headers=who)).status_code == code


async def test_what_lies_on_a_restricted_topic_is_neither_listed_nor_discarded(desk: Desk) -> None:
    """The rows of one stream of each list, as if they had come from there."""
    pool, gone, kept, refused = desk.pool, uuid7(), uuid7(), uuid7()
    await desk.send(desk.event(gone, 1, value=POISON), desk.event(kept, 1, value=POISON))
    await desk.confirm("quality:qa-02", await desk.propose("operator:op-01", gone, 1))
    await pool.execute(
        "INSERT INTO es.stream VALUES ($1, 'x', $1, $1, NULL, $1, 'k', 0, $2, 1, '')",
        *(refused, f"{desk.pair.beta.name}.events"),
    )
    await pool.execute("INSERT INTO es.outbox_block VALUES ($1, 1, 'too large')", refused)
    listed = (await desk.clients[0].get("/v1/parked")).json()
    assert {name: len(rows) for name, rows in listed.items()} == {"blocked": 2, "parked": 1, "discarded": 1}

    topic = f"{desk.pair.alpha.name}.restricted"
    async with pool.acquire() as owner, owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")  # past the append-only trigger
        for table in ("parked_event", "blocked_stream", "discarded_event", "stream"):
            await owner.execute(f"UPDATE es.{table} SET topic = $1", topic)  # noqa: S608
    for role in ("operator", "quality", "auditor"):
        who = identity.issuer().headers(f"{role}:x-01", sponsors=["*"])
        answer = await desk.clients[0].get("/v1/parked", headers=who)
        assert answer.json() == {"blocked": [], "parked": [], "discarded": []}, role
    async with seen_by(pool, replace(EVERYTHING, restricted=True), SOMEBODY, by_row=False) as tx:
        lists = (operations._BLOCKED, operations._PARKED, operations._DISCARDED)
        assert [len(await tx.fetch(sql, 10)) for sql in lists] == [2, 1, 1]

    before = await pool.fetchval("SELECT count(*) FROM es.event")
    place = await pool.fetchrow("SELECT part, koffset FROM es.parked_event")
    assert place is not None
    named = {"topic": topic, "partition": place["part"], "offset": place["koffset"]}
    assert rule(await desk.proposed("operator:op-01", named, 409)) == "restricted"
    assert rule(await desk.propose("operator:op-01", kept, 1, 409)) == "not_parked"
    assert await pool.fetchval("SELECT count(*) FROM es.event") == before


async def test_a_machine_never_signs_a_proposal_whichever_way_it_comes(desk: Desk) -> None:
    name, stream = desk.pair.beta.name, uuid7()
    await desk.send(desk.event(stream, 1, value=POISON))
    body = {
        "group": desk.pair.group,
        "record": {"stream_id": str(stream), "version": 1},
        "reason_code": "malformed",
        "meaning": "proposes",
    }
    await raw.send(desk.servers, f"{name}.commands", [raw.command(f"{name}.propose_discard.v1", body)])
    refused = "SELECT data FROM es.event WHERE type LIKE '%command.refused.v1'"
    await until(lambda: desk.pool.fetchval(refused))
    assert json.loads(await desk.pool.fetchval(refused))["rule"] == "signature"
    await raw.send(
        desk.servers,
        f"{name}.commands",
        [raw.command(f"{name}.overtake_discard.v1", {"discard_id": str(stream)})],
    )
    await until(lambda: desk.pool.fetchval("SELECT error FROM es.bad_command"))
    assert await desk.blocked(stream) == (1, "schema")
