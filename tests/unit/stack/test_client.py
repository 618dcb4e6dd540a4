"""The client of the commands: pages until there is enough, exit codes, and answers in one line."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import typer
from typer.testing import CliRunner

from services.retrieval.cli import app as records
from services.safety.cli import app as ae
from shared.stack import client

ROWS = [{"n": n} for n in range(2_500)]
PROBLEM = {"detail": "a parameter breaks a rule", "errors": [{"pointer": "/query/status", "detail": "no"}]}


class Service(BaseHTTPRequestHandler):
    """A list by pages at /list, one problem each at the path of its status, and a page of HTML."""

    asked: list[dict[str, list[str]]]

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        query = parse_qs(path.query)
        type(self).asked.append(query)
        name = path.path.removeprefix("/")
        if name == "list":
            start, limit = int(query.get("after", ["0"])[0]), int(query["limit"][0])
            rest = start + limit < len(ROWS)
            body: Any = {"items": ROWS[start : start + limit], "next": str(start + limit) if rest else None}
        else:
            body = PROBLEM
        self.send_response(int(name) if name.isdigit() else 200)
        self.end_headers()
        self.wfile.write(b"<html>" if name == "html" else json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Tests stay quiet."""


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, list[str]]]]:
    Service.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("TRIALWIRE_SAFETY_URL", f"http://127.0.0.1:{server.server_port}/")
        yield Service.asked
        server.shutdown()


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(("most", "more"), [(1, True), (1_000, True), (1_001, True), (2_500, False)])
def test_a_list_is_as_long_as_asked_from_as_many_pages_as_it_takes(most: int, more: bool) -> None:
    found = client.listed("safety", "/list", most)
    assert (found["items"], bool(found["next"])) == (ROWS[:most], more)


def test_what_is_not_asked_is_left_out_and_a_list_repeats_its_name(
    api: list[dict[str, list[str]]],
) -> None:
    client.get("safety", "/200", trial=None, status=["armed", "missed"], waiting=True)
    assert api == [{"status": ["armed", "missed"], "waiting": ["True"]}]


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("/404", client.FAILED, "404: a parameter breaks a rule; /query/status no"),
        ("/422", client.WRONG_USE, "/query/status no"),
        ("/400", client.WRONG_USE, "400"),
        ("/503", client.FAILED, "503"),
        ("/html", client.FAILED, "no JSON"),
    ],
)
def test_a_problem_is_a_line_and_an_exit_code(
    path: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        client.get("safety", path)
    assert ended.value.exit_code == code
    assert said in capsys.readouterr().err


def test_an_address_that_is_none_is_wrong_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALWIRE_SAFETY_URL", "http://127.0.0.1:port")
    with pytest.raises(typer.Exit) as ended:
        client.get("safety", "/list")
    assert ended.value.exit_code == client.WRONG_USE


def test_a_date_that_is_none_is_wrong_use() -> None:
    assert CliRunner().invoke(records, ["list", "--needed-by", "2026-13-01"]).exit_code == client.WRONG_USE
    one = "00000000-0000-0000-0000-000000000001"
    about = ["--trial", one, "--site", one, "--subject", one, "--zone", "UTC"]
    result = CliRunner().invoke(ae, ["report", *about, "--received-on", "yesterday"])
    assert result.exit_code == client.WRONG_USE


def test_ids_stay_whole_in_a_table_for_another_program(capsys: pytest.CaptureFixture[str]) -> None:
    id_ = "0" * 36
    client.show({"items": [{"id": id_, "title": "x" * 200}], "next": None}, ("id", "title"), False)
    shown = capsys.readouterr().out
    assert id_ in shown
    assert "x" * 200 in shown


def test_an_empty_list_says_so_and_a_longer_one_names_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    client.show({"items": [], "next": None}, ("id",), False)
    client.show({"items": [{"id": 1}], "next": "x"}, ("id",), False)
    assert capsys.readouterr().err == "nothing found\nthere are more: --limit\n"
