"""A sample source system: puts daily summaries of readings on the topic trials.commands, each one signed.

    python send_readings.py SERVERS LOGIN_FILE MACHINE KEY_FILE < summaries.csv

Needs Python 3.11 and the packages `aiokafka` and `cryptography`. LOGIN_FILE holds `user:password` of a Kafka
login that may write there, KEY_FILE the machine's Ed25519 key as PEM. The CSV's columns are its fields, and
`revision`, the how-manieth telling of the day it is.
"""

import asyncio
import base64
import csv
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from aiokafka import AIOKafkaProducer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

TYPE = "trials.record_daily_summary.v1"
NUMBERS = {"received"}


def netstrings(*parts: str | bytes) -> bytes:
    """Each part as <length in bytes>:<bytes>, with a comma behind it."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(b"%d:%s," % (len(part), part) for part in encoded)


def record(row: dict[str, str], machine: str, key: Ed25519PrivateKey) -> dict[str, object]:
    """One command record. The same line gets the same id, so that sending it again changes nothing.

    Without its revision a summary that takes a correction back would have the first one's id, and be dropped.
    """
    said = {name: text for name, text in row.items() if name != "revision"}
    body = {name: int(text) if name in NUMBERS else text for name, text in said.items() if text}
    value = json.dumps(body, sort_keys=True).encode()
    id_ = str(uuid5(NAMESPACE_URL, f"{row['revision']}|{value.decode()}"))
    time = datetime.now(UTC).isoformat()
    record_key = row["subject_id"].encode()  # a subject's days stay in order
    signature = key.sign(netstrings("trialwire command", id_, TYPE, time, record_key, value))
    told = {
        "ce_specversion": "1.0",
        "ce_type": TYPE,
        "ce_source": f"/{row['source_system']}",
        "ce_id": id_,
        "ce_time": time,
        "ce_keyid": machine,
        "ce_signature": base64.b64encode(signature).decode(),
        "content-type": "application/json",
    }
    return {"key": record_key, "value": value, "headers": [(n, t.encode()) for n, t in told.items()]}


async def send(servers: str, login: str, machine: str, key: Ed25519PrivateKey) -> int:
    user, _, password = login.strip().partition(":")
    sent = 0
    async with AIOKafkaProducer(
        bootstrap_servers=servers,
        enable_idempotence=True,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=user,
        sasl_plain_password=password,
    ) as topic:
        for row in csv.DictReader(sys.stdin):
            await topic.send_and_wait("trials.commands", **record(row, machine, key))
            sent += 1
    return sent


if __name__ == "__main__":
    servers, login_file, machine, key_file = sys.argv[1:]
    key = load_pem_private_key(Path(key_file).read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        sys.exit(f"{key_file} holds another kind of key")
    login = Path(login_file).read_text(encoding="utf-8")
    print(asyncio.run(send(servers, login, machine, key)), "summaries sent")
