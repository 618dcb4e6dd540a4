"""Invariants of the log and the topic: I1 to I3, and I8."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

from shared.runtime.verify import check_stream
from tests.support.anomaly import Anomaly, Json, at


def writes(history: Sequence[Json], events: Sequence[Json]) -> Iterator[Anomaly]:
    """I1: what was acknowledged is in the log, once; what is there was asked for and not refused."""
    last: dict[str, Json] = {}
    asked = {line["op"]: line for line in history if line["what"] == "invoke"}
    for line in history:
        if line["what"] in ("ok", "fail", "unknown"):
            last[line["op"]] = line
    found: dict[str, list[Json]] = defaultdict(list)
    for event in events:
        found[json.loads(event["data"])["note"]].append(event)
    for op, answer in last.items():
        if answer["what"] == "ok" and op not in found:
            yield Anomaly("I1", "lost-write", op)
        if answer["what"] == "fail" and op in found:
            yield Anomaly("I1", "ghost", f"{op} was refused: {answer['why']}")
    for op, written in found.items():
        if op not in asked:
            yield Anomaly("I1", "ghost", op)
        elif len(written) > 1:
            yield Anomaly("I1", "duplicate", op)
        elif json.loads(written[0]["data"])["n"] != asked[op]["n"]:
            yield Anomaly("I1", "corrupt", op)


def published(events: Sequence[Json], records: Sequence[Json]) -> Iterator[Anomaly]:
    """I2: every event is on the topic at least once, byte for byte, and nothing else is."""
    known = {(e["stream_id"], e["version"]): e for e in events}
    there = set()
    for record in records:
        place = (record["ce_subject"], int(record["ce_sequence"]))
        there.add(place)
        if (event := known.get(place)) is None:
            yield Anomaly("I2", "ghost", at(*place))
            continue
        digest = hashlib.sha256(event["data"].encode()).hexdigest()
        wanted = (event["event_id"], event["key"], digest, record["right_part"])
        if (record["ce_id"], record["key"], record["value"], record["part"]) != wanted:
            yield Anomaly("I2", "corrupt", at(*place))
    yield from (Anomaly("I2", "lost-write", at(*place)) for place in known.keys() - there)


def ordered(records: Sequence[Json]) -> Iterator[Anomaly]:
    """I3: the first occurrences of a stream are versions 1, 2, 3, …"""
    highest: dict[str, int] = defaultdict(int)
    met: set[tuple[str, int]] = set()
    for record in sorted(records, key=lambda r: (r["part"], r["offset"])):
        stream, version = record["ce_subject"], int(record["ce_sequence"])
        if (stream, version) in met:
            continue
        met.add((stream, version))
        if version < highest[stream]:
            yield Anomaly("I3", "nonmonotonic", at(stream, version))
        elif version > highest[stream] + 1:
            yield Anomaly("I3", "skip", at(stream, version))
        highest[stream] = max(version, highest[stream])


def chained(service: Json, name: str) -> Iterator[Anomaly]:
    """I8: the hash chain of every stream verifies."""
    rows: dict[str, list[Json]] = defaultdict(list)
    for event in sorted(service["events"], key=lambda e: e["version"]):
        hashes = {field: bytes.fromhex(event[field]) for field in ("hash", "prev_hash")}
        rows[event["stream_id"]].append(event | hashes)
    for head in service["streams"]:
        stream = UUID(head["stream_id"])
        known = {**head, "stream_id": stream, "head_hash": bytes.fromhex(head["head_hash"])}
        if broken := check_stream(known, rows.pop(head["stream_id"], [])):
            yield Anomaly("I8", "corrupt", f"{name} {at(stream, broken.version)}: {broken.what}")
    yield from (Anomaly("I8", "ghost", f"{name} {stream}") for stream in rows)
