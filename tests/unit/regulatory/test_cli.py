"""`trialwire irb` and `trialwire deadlines`: exit codes, and one list of what several services owe."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.regulatory.cli import OWNERS, deadlines, irb

ROW = {
    "status": "armed",
    "code": "us_ind_15_day",
    "citation": "21 CFR 312.32(c)(1)",
    "anchor": "receipt",
    "anchor_on": "2026-03-02",
    "owner": "sponsor",
}
# Every service has its own deadline and shows one that it does not own.
BOARD = [
    ROW | {"deadline_id": "b", "due_on": "2026-03-17"},
    ROW | {"deadline_id": "a", "due_on": "2026-03-09", "service": "trials"},
]


class Answers(BaseHTTPRequestHandler):
    """Answers any query as an API does that has these deadlines; remembers what it was asked."""

    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        owner, _, path = self.path.removeprefix("/").partition("/")
        found = path.startswith("v1/deadlines")
        self.send_response(200 if found else 404)
        self.end_headers()
        items = [{"service": owner} | row for row in BOARD]
        body = {"items": items, "next": None} if found else {"detail": "there is nothing"}
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Tests stay quiet."""


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    Answers.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        for name in OWNERS:
            address = f"http://127.0.0.1:{server.server_port}/{name}"
            monkeypatch.setenv(f"TRIALWIRE_{name.upper()}_URL", address)
        yield Answers.asked
        server.shutdown()


def test_without_a_running_stack_the_exit_code_is_three(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIALWIRE_HOME", str(tmp_path))
    result = CliRunner().invoke(irb, ["list"])
    assert result.exit_code == 3
    assert "trialwire up" in result.stderr


def test_a_service_that_does_not_answer_gives_exit_code_three(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("TRIALWIRE_REGULATORY_URL", f"http://127.0.0.1:{port}")
    assert CliRunner().invoke(irb, ["list", "--json"]).exit_code == 3


def test_deadlines_of_all_services_come_as_one_list_each_from_its_owner(api: list[str]) -> None:
    result = CliRunner().invoke(deadlines, ["list", "--json"])
    assert result.exit_code == 0
    items = json.loads(result.stdout)["items"]
    assert [row["service"] for row in items] == list(OWNERS)
    assert {row["due_on"] for row in items} == {"2026-03-17"}
    assert all("status=armed" in path and "status=missed" in path for path in api)
    assert len(api) == 3


def test_deadlines_are_a_table_for_a_person(api: list[str]) -> None:
    result = CliRunner().invoke(deadlines, ["list", "--all"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "2026-03-17" in result.stdout
    assert not any("status=" in path for path in api)


def test_an_unknown_review_fails_with_what_the_service_says(api: list[str]) -> None:
    result = CliRunner().invoke(irb, ["show", "00000000-0000-0000-0000-000000000001"])
    assert result.exit_code == 1
    assert "404" in result.stderr
