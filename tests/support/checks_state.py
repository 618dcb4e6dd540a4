"""Invariants of what followers made of the topic: I4 to I6."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID, uuid5

from tests.support.anomaly import Anomaly, Json, at


def projected(events: Sequence[Json], dump: Json) -> Iterator[Anomaly]:
    """I4: each row is the fold of the events, each event folded once; each reaction happened once."""
    counts: dict[str, list[int]] = defaultdict(list)
    totals: dict[str, int] = defaultdict(int)
    notes: set[str] = set()
    for event in events:
        data = json.loads(event["data"])
        counts[event["stream_id"]].append(data["n"])
        totals[data["trial_id"]] += data["n"]
        if data["n"] % 10 == 0 and data["n"] != 990:
            notes.add(str(uuid5(UUID(event["stream_id"]), event["event_id"])))
    rows = {row["tally_id"]: row for row in dump["beta"]["rows"]}
    for stream, numbers in counts.items():
        row = rows.pop(stream, None)
        if row is None:
            yield Anomaly("I4", "lost-write", stream)
        elif row["total"] != sum(numbers):
            yield Anomaly("I4", "duplicate" if row["total"] > sum(numbers) else "skip", stream)
        elif json.loads(row["history"]) != numbers[-20:]:
            yield Anomaly("I4", "nonmonotonic", stream)
    own = {row["trial_id"]: row["total"] for row in dump["alpha"]["rows"]}
    for trial in own.keys() | totals.keys():
        if own.get(trial) != totals.get(trial):
            kind = "duplicate" if own.get(trial, 0) > totals.get(trial, 0) else "skip"
            yield Anomaly("I4", kind, f"trial {trial}")
    made = [event["stream_id"] for event in dump["beta"]["events"]]
    yield from (Anomaly("I4", "ghost", stream) for stream in rows)
    yield from (Anomaly("I4", "duplicate", f"note {note}") for note in made if made.count(note) > 1)
    yield from (Anomaly("I4", "ghost", f"note {note}") for note in set(made) - notes)
    yield from (Anomaly("I4", "lost-write", f"note {note}") for note in notes - set(made))


def offsets(history: Sequence[Json], dump: Json) -> Iterator[Anomaly]:
    """I5: stored offsets only grow, never pass the log's end, and at rest have reached it."""
    ends: dict[int, int] = defaultdict(int)
    for record in dump["records"]:
        ends[record["part"]] = max(ends[record["part"]], record["offset"] + 1)
    known: dict[tuple[str, str, int], int] = defaultdict(int)
    for line in history:
        if line["what"] == "offset":
            place = (line["group"], line["topic"], line["part"])
            if line["next"] < known[place]:
                yield Anomaly("I5", "nonmonotonic", f"{place} from {known[place]} to {line['next']}")
            known[place] = line["next"]
    stored = {r["part"]: r["next_offset"] for r in dump["beta"]["offsets"] if r["grp"] == dump["group"]}
    for part in stored.keys() | ends.keys():
        if stored.get(part, 0) != ends[part]:
            kind = "ghost" if stored.get(part, 0) > ends[part] else "skip"
            yield Anomaly("I5", kind, f"partition {part}: {stored.get(part, 0)} of {ends[part]}")


def accounted(dump: Json) -> Iterator[Anomaly]:
    """I6: each record below the offset was applied or is parked; nothing is applied past a block."""
    group = dump["group"]
    seen = {r["stream_id"]: r["version"] for r in dump["beta"]["seen"] if r["grp"] == group}
    below = {r["part"]: r["next_offset"] for r in dump["beta"]["offsets"] if r["grp"] == group}
    parked = {(r["part"], r["koffset"]): r for r in dump["beta"]["parked"] if r["grp"] == group}
    for record in dump["records"]:
        place = (record["part"], record["offset"])
        applied = int(record["ce_sequence"]) <= seen.get(record["ce_subject"], 0)
        if record["offset"] < below.get(record["part"], 0) and not applied and place not in parked:
            yield Anomaly("I6", "skip", at(record["ce_subject"], record["ce_sequence"]))
        if applied and place in parked:
            yield Anomaly("I6", "duplicate", at(record["ce_subject"], record["ce_sequence"]))
    for block in dump["beta"]["blocked"]:
        if block["grp"] == group and seen.get(block["stream_id"], 0) >= block["version"]:
            yield Anomaly("I6", "nonmonotonic", f"{block['stream_id']} went on past its block")
