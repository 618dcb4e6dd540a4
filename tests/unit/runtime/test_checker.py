"""A checker that cannot fail proves nothing: every anomaly that is planted in a clean run is found."""

import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid5

import pytest

from shared.runtime.verify import digest, genesis
from tests.support.anomaly import Json
from tests.support.checker import check

GROUP, TOPIC = "beta.alpha", "alpha.events"
TRIAL = str(UUID(int=7))
STREAMS = [str(UUID(int=n)) for n in (1, 2)]
Run = tuple[list[Json], Json]
Plant = Callable[[list[Json], Json], object]


def service(events: list[Json]) -> Json:
    heads: dict[str, Json] = {}
    for event in events:
        stream = event["stream_id"]
        before = bytes.fromhex(heads[stream]["head_hash"]) if stream in heads else genesis(UUID(stream))
        event |= {"prev_hash": before.hex(), "hash": digest(before, event).hex()}
        heads[stream] = {"stream_id": stream, "version": event["version"], "head_hash": event["hash"]}
    return {"events": events, "streams": list(heads.values()), "parked": [], "blocked": []}


def event(stream: str, version: int, pos: int, data: Json) -> Json:
    fields = {"type": "t", "sponsor_id": "s", "key": TRIAL, "meta": "{}", "us": "1", "pos": pos}
    id_ = str(UUID(int=1000 + pos))
    return {"stream_id": stream, "version": version, "event_id": id_, "data": json.dumps(data), **fields}


def clean() -> Run:
    """Three events each of two streams, the first of each a round number that was noted."""
    events: list[Json] = []
    history: list[Json] = []
    for pos, (version, stream) in enumerate((v, s) for v in (1, 2, 3) for s in STREAMS):
        n = 10 if version == 1 else version
        events.append(event(stream, version, pos, {"n": n, "note": f"op{pos}", "trial_id": TRIAL}))
        history += [{"what": "invoke", "op": f"op{pos}", "n": n}, {"what": "unknown", "op": f"op{pos}"}]
        history += [{"what": "ok", "op": f"op{pos}"}]
        history += [{"what": "offset", "group": GROUP, "topic": TOPIC, "part": 3, "next": pos + 1}]
    records = [
        {"part": 3, "right_part": 3, "offset": e["pos"], "key": TRIAL, "ce_id": e["event_id"],
         "value": hashlib.sha256(e["data"].encode()).hexdigest(),
         "ce_subject": e["stream_id"], "ce_sequence": f"{e['version']:020d}"}
        for e in events
    ]  # fmt: skip
    notes = [event(str(uuid5(UUID(s), events[n]["event_id"])), 1, n, {}) for n, s in enumerate(STREAMS)]
    alpha, beta = service(events), service(notes)
    alpha["rows"] = [{"trial_id": TRIAL, "total": 30}]
    beta["rows"] = [{"tally_id": s, "total": 15, "history": "[10, 2, 3]"} for s in STREAMS]
    beta["seen"] = [{"grp": GROUP, "stream_id": s, "version": 3} for s in STREAMS]
    beta["offsets"] = [{"grp": GROUP, "topic": TOPIC, "part": 3, "next_offset": 6}]
    return history, {"group": GROUP, "alpha": alpha, "beta": beta, "records": records}


def drop_event(history: list[Json], dump: Json) -> None:
    dump["alpha"]["events"].pop()


def swap_records(history: list[Json], dump: Json) -> None:
    first, third = dump["records"][0], dump["records"][2]
    first["offset"], third["offset"] = third["offset"], first["offset"]


def block_early(history: list[Json], dump: Json) -> None:
    dump["beta"]["blocked"] = [{"grp": GROUP, "stream_id": STREAMS[0], "version": 2, "reason": "schema"}]


def park_applied(history: list[Json], dump: Json) -> None:
    parked = {"grp": GROUP, "part": 3, "koffset": 0, "stream_id": STREAMS[0], "version": 1}
    dump["beta"]["parked"] = [parked]


def second_write(history: list[Json], dump: Json) -> None:
    again = event(STREAMS[0], 4, 6, {"n": 3, "note": "op4", "trial_id": TRIAL})
    dump["alpha"] |= service([*dump["alpha"]["events"], again])


