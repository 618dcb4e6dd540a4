"""`trialwire audit` on real logs, the export checked by the stranger's script, and anchoring as it runs."""

import asyncio
import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner, Result

from shared.audit import anchoring, files, places
from shared.audit.keys import Signer, provided, public_pem, signer_in
from shared.contracts.message import Signature
from shared.identity.secret import Secret
from shared.runtime import metrics
from shared.runtime.database import connected, open_pool
from shared.runtime.execute import Executor
from shared.stack.audit import app
from shared.stack.databases import SERVICES
from shared.stack.home import Home
from tests.support import probe
from tests.support.pair import cause, count
from tests.support.stack import Servers, executor, new_database, until

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "howto" / "check_export.py"
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
SIGNATURE = Signature("Dr. Zoë Grün", "approved", NOW, NOW, hashlib.sha256(b"the act").hexdigest())


class Stack:
    """A home with four real logs, and in each the same trial beside another one."""

    def __init__(self, root: Path) -> None:
        self.home = Home.at(root)
        self.trial, self.other = uuid.uuid4(), uuid.uuid4()
        self.dsn: dict[str, str] = {}

    async def made(self, servers: Servers) -> "Stack":
        self.home.prepare()
        provided(places.signing_key(self.home.root), places.public_keys(self.home.root))
        for name in SERVICES:
            service = probe.alpha(name)
            self.dsn[name] = await new_database(servers, service)
            self.home.secret(f"{name}.dsn").write_text(self.dsn[name])
            async with self.log(name) as run:
                for n in range(1, 4):
                    await run.execute(self.counted(self.trial, n), cause(signature=SIGNATURE))
                    await count(run, self.counted(self.other, n))
        return self

    @staticmethod
    def counted(trial: UUID, n: int) -> probe.CountUp:
        note = "Zürich \u2028 ✓"
        return probe.CountUp(tally_id=uuid.uuid5(trial, "tally"), trial_id=trial, n=n, note=note)

    @contextlib.asynccontextmanager
    async def log(self, name: str) -> AsyncIterator[Executor]:
        pool = await open_pool(self.dsn[name], name, 2)
        try:
            yield Executor(probe.alpha(name), pool)
        finally:
            await pool.close()

    async def audit(self, *arguments: str) -> Result:
        """What `trialwire audit` says; it runs a loop of its own."""
        env = {"TRIALWIRE_HOME": str(self.home.root), "COLUMNS": "300"}
        return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), env=env)

    async def exported(self, to: Path) -> Path:
        answer = await self.audit("export", "--trial", str(self.trial), "--to", str(to))
        assert answer.exit_code == 0, answer.output
        return to


@pytest.fixture
async def stack(servers: Servers, tmp_path: Path) -> Stack:
    return await Stack(tmp_path / "home").made(servers)


def check(folder: Path, *more: str) -> tuple[int, str]:
    """Exit code and last line of the stranger's script."""
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-I", str(SCRIPT), str(folder), *more], capture_output=True, text=True, check=False
    )
    return ended.returncode, (ended.stdout + ended.stderr).strip()


async def test_verify_says_what_is_whole_what_is_not_and_what_is_out_of_reach(
    stack: Stack, tmp_path: Path
) -> None:
    before = await stack.audit("verify", "--json")
    assert before.exit_code == 1  # nothing was anchored yet
    await stack.exported(tmp_path / "export")  # anchors all logs
    whole = await stack.audit("verify", "--json")
    assert (whole.exit_code, json.loads(whole.stdout)["whole"]) == (0, True)
    assert json.loads(whole.stdout)["services"]["safety"] == {"anchors": 1, "findings": []}
    stream = uuid.uuid5(stack.trial, "tally")
    async with connected(stack.dsn["safety"], "owner") as owner:
        await owner.execute("ALTER TABLE es.event DISABLE TRIGGER ALL")
        await owner.execute("DELETE FROM es.event WHERE stream_id = $1 AND version = 3", stream)
    broken = await stack.audit("verify", "--service", "safety", "--json")
    found = json.loads(broken.stdout)["services"]["safety"]["findings"]
    assert broken.exit_code == 1
    assert [(one["what"], one["stream_id"], one["version"]) for one in found] == [
        ("missing", str(stream), 3),
        ("truncated", str(stream), 3),
    ]
    said = await stack.audit("verify")
    assert (said.exit_code, f"safety   truncated  {stream}" in said.output) == (1, True), said.output
    assert (await stack.audit("verify", "--service", "trials")).exit_code == 0
    async with connected(stack.dsn["regulatory"], "owner") as owner:
        await owner.execute("DROP TABLE es.anchor")
    assert (await stack.audit("verify", "--service", "regulatory")).exit_code == 3
    stack.home.secret("trials.dsn").write_text("postgresql://nobody@127.0.0.1:9/trials")
    assert (await stack.audit("verify", "--service", "trials")).exit_code == 3
    stack.home.secret("trials.dsn").unlink()
    assert (await stack.audit("verify", "--service", "trials")).exit_code == 3


