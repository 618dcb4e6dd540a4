"""A service and its vault as they start and run: wrong keys keep it from starting, new ones are taken."""

import asyncio
import base64
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.retrieval.handlers import SERVICE
from shared.runtime import metrics
from shared.runtime.database import open_pool
from shared.vault.errors import MasterKeyError
from shared.vault.keys import FileMasterKeys
from shared.vault.vault import open_vault
from tests.support import identity
from tests.support.raw import secret
from tests.support.served import served
from tests.support.stack import Servers, new_database, until

ONE, TWO = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))


def keys(folder: Path, text: str) -> Path:
    file = folder / "masters.json"
    file.touch(0o600)
    file.write_text(text)
    return file


def holding(**known: str) -> str:
    return json.dumps({"current": [*known][-1], "keys": known})


async def start(servers: Servers, dsn: str, **environment: str) -> tuple[int, str]:
    """Exit status and output of the service as a process that does not get as far as serving."""
    believed = {f"TRIALWIRE_{name.upper()}": str(value) for name, value in identity.believed().items()}
    own = {
        "TRIALWIRE_DSN_FILE": str(await secret(dsn)),
        "TRIALWIRE_KAFKA": servers.kafka,
        "TRIALWIRE_PORT": "0",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.retrieval.app",
        env={**os.environ, **believed, **own, **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(process.communicate(), 40)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_a_service_with_a_wrong_or_missing_master_key_says_so_and_does_not_start(
    servers: Servers, tmp_path: Path
) -> None:
    dsn = await new_database(servers, SERVICE)
    url = (tmp_path / "store").as_uri()
    pool = await open_pool(dsn, "test", 2)
    vault = await open_vault(pool, "retrieval", url, keys(tmp_path, holding(one=ONE)))
    await vault.write(uuid4(), uuid4(), uuid4(), _bytes(b"x"), "text/plain")
    await pool.close()
    for text, expected in (
        (holding(one=TWO), "'one' is not the one that retrieval's vault knows by that id"),
        (holding(two=TWO), "no key has the id 'one'"),
        (holding(one=ONE[:-8]), "the key 'one' must be base64 of 32 bytes"),
        ("{", "it must be JSON that names nothing twice"),
    ):
        file = keys(tmp_path, text)
        code, said = await start(servers, dsn, TRIALWIRE_VAULT_URL=url, TRIALWIRE_MASTER_KEYS_FILE=str(file))
        assert code != 0
        assert expected in said, said
        assert not any(key[:-8] in said for key in (ONE, TWO))
    code, said = await start(servers, dsn, TRIALWIRE_VAULT_URL=url, TRIALWIRE_MASTER_KEYS_FILE="none.json")
    assert (code != 0, "none.json: it cannot be read" in said) == (True, True)
    code, said = await start(servers, dsn, TRIALWIRE_VAULT_URL="", TRIALWIRE_MASTER_KEYS_FILE="")
    assert (code != 0, "TRIALWIRE_VAULT_URL and TRIALWIRE_MASTER_KEYS_FILE are required" in said) == (
        True,
        True,
    )


async def test_a_running_service_takes_new_master_keys_and_keeps_the_former_where_they_are_wrong(
    servers: Servers, tmp_path: Path
) -> None:
    file = keys(tmp_path, holding(one=ONE))
    more: dict[str, Any] = {"master_keys_file": file, "vault_url": (tmp_path / "store").as_uri()}
    async with served(servers, SERVICE, **more) as (client, app):
        pool, trial, sponsor = app.state.pool, uuid4(), uuid4()
        await pool.execute("INSERT INTO es.trial VALUES ($1, $2)", trial, sponsor)

        async def store() -> tuple[str, str]:
            ref, subject = uuid4(), uuid4()
            asked = {
                "trial": str(trial),
                "subject": str(subject),
                "site": str(trial),
                "kind": "medical_record",
            }
            headers = {"Content-Type": "text/plain"}
            answer = await client.put(f"/v1/documents/{ref}", content=b"x", params=asked, headers=headers)
            assert answer.status_code == 201, answer.text
            master = "SELECT master_id FROM vault.subject WHERE subject_id = $1"
            return str(ref), await pool.fetchval(master, subject)

        first, master = await store()
        assert master == "one"
        refused = metrics.VAULT.labels("master_keys", "refused")
        before = refused._value.get()
        file.write_text(holding(one=TWO))
        await until(lambda: refused._value.get() == before + 1, 10)
        assert (await store())[1] == "one"
        file.write_text(holding(one=ONE, two=TWO))
        for _ in range(100):
            if (await store())[1] == "two":
                break
            await asyncio.sleep(0.1)
        else:
            pytest.fail("the new master key was not taken")
        assert refused._value.get() == before + 1
        limited = identity.issuer().headers("operator:op-01", sponsors=[sponsor])
        assert (await client.post("/v1/vault/rewrap", headers=limited)).status_code == 404
        answer = await client.post("/v1/vault/rewrap")
        assert answer.json()["rewrapped"] >= 2
        assert (await client.post("/v1/vault/rewrap")).json() == {"rewrapped": 0}
        got = await client.get(f"/v1/documents/{first}/content", params={"purpose": "quality_control"})
        assert got.content == b"x"
        # The old one is not needed any more.
        with pytest.raises(MasterKeyError):
            await open_vault(
                pool, "retrieval", more["vault_url"], FileMasterKeys(keys(tmp_path, holding(one=ONE)))
            )
        await open_vault(
            pool, "retrieval", more["vault_url"], FileMasterKeys(keys(tmp_path, holding(two=TWO)))
        )


async def _bytes(content: bytes) -> Any:
    yield content
