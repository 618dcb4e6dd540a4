"""Everything that the checker needs to know about a run, out of both databases and the topic, as JSON."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import asyncpg

from shared.runtime.record import bucket_of
from tests.support.pair import Pair
from tests.support.raw import read_all
from tests.support.stack import Servers

_QUERIES = {
    "events": "SELECT stream_id, version, event_id, type, sponsor_id, key, data, meta, prev_hash, hash, pos,"
    " (extract(epoch FROM recorded_at) * 1000000)::bigint::text AS us FROM es.event ORDER BY pos",
    "streams": "SELECT stream_id, version, head_hash FROM es.stream",
    "outbox": "SELECT bucket, stream_id, version FROM es.outbox",
    "offsets": "SELECT grp, topic, part, next_offset FROM es.kafka_offset",
    "seen": "SELECT grp, stream_id, version FROM es.seen",
    "parked": "SELECT grp, topic, part, koffset, stream_id, version, reason FROM es.parked_event",
    "blocked": "SELECT grp, stream_id, version, reason FROM es.blocked_stream",
}
_OWN = {"alpha": "SELECT * FROM trial_total", "beta": "SELECT * FROM tally"}


async def dump(servers: Servers, pair: Pair, dsns: dict[str, str], path: Path) -> dict[str, Any]:
    """Write the state after a run to a file and answer with it."""
    found: dict[str, Any] = {"group": pair.group, "topic": pair.alpha.topic}
    for name, dsn in dsns.items():
        connection = await asyncpg.connect(dsn)
        queries = {**_QUERIES, "rows": _OWN[name]}
        found[name] = {what: [dict(row) for row in await connection.fetch(q)] for what, q in queries.items()}
        await connection.close()
    found["records"] = [
        {
            "part": record.partition,
            "offset": record.offset,
            "key": (record.key or b"").decode(),
            "right_part": bucket_of((record.key or b"").decode()),
            "value": hashlib.sha256(record.value or b"").hexdigest(),
            **{name: value.decode() for name, value in record.headers if name.startswith("ce_")},
        }
        for record in await read_all(servers, pair.alpha.topic)
    ]
    text = json.dumps(found, default=lambda value: value.hex() if isinstance(value, bytes) else str(value))
    await asyncio.to_thread(path.write_text, text, "utf-8")
    read: dict[str, Any] = json.loads(text)
    return read
