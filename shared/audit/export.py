"""A trial's history with its proofs as a folder that anybody can check without us (docs/howto)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from shared.audit.anchor import Anchor, Head
from shared.audit.heads import Replay
from shared.audit.keys import KeyFileError, PublicKeys, public_pem
from shared.contracts.message import Actor
from shared.runtime.database import Connection

FORMAT = "trialwire audit export v1"
_HASHED = ("stream_id", "version", "event_id", "type", "sponsor_id", "key", "data", "meta")
_STREAMS = """
SELECT stream_id FROM es.event WHERE key = $1 UNION SELECT stream_id FROM es.stream WHERE trial_id = $1::uuid
ORDER BY stream_id
"""
_EVENTS = """
SELECT *, (extract(epoch FROM recorded_at) * 1000000)::bigint AS us FROM es.event
WHERE stream_id = $1 ORDER BY version
"""


async def export(
    connection: Connection, service: str, trial: UUID, anchors: Path, keys: PublicKeys, into: Path
) -> dict[str, Any]:
    """Write what a service knows of a trial, as far as its last anchor covers it; answers with the counts.

    Into the folder `<into>/<service>` go events.ndjson, signatures.ndjson, proofs.ndjson and anchor.json,
    into `<into>/keys` the public key. Events that came after the anchor are counted and left out,
    so that all that is exported is proven. Holds the head of every stream of the service in memory.

    Raises BrokenAnchorsError when the anchors are not whole, KeyFileError when the last one's key is not
    known, LookupError when there is no anchor yet.
    """
    replay = Replay(anchors, service)
    replay.catch_up()
    if replay.last is None:
        raise LookupError(f"{service} has no anchor yet, and none can be taken without the signing key")
    if replay.last.key_id not in keys:
        raise KeyFileError(f"the public key {replay.last.key_id} of the last anchor of {service} is missing")
    folder = into / service
    folder.mkdir(parents=True)
    (into / "keys").mkdir(exist_ok=True)
    (into / "keys" / f"{replay.last.key_id}.pem").write_bytes(public_pem(keys[replay.last.key_id]))
    (folder / "anchor.json").write_text(json.dumps(replay.last.as_json(), indent=2) + "\n")
    return await _write(connection, trial, replay, replay.last, folder)


async def _write(
    connection: Connection, trial: UUID, replay: Replay, anchor: Anchor, folder: Path
) -> dict[str, Any]:
    counts = {"streams": 0, "events": 0, "signatures": 0, "events_after_anchor": 0}
    with (
        (folder / "events.ndjson").open("w", encoding="utf-8") as events,
        (folder / "signatures.ndjson").open("w", encoding="utf-8") as signatures,
        (folder / "proofs.ndjson").open("w", encoding="utf-8") as proofs,
    ):
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            for stream in await connection.fetch(_STREAMS, str(trial)):
                rows = await connection.fetch(_EVENTS, stream["stream_id"])
                head = replay.heads.get(stream["stream_id"])
                covered = [row for row in rows if head and row["version"] <= head.version]
                counts["events_after_anchor"] += len(rows) - len(covered)
                if head is None:
                    continue
                signed = list(filter(None, map(_signature, covered)))
                events.writelines(_lines(map(_event, covered)))
                signatures.writelines(_lines(signed))
                proofs.writelines(_lines([_proof(replay, head)]))
                counts["streams"] += 1
                counts["events"] += len(covered)
                counts["signatures"] += len(signed)
    return {"anchor": anchor.number, "anchored_at": anchor.as_json()["taken_at"], **counts}


def manifest(into: Path, trial: UUID, services: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
    """Write manifest.json: what was exported, when, and each file's size in bytes and SHA-256."""
    files = []
    for file in sorted(path for path in into.rglob("*") if path.is_file()):
        with file.open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
        name = file.relative_to(into).as_posix()
        files.append({"name": name, "size": file.stat().st_size, "sha256": sha256})
    content = {
        "format": FORMAT,
        "trial": str(trial),
        "exported_at": now.astimezone(UTC).isoformat(),
        "services": services,
        "files": files,
    }
    (into / "manifest.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _event(row: Any) -> dict[str, Any]:
    """All that the hash is made of (`us`: recorded_at in microseconds since 1970), and the hashes."""
    hashed = {name: row[name] if name == "version" else str(row[name]) for name in _HASHED}
    hashes = {"prev_hash": row["prev_hash"].hex(), "hash": row["hash"].hex()}
    return {**hashed, "us": row["us"], "recorded_at": row["recorded_at"].isoformat(), **hashes}


def _signature(row: Any) -> dict[str, Any] | None:
    """The signature of an event and the role of who gave it; None where it bears none."""
    meta = json.loads(row["meta"])
    if "signature" not in meta:
        return None
    place = {name: row[name] if name == "version" else str(row[name]) for name in _HASHED[:4]}
    return {**place, "role": Actor.parse(meta["actor"]).role, **meta["signature"]}


def _proof(replay: Replay, head: Head) -> dict[str, Any]:
    index, path = replay.heads.proof(head.stream_id)
    return {
        "stream_id": str(head.stream_id),
        "version": head.version,
        "hash": head.hash.hex(),
        "index": index,
        "path": [step.hex() for step in path],
    }


def _lines(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    return (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