async def test_verify_trusts_only_the_keys_it_is_given(stack: Stack, tmp_path: Path) -> None:
    await stack.exported(tmp_path / "export")
    keys = tmp_path / "trusted"
    keys.mkdir()
    (keys / "one.pem").write_bytes(public_pem(Ed25519PrivateKey.generate().public_key()))
    answer = await stack.audit("verify", "--keys", str(keys), "--json")
    assert answer.exit_code == 1
    assert "anchor_unknown_key" in answer.stdout
    places.signing_key(stack.home.root).chmod(0o644)
    refused = await stack.audit("verify")
    assert (refused.exit_code, "anchor.pem: only its owner" in refused.output) == (2, True)


async def test_a_stranger_finds_an_export_whole(stack: Stack, tmp_path: Path) -> None:
    folder = await stack.exported(tmp_path / "export")
    code, said = check(folder)
    assert (code, f"whole: 12 events of trial {stack.trial}" in said) == (0, True), said
    key = json.loads((folder / "safety" / "anchor.json").read_text())["key_id"]
    assert check(folder, key)[0] == 0
    assert check(folder, "0" * 16)[0] == 1
    first = json.loads((folder / "safety" / "signatures.ndjson").read_text().splitlines()[0])
    assert (first["name"], first["role"], first["meaning"]) == ("Dr. Zoë Grün", "developer", "approved")
    assert str(stack.other) not in (folder / "safety" / "events.ndjson").read_text()


async def test_a_changed_key_signs_from_the_next_anchor_on_and_what_both_signed_is_whole(
    stack: Stack, tmp_path: Path
) -> None:
    key, folder = places.signing_key(stack.home.root), places.anchors(stack.home.root, "safety")
    kept: list[str] = []
    signer = Secret(key, signer_in, lambda fault: kept.append(type(fault).__name__))
    old = signer().key_id

    def signed_by() -> list[str]:
        return [files.read(folder, number).key_id for number in files.numbers(folder)]

    await stack.exported(tmp_path / "first")  # anchors all logs
    async with stack.log("safety") as run:
        task = asyncio.create_task(
            anchoring.anchoring(run.pool, "safety", signer, folder, every=0.05, pause=60)
        )
        try:
            key.chmod(0o644)  # others may read it: no key to sign with
            await count(run, stack.counted(stack.trial, 4))
            await until(lambda: signed_by() == [old, old])
            key.chmod(0o600)
            said = await stack.audit("new-key", "--json")
            new = json.loads(said.stdout)["key_id"]
            await count(run, stack.counted(stack.trial, 5))
            await until(lambda: len(signed_by()) > 2)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert signed_by() == [old, old, new]
    assert set(kept) == {"KeyFileError"}
    whole = await stack.audit("verify", "--json")
    assert (whole.exit_code, json.loads(whole.stdout)["whole"]) == (0, True)
    export = await stack.exported(tmp_path / "second")
    assert check(export, old, new)[0] == 0
    code, output = check(export, new)  # the others had nothing new to sign
    assert (code, f"signed by the key {old}, not by {new}" in output) == (1, True), output


async def test_an_export_without_the_signing_key_leaves_out_what_is_not_anchored(
    stack: Stack, tmp_path: Path
) -> None:
    places.signing_key(stack.home.root).rename(tmp_path / "kept.pem")
    without = await stack.audit("export", "--trial", str(stack.trial), "--to", str(tmp_path / "none"))
    assert (without.exit_code, "no anchor yet" in without.output) == (1, True)
    (tmp_path / "kept.pem").rename(places.signing_key(stack.home.root))
    await stack.exported(tmp_path / "first")
    places.signing_key(stack.home.root).rename(tmp_path / "kept.pem")
    async with stack.log("safety") as run:
        await count(run, stack.counted(stack.trial, 4))
    folder = await stack.exported(tmp_path / "second")
    code, said = check(folder)
    assert (code, said.splitlines()[-1]) == (
        0,
        "1 events came after the anchors and are not in the export",
    )