def set_(path: str, value: Any) -> Plant:
    """Replace what stands at `alpha.rows.0.total` of the dump."""

    def plant(history: list[Json], dump: Json) -> None:
        *way, last = path.split(".")
        at: Any = dump
        for part in way:
            at = at[int(part)] if isinstance(at, list) else at[part]
        at[int(last) if isinstance(at, list) else last] = value

    return plant


PLANTED: dict[str, tuple[Plant, str, str]] = {
    "an acknowledged write is not in the log": (drop_event, "I1", "lost-write"),
    "a write that nobody asked for": (lambda h, d: h.pop(0), "I1", "ghost"),
    "a write that was refused": (lambda h, d: h[2].update(what="fail", why="409"), "I1", "ghost"),
    "a write done twice": (second_write, "I1", "duplicate"),
    "another number than was asked for": (lambda h, d: h[0].update(n=9), "I1", "corrupt"),
    "an event that was never sent": (lambda h, d: d["records"].pop(2), "I2", "lost-write"),
    "a record of no event": (set_("records.5.ce_sequence", "9"), "I2", "ghost"),
    "a record with other bytes": (set_("records.1.value", "00"), "I2", "corrupt"),
    "a record on another partition": (set_("records.1.part", 4), "I2", "corrupt"),
    "two records in the wrong order": (swap_records, "I3", "nonmonotonic"),
    "a version left out": (lambda h, d: d["records"].pop(2), "I3", "skip"),
    "an event folded twice": (set_("beta.rows.0.total", 25), "I4", "duplicate"),
    "an event not folded": (set_("beta.rows.0.total", 12), "I4", "skip"),
    "events folded in another order": (set_("beta.rows.0.history", "[10, 3, 2]"), "I4", "nonmonotonic"),
    "a row that is missing": (lambda h, d: d["beta"]["rows"].pop(), "I4", "lost-write"),
    "a row of nothing": (set_("beta.rows.0.tally_id", str(UUID(int=9))), "I4", "ghost"),
    "our own row counts twice": (set_("alpha.rows.0.total", 40), "I4", "duplicate"),
    "our own row is missing": (lambda h, d: d["alpha"]["rows"].pop(), "I4", "skip"),
    "a reaction that did not happen": (lambda h, d: d["beta"]["events"].pop(), "I4", "lost-write"),
    "a reaction twice": (lambda h, d: d["beta"]["events"].append(d["beta"]["events"][0]), "I4", "duplicate"),
    "a reaction to nothing": (set_("beta.events.0.stream_id", str(UUID(int=9))), "I4", "ghost"),
    "an offset that went back": (lambda h, d: h[7].update(next=0), "I5", "nonmonotonic"),
    "an offset beyond the end": (set_("beta.offsets.0.next_offset", 7), "I5", "ghost"),
    "an offset left behind": (set_("beta.offsets.0.next_offset", 5), "I5", "skip"),
    "a record neither applied nor parked": (set_("beta.seen.0.version", 2), "I6", "skip"),
    "a record applied and parked": (park_applied, "I6", "duplicate"),
    "a stream that went on past its block": (block_early, "I6", "nonmonotonic"),
    "an event edited": (set_("alpha.events.2.meta", "{ }"), "I8", "corrupt"),
    "a hash forged": (set_("alpha.events.2.hash", "00"), "I8", "corrupt"),
    "a follower's event edited": (set_("beta.events.0.type", "u"), "I8", "corrupt"),
    "events of no stream": (lambda h, d: d["alpha"]["streams"].pop(), "I8", "ghost"),
}


def test_a_clean_run_has_no_anomaly() -> None:
    assert check(*clean()) == []


def test_repeated_records_are_no_anomaly() -> None:
    history, dump = clean()
    repeated = [copy.deepcopy(record) for record in dump["records"][:3]]
    for record in repeated:
        record["offset"] += 6
    dump["records"] += repeated
    dump["beta"]["offsets"][0]["next_offset"] = 9
    assert check(history, dump) == []


@pytest.mark.parametrize(("plant", "invariant", "kind"), PLANTED.values(), ids=PLANTED.keys())
def test_what_is_planted_is_found(plant: Plant, invariant: str, kind: str) -> None:
    history, dump = clean()
    plant(history, dump)
    assert (invariant, kind) in {(found.invariant, found.kind) for found in check(history, dump)}
