"""Check a folder made by `trialwire audit export` without Trialwire: python check_export.py FOLDER [KEY_ID …]

Needs Python 3.11 and the package `cryptography`. Ends with 0 when all of it holds, else with 1 and the first
thing that does not. Give the KEY_IDs that you were told by another way than this folder.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

SERVICE_FILES = ("anchor.json", "events.ndjson", "proofs.ndjson", "signatures.ndjson")


def wrong(what: str) -> NoReturn:
    print(f"NOT WHOLE: {what}", file=sys.stderr)
    sys.exit(1)


def netstrings(*parts: object) -> bytes:
    """Each part as <length in bytes>:<UTF-8>, with a comma behind it."""
    texts = [str(part).encode() for part in parts]
    return b"".join(b"%d:%s," % (len(text), text) for text in texts)


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def lines(file: Path) -> list[Any]:
    # Not splitlines(): a text may hold other signs that end a line.
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]


def check_manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    named = {entry["name"]: entry for entry in manifest["files"]}
    there = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    needed = {f"{service}/{name}" for service in manifest["services"] for name in SERVICE_FILES}
    for name in sorted((there ^ {*named, "manifest.json"}) | (needed - there)):
        wrong(f"{name} is " + ("not named in manifest.json" if name in there else "missing"))
    for name, entry in sorted(named.items()):
        content = (folder / name).read_bytes()
        if (len(content), sha256(content).hex()) != (entry["size"], entry["sha256"]):
            wrong(f"{name} is not the file that manifest.json describes")
    return manifest


def check_anchor(folder: Path, service: str, trusted: list[str]) -> dict[str, Any]:
    anchor: dict[str, Any] = json.loads((folder / service / "anchor.json").read_text(encoding="utf-8"))
    name = anchor["key_id"]
    if trusted and name not in trusted:
        wrong(f"the anchor of {service} is signed by the key {name}, not by {' or '.join(trusted)}")
    key = load_pem_public_key((folder / "keys" / f"{name}.pem").read_bytes())
    if not isinstance(key, Ed25519PublicKey) or sha256(key.public_bytes_raw()).hex()[:16] != name:
        wrong(f"keys/{name}.pem is not the key {name}")
    signed = ("service", "number", "taken_at", "upto_pos", "streams", "root", "previous")
    text = netstrings("trialwire anchor v1", *(anchor[field] for field in signed))
    try:
        key.verify(bytes.fromhex(anchor["signature"]), text)
    except InvalidSignature:
        wrong(f"the signature of the anchor of {service} is not valid")
    if anchor["service"] != service:
        wrong(f"the anchor in {service} is that of {anchor['service']}")
    return anchor


def check_chain(stream: str, events: list[Any], proof: Any) -> None:
    """Each event is hashed with the hash of the one before; the last hash is the anchored one."""
    before = sha256(netstrings("genesis", stream))
    for version, event in enumerate(events, 1):
        if event["version"] != version:
            wrong(f"stream {stream} has no version {version}")
        hashed = ("stream_id", "version", "event_id", "type", "sponsor_id", "key", "data", "meta", "us")
        after = sha256(before + netstrings(*(event[field] for field in hashed)))
        if (event["prev_hash"], event["hash"]) != (before.hex(), after.hex()):
            wrong(f"stream {stream}, version {version}: the event is not the one that was recorded")
        before = after
    if (len(events), before.hex()) != (proof["version"], proof["hash"]):
        wrong(f"stream {stream} ends at version {len(events)}, not as anchored at {proof['version']}")


def check_proof(anchor: Any, proof: Any) -> None:
    """The way from the stream's leaf to the signed root, RFC 6962 section 2.1.1."""
    found = sha256(b"\0" + netstrings(proof["stream_id"], proof["version"], proof["hash"]))
    index, last, path = proof["index"], anchor["streams"] - 1, list(proof["path"])
    while last and 0 <= index <= last:
        if index ^ 1 <= last:  # one without a neighbour moves up as it is
            beside = bytes.fromhex(path.pop(0)) if path else b""
            found = sha256(b"\1" + (beside + found if index & 1 else found + beside))
        index, last = index // 2, last // 2
    if index or last or path or found.hex() != anchor["root"]:
        wrong(f"stream {proof['stream_id']} is not under the signed root")


def check_signatures(service: str, events: list[Any], signatures: list[Any]) -> None:
    """The list of signatures says what the events themselves say."""
    place = ("stream_id", "version", "event_id", "type")
    expected = []
    for event in events:
        meta = json.loads(event["meta"])
        if "signature" in meta:
            role = meta["actor"].partition(":")[0]
            expected.append({**{field: event[field] for field in place}, "role": role, **meta["signature"]})
    if signatures != expected:
        wrong(f"{service}/signatures.ndjson is not what stands in the events")


def check_service(folder: Path, service: str, trusted: list[str]) -> tuple[int, int]:
    anchor = check_anchor(folder, service, trusted)
    streams: dict[str, list[Any]] = {}
    events = lines(folder / service / "events.ndjson")
    for event in events:
        streams.setdefault(event["stream_id"], []).append(event)
    proofs = {proof["stream_id"]: proof for proof in lines(folder / service / "proofs.ndjson")}
    for stream in sorted(streams.keys() ^ proofs.keys()):
        wrong(f"stream {stream} has " + ("no proof" if stream in streams else "no events"))
    for stream, its_events in streams.items():
        check_chain(stream, its_events, proofs[stream])
        check_proof(anchor, proofs[stream])
    check_signatures(service, events, lines(folder / service / "signatures.ndjson"))
    print(f"{service}: {len(streams)} streams under anchor {anchor['number']} of {anchor['taken_at']}")
    return len(streams), len(events)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder, trusted = Path(sys.argv[1]), sys.argv[2:]
    try:
        manifest = check_manifest(folder)
        counts = [check_service(folder, service, trusted) for service in manifest["services"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as fault:
        wrong(f"something cannot be read: {type(fault).__name__}: {fault}")
    print(f"whole: {sum(events for _, events in counts)} events of trial {manifest['trial']}")
    print(f"signed by: {', '.join(sorted(file.stem for file in (folder / 'keys').iterdir()))}")
    later = sum(service["events_after_anchor"] for service in manifest["services"].values())
    if later:
        print(f"{later} events came after the anchors and are not in the export")


if __name__ == "__main__":
    main()