async def test_an_export_goes_to_a_new_folder_only(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("")
    for taken in (tmp_path, tmp_path / "there"):
        answer = await stack.audit("export", "--trial", str(stack.trial), "--to", str(taken))
        assert answer.exit_code == 2


async def test_a_stranger_finds_and_names_what_was_changed_in_an_export(stack: Stack, tmp_path: Path) -> None:
    whole = await stack.exported(tmp_path / "export")
    stream = uuid.uuid5(stack.trial, "tally")

    def edit(name: str, change: Callable[[str], str], cover: bool = True) -> Callable[[Path], None]:
        def apply(folder: Path) -> None:
            file = folder / name
            file.write_text(change(file.read_text()))
            if cover:  # a forger makes the manifest fit
                content: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
                for entry in content["files"]:
                    bytes_ = (folder / entry["name"]).read_bytes()
                    entry.update(size=len(bytes_), sha256=hashlib.sha256(bytes_).hexdigest())
                (folder / "manifest.json").write_text(json.dumps(content))

        return apply

    def without_last(text: str) -> str:
        return "".join(text.splitlines(keepends=True)[:-1]) if "\u2028" not in text else _cut(text)

    def forged(text: str) -> str:
        return text.replace('"root": "', '"root": "00')[: len(text) + 2]

    events = "safety/events.ndjson"
    other_number = edit(events, lambda text: text.replace('\\"n\\":2', '\\"n\\":3'))
    cases: list[tuple[str, Callable[[Path], None], str]] = [
        ("edited event", other_number, f"stream {stream}, version 2: the event is not the one"),
        ("dropped last event", edit(events, without_last), f"stream {stream} ends at version 2"),
        ("no event left", edit(events, lambda text: ""), f"stream {stream} has no events"),
        ("dropped proof", edit("safety/proofs.ndjson", lambda text: ""), f"stream {stream} has no proof"),
        (
            "other place",
            edit("safety/proofs.ndjson", lambda text: text.replace('"index": ', '"index": 1')),
            f"stream {stream} is not under the signed root",
        ),
        ("forged anchor", edit("safety/anchor.json", forged), "the signature of the anchor of safety"),
        (
            "anchor of another service",
            lambda folder: edit("safety/anchor.json", lambda _: (folder / "trials/anchor.json").read_text())(
                folder
            ),
            "the anchor in safety is that of trials",
        ),
        (
            "other signature",
            edit("safety/signatures.ndjson", lambda text: text.replace("approved", "seen")),
            "safety/signatures.ndjson is not what stands in the events",
        ),
        (
            "file changed alone",
            edit(events, lambda text: text + "\n", cover=False),
            f"{events} is not the file that manifest.json describes",
        ),
        (
            "changed manifest",
            edit("manifest.json", lambda text: text.replace('"size": ', '"size": 1'), cover=False),
            "is not the file that manifest.json describes",
        ),
        ("file taken out", lambda folder: (folder / events).unlink(), f"{events} is missing"),
        (
            "file put in",
            lambda folder: (folder / "more.txt").touch(),
            "more.txt is not named in manifest.json",
        ),
        ("no JSON", edit("safety/proofs.ndjson", lambda text: "{"), "something cannot be read"),
    ]
    for name, tamper, said in cases:
        folder = tmp_path / "tampered"
        shutil.copytree(whole, folder)
        tamper(folder)
        code, output = check(folder)
        assert (code, said in output.splitlines()[-1]) == (1, True), (name, output)
        shutil.rmtree(folder)
    assert check(whole)[0] == 0


def _cut(text: str) -> str:
    return "".join(line + "\n" for line in text.split("\n")[:-2])


async def test_anchoring_goes_on_through_an_outage_and_shows_broken_chains(
    servers: Servers, tmp_path: Path
) -> None:
    signer, folder = Signer(Ed25519PrivateKey.generate()), tmp_path / "alpha"
    async with executor(servers, probe.alpha()) as run:
        task = asyncio.create_task(
            anchoring.anchoring(run.pool, "alpha", lambda: signer, folder, every=0.05, pause=0.05)
        )
        try:
            stream = uuid.uuid4()
            command = probe.CountUp(tally_id=stream, trial_id=stream, n=1)
            await count(run, command)
            await until(
                lambda: files.numbers(folder) and files.read(folder, files.numbers(folder)[-1]).streams
            )
            taken = len(files.numbers(folder))
            await asyncio.sleep(0.3)
            assert len(files.numbers(folder)) == taken  # nothing was appended
            database = await run.pool.fetchval("SELECT current_database()")
            async with connected(servers.postgres, "owner") as owner:
                for _ in range(3):
                    await owner.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database
                    )
                    await asyncio.sleep(0.05)
            await until(lambda: not task.done())
            await count(run, command)
            await until(lambda: len(files.numbers(folder)) > taken)
            assert metrics.ANCHORING_FAILED._value.get() == 0
            await until(lambda: metrics.BROKEN_STREAMS._value.get() == 0)
            sound = "(SELECT head_hash FROM es.stream WHERE stream_id = $1)"
            kept = await run.pool.fetchval(f"SELECT {sound}", stream)
            await run.pool.execute(
                "UPDATE es.stream SET head_hash = sha256(head_hash) WHERE stream_id = $1", stream
            )
            await until(lambda: metrics.BROKEN_STREAMS._value.get() == 1)
            await run.pool.execute("UPDATE es.stream SET head_hash = $2 WHERE stream_id = $1", stream, kept)
            await until(lambda: metrics.BROKEN_STREAMS._value.get() == 0)
            files.path_of(folder, 1).unlink()
            await until(lambda: metrics.ANCHORING_FAILED._value.get() == 1)
            assert not task.done()
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def test_a_service_that_starts_again_waits_until_an_anchor_is_due(
    servers: Servers, tmp_path: Path
) -> None:
    signer, folder = Signer(Ed25519PrivateKey.generate()), tmp_path / "alpha"
    async with executor(servers, probe.alpha()) as run:
        for n in (1, 2):
            await count(run, probe.CountUp(tally_id=uuid.uuid4(), trial_id=uuid.uuid4(), n=n))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(anchoring.anchoring(run.pool, "alpha", lambda: signer, folder), 1)
            assert files.numbers(folder) == [1]
        assert files.read(folder, 1).streams == 1
