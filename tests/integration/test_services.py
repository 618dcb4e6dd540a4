"""Each service starts on a real broker and database, and its tables fit its rows."""

import dataclasses
import importlib

import pytest

from shared.runtime.service import Service
from tests.support.stack import Servers, executor, process

NAMES = ("trials", "regulatory", "safety", "retrieval")


def service(name: str) -> Service:
    found: Service = importlib.import_module(f"services.{name}.handlers").SERVICE
    return found


@pytest.mark.parametrize("name", NAMES)
async def test_a_service_becomes_ready(servers: Servers, name: str) -> None:
    async with process(servers, service(name)) as running:
        assert running.alive() == {}


@pytest.mark.parametrize("name", NAMES)
async def test_every_table_has_the_columns_of_its_row_and_all_but_the_key_may_be_left_out(
    servers: Servers, name: str
) -> None:
    async with executor(servers, service(name)) as run:
        for row in {p.row for p in run.service.projections}:
            found = await run.pool.fetch(
                "SELECT column_name, is_nullable = 'YES' OR column_default IS NOT NULL AS optional"
                " FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1",
                row.table,
            )
            assert {c["column_name"] for c in found} == {f.name for f in dataclasses.fields(row)}, row
            mandatory = {c["column_name"] for c in found if not c["optional"]}
            assert mandatory <= set(row.key), row
