"""The figures that operations watch, read from Postgres and from the consumers."""

from collections.abc import Sequence

from shared.runtime import metrics
from shared.runtime.consumer import Subscription
from shared.runtime.database import Pool

_OUTBOX = """
SELECT count(*) AS n, coalesce(extract(epoch FROM now() - min(e.recorded_at)), 0)::float AS age
FROM (SELECT * FROM es.outbox LIMIT 100000) o JOIN es.event e USING (stream_id, version)
"""


async def look(pool: Pool, subscriptions: Sequence[Subscription]) -> None:
    """Set every gauge; raises what Postgres raised when it was not to be had."""
    outbox = await pool.fetchrow(_OUTBOX)
    counted = await pool.fetch("SELECT grp, count(*) AS n FROM es.blocked_stream GROUP BY grp")
    blocked = {row["grp"]: row["n"] for row in counted}
    offsets = await pool.fetch("SELECT grp, topic, part, next_offset FROM es.kafka_offset")
    metrics.OUTBOX_ROWS.set(outbox["n"] if outbox else 0)
    metrics.OUTBOX_SECONDS.set(outbox["age"] if outbox else 0)
    for subscription in subscriptions:
        group = subscription.group
        applied = {(topic, part): at for grp, topic, part, at in offsets if grp == group}
        metrics.BLOCKED.labels(group).set(blocked.get(group, 0))
        metrics.LAG.labels(group).set(subscription.lag(applied))
