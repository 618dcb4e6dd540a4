"""The command line of parked events: what it sends, as whom, and what it asks of who signs."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from shared.stack.home import Home
from shared.stack.issuer import EmbeddedIssuer
from shared.stack.parked import app

STREAM = UUID(int=7)
PARKED = {"grp": "safety.trials", "topic": "trials.events", "part": 0, "offset": 4, "version": None}
PARKED |= {"stream_id": None, "reason": "unreadable"}
WAITING = PARKED | {"stream_id": str(STREAM), "version": 2, "reason": "schema"}
PROPOSED = {"discard_id": "d-1", "reason_code": "malformed", "proposed_by": "op-01"}
NOTHING = {"discard_id": None, "reason_code": None, "proposed_by": None}


class Service(BaseHTTPRequestHandler):
    """Keeps what it is sent; asks for a proof where none came."""

    asked: list[tuple[str, dict[str, str], bytes]]

    def do_GET(self) -> None:
        rows = [PARKED | NOTHING, WAITING | PROPOSED, WAITING | NOTHING | {"offset": 5, "version": 3}]
        self._say(200, {"blocked": [], "parked": rows, "discarded": []})

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers["content-length"]))
        type(self).asked.append((self.path, headers, body))
        if "confirm" in self.path and "trialwire-reauthentication" not in headers:
            self._say(401, {"detail": "no proof"}, "insufficient_user_authentication")
        else:
            self._say(201, {"stream_id": str(STREAM)})

    def _say(self, status: int, body: Any, error: str = "") -> None:
        self.send_response(status)
        if error:
            self.send_header("WWW-Authenticate", f'Bearer error="{error}", max_age=300')
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[tuple[str, dict[str, str], bytes]]]:
    Service.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("TRIALWIRE_HOME", str(tmp_path))
    monkeypatch.setenv("TRIALWIRE_SAFETY_URL", f"http://127.0.0.1:{server.server_port}")
    home = Home.at(tmp_path)
    home.prepare()
    EmbeddedIssuer.at(home)
    yield Service.asked
    server.shutdown()
    thread.join()
    server.server_close()


def run(*words: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, words)
    return found.exit_code, found.stdout, found.stderr


def test_a_record_is_named_by_its_stream_or_by_its_place(asked: list[Any]) -> None:
    reason = ("--reason", "malformed")
    assert run("discard", "safety", "safety.trials", str(STREAM), "2", *reason)[1] == f"proposed {STREAM}\n"
    assert run("discard", "safety", "safety.trials", "--at", "trials.events/3/41", *reason)[0] == 0
    named = [json.loads(body)["record"] for _, _, body in asked]
    assert named == [
        {"stream_id": str(STREAM), "version": 2},
        {"topic": "trials.events", "partition": 3, "offset": 41},
    ]
    wrong: tuple[list[str], ...] = (
        [],
        [str(STREAM)],
        ["--at", "trials.events"],
        [str(STREAM), "2", "--at", "a/1/2"],
        ["--at", "a/b/2"],
    )
    for words in wrong:
        assert run("discard", "safety", "safety.trials", *words, *reason)[0] == 2, words
    assert len(asked) == 2
    assert {path for path, _, _ in asked} == {"/v1/commands/propose-discard"}


def test_on_this_stack_it_acts_and_signs_as_whom_it_is_told(asked: list[Any]) -> None:
    assert run("confirm", "safety", str(STREAM), "--as", "quality:q-02")[0] == 0
    assert run("withdraw", "safety", str(STREAM), "--as", "operator:o-01")[0] == 0
    (path, headers, body), (other, _, taken_back) = asked
    assert (path, other) == ("/v1/commands/confirm-discard", "/v1/commands/withdraw-discard")
    assert (
        json.loads(taken_back)
        == {"discard_id": str(STREAM)}
        == {"discard_id": json.loads(body)["discard_id"]}
    )
    assert headers["authorization"].startswith("Bearer ")


def test_with_a_token_of_one_s_own_it_says_what_the_proof_must_be_for(
    asked: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, proof = tmp_path / "token", tmp_path / "proof"
    token.write_text("mine\n")
    proof.write_text("just now\n")
    monkeypatch.setenv("TRIALWIRE_TOKEN_FILE", str(token))
    code, _, said = run("confirm", "safety", str(STREAM))
    assert code == 1
    assert hashlib.sha256(asked[0][2]).hexdigest() in said
    assert "TRIALWIRE_PROOF_FILE" in said
    monkeypatch.setenv("TRIALWIRE_PROOF_FILE", str(proof))
    assert run("confirm", "safety", str(STREAM))[0] == 0
    _, headers, body = asked[1]
    assert headers["authorization"] == "Bearer mine"
    assert headers["trialwire-reauthentication"] == "just now"
    assert body == asked[0][2], "the same body, or the proof would be for another act"


def test_the_list_shows_what_waits_for_a_person_and_nothing_that_waits_behind_it(asked: list[Any]) -> None:
    code, shown, _ = run("list", "--service", "safety")
    assert code == 0
    assert "d-1" in shown
    assert "unreadable" in shown
    assert len(shown.strip().splitlines()) == 3
    assert not asked
