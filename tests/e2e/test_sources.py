"""A source system as a stranger would write it: signed summaries on the topic, and days that are missing."""

import base64
import csv
import io
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from shared.stack import access
from shared.stack.api import StackAddresses
from shared.stack.demo.stage import Stage
from shared.stack.home import Home
from shared.stack.issuer import machines_file
from tests.e2e.desk import about, desk, enrolling_trial

SCRIPT = Path(__file__).parents[2] / "docs" / "howto" / "send_readings.py"


def let_in(home: Path, name: str, trial: str, folder: Path) -> Path:
    """A machine of the role `system` that reaches one trial; answers with its key file."""
    key = Ed25519PrivateKey.generate()
    public = base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    with machines_file(Home.at(home)).open("a", encoding="utf-8") as file:
        file.write(f'\n[{name}]\nroles = ["system"]\ntrials = ["{trial}"]\n')
        file.write(f'expires = "2199-01-01T00:00:00Z"\ned25519 = "{public}"\n')
    place = folder / f"{name}.pem"
    place.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return place


def send(stack: StackAddresses, home: Path, machine: str, key: Path, rows: list[dict[str, Any]]) -> str:
    """What the sample producer says after it has sent the rows."""
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    login = Home.at(home).secret(f"{access.SOURCE}.kafka")
    command = [sys.executable, str(SCRIPT), stack.kafka, str(login), machine, str(key)]
    done = subprocess.run(  # noqa: S603 - our own script
        command, input=text.getvalue(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def feed_of(stage: Stage, subject: str) -> dict[str, Any]:
    answer = await stage.ask("trials", f"/v1/trials/{stage.story.trial}/feeds", subject=subject)
    (found,) = answer["items"]
    row: dict[str, Any] = found
    return row


async def test_a_sample_producer_tells_days_and_the_clock_tells_those_that_are_missing(
    stack: StackAddresses, home: Path, tmp_path: Path
) -> None:
    async with desk(stack, home) as stage:
        await enrolling_trial(stage)
        ids = {name: str(value) for name, value in about(stage).items()}
        key = let_in(home, f"wrist-{uuid4().hex[:8]}", ids["trial_id"], tmp_path)
        ids["source_system"] = "wrist-1"
        first = stage.today - timedelta(days=4)
        async with stage.step("readings are due since four days", 20):
            due = {"kind": "wearable", "begins_on": first, "zone": "UTC", "late_after": 1}
            measures = [{"code": "heart_rate", "expected_a_day": 24}]
            await stage.act("data_manager:d-17", "trials", "start-feed", **ids, **due, measures=measures)
            await stage.come("trials.feed.day_missing", subject_id=ids["subject_id"])
        rows = [
            {**ids, "day": first + timedelta(days=n), "measure": "heart_rate", "received": 20 + n}
            | {"raw_data_ref": f"readings/{n}", "sha256": f"{n}" * 64, "revision": 1}
            for n in range(2)
        ]
        async with stage.step("two of the days come late, and once more", 30):
            assert send(stack, home, key.stem, key, rows) == "2 summaries sent\n"
            assert send(stack, home, key.stem, key, rows) == "2 summaries sent\n"
            told = await stage.come("trials.feed.day_summarised", 2, subject_id=ids["subject_id"])
        async with stage.step("a correction is taken back", 30):
            wrong = {**rows[0], "received": 3, "revision": 2}
            send(stack, home, key.stem, key, [wrong, {**rows[0], "revision": 3}])
            back = await stage.come("trials.feed.day_summarised", 4, subject_id=ids["subject_id"])
        assert [(event.data["received_before"], event.data["received"]) for event in back[2:]] == [
            (20, 3),
            (3, 20),
        ]
        assert [event.data["was_missing"] for event in told] == [True, True]
        assert {str(event.actor) for event in told} == {f"system:{key.stem}"}
        row = await feed_of(stage, ids["subject_id"])
        assert (row["received"], row["expected"], row["days_missing"]) == (41, 72, 1)
        assert row["completeness"] == 0.5694
        async with stage.step("another trial is beyond its reach", 30):
            other = {**rows[0], "trial_id": str(uuid4()), "subject_id": str(uuid4())}
            send(stack, home, key.stem, key, [other])
            await stage.come("trials.command.refused", command_type="trials.record_daily_summary.v1")
