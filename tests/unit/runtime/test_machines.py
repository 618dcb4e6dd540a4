"""The machines' file as a running process has it: a wrong change is told once and harms nobody."""

import os
from importlib import import_module
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from shared.http.app import create_app
from shared.identity.machines import new_secret
from shared.runtime.machines import machines_in
from shared.runtime.metrics import MACHINES_WRONG
from shared.runtime.settings import Settings


def write(file: Path, roles: str, digest: str, at: int) -> None:
    """The file with one machine, changed at this moment."""
    entry = f'[edc-1]\nroles = {roles}\nexpires = "2999-01-01T00:00:00Z"\nsha256 = "{digest}"\n'
    file.write_text(entry, encoding="utf-8")
    os.utime(file, ns=(at, at))


def wrong_changes() -> float:
    return float(MACHINES_WRONG._value.get())


async def test_a_wrong_change_is_logged_and_counted_once_and_answers_no_error(tmp_path: Path) -> None:
    file = tmp_path / "machines.toml"
    secret, digest = new_secret("edc-1")
    write(file, '["system"]', digest, 1)
    service = import_module("services.safety.handlers").SERVICE
    queries = import_module("services.safety.api").router
    settings = Settings(dsn_file=tmp_path, kafka="none:9", machines_file=file)
    transport = httpx.ASGITransport(create_app(service, queries, settings), raise_app_exceptions=False)

    async def ask() -> tuple[int, str]:
        """What the machine, whose role reads nothing here, is told."""
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            answer = await client.get("/v1/cases", headers={"Authorization": f"Bearer {secret}"})
        return answer.status_code, answer.json()["detail"]

    known, before = await ask(), wrong_changes()
    assert known == (403, "system may not read safety.cases")
    write(file, '["quality", "retrieval_specialist"]', digest, 2)
    with capture_logs() as told:
        assert [await ask() for _ in range(3)] == [known] * 3
    assert [(line["event"], line["log_level"]) for line in told] == [("machines.unchanged", "error")]
    assert "edc-1: nobody is both retrieval_specialist and quality" in told[0]["reason"]
    assert digest not in told[0]["reason"]
    assert wrong_changes() == before + 1
    write(file, '["auditor"', digest, 3)
    assert await ask() == known
    file.unlink()
    assert await ask() == known
    assert wrong_changes() == before + 3
    write(file, '["custodian_portal"]', digest, 4)
    assert (await ask())[1] == "custodian_portal may not read safety.cases"


def test_the_api_and_the_commands_topic_have_one_look_at_the_file(tmp_path: Path) -> None:
    write(tmp_path / "machines.toml", '["system"]', "0" * 64, 1)
    assert machines_in(tmp_path / "machines.toml") is machines_in(tmp_path / "machines.toml")


def test_a_wrong_file_stops_a_service_at_its_start(tmp_path: Path) -> None:
    service = import_module("services.safety.handlers").SERVICE
    queries = import_module("services.safety.api").router
    file = tmp_path / "machines.toml"
    for roles, fault in (('["quality", "retrieval_vendor"]', "edc-1: nobody is both"), ("[", "is not TOML")):
        write(file, roles, "0" * 64, 1)
        with pytest.raises(ValueError, match=fault):
            create_app(service, queries, Settings(dsn_file=tmp_path, kafka="none:9", machines_file=file))
