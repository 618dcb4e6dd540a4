"""Wrong use of the commands: said in a sentence, with the exit code of its kind."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
import typer
from typer.testing import CliRunner

from services.trials.cli.budget import budget
from services.trials.cli.data import data
from services.trials.cli.enrolment import enrolment
from services.trials.cli.imports import imports
from services.trials.cli.site import site
from services.trials.cli.trial import trial

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def _no_stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRIALWIRE_HOME", str(tmp_path))
    monkeypatch.delenv("TRIALWIRE_TRIALS_URL", raising=False)


def test_a_file_that_is_not_there_is_wrong_use() -> None:
    result = run(imports, ["ctgov", "nowhere.ndjson"])
    assert (result.exit_code, "there is no file nowhere.ndjson" in result.output) == (2, True)


def test_a_file_of_counts_that_is_not_there_is_wrong_use() -> None:
    result = run(imports, ["data-counts", "nowhere.csv"])
    assert (result.exit_code, "there is no file nowhere.csv" in result.output) == (2, True)


def test_a_folder_without_the_table_of_subjects_is_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "sv.csv").touch()
    for folder in (tmp_path, tmp_path / "nowhere"):
        result = run(imports, ["sdtm", str(folder), "--trial", str(UUID(int=1))])
        assert (result.exit_code, "there is no" in result.output) == (2, True)


@pytest.mark.parametrize(
    ("group", "asked"), [(budget, "list"), (budget, "invoices"), (data, f"show {UUID(int=1)}")], ids=str
)
def test_pages_of_money_and_data_need_a_running_service(group: typer.Typer, asked: str) -> None:
    assert run(group, asked.split()).exit_code == 3


def test_without_a_running_service_nothing_is_ready() -> None:
    result = run(imports, ["ctgov", "-"], input=b"[]")
    assert (result.exit_code, "trialwire up" in result.output) == (3, True)


def test_a_service_that_does_not_answer_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALWIRE_TRIALS_URL", "http://127.0.0.1:1")
    assert run(trial, ["show", "NCT00000001"]).exit_code == 3


def test_a_name_that_is_no_trial_is_wrong_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALWIRE_TRIALS_URL", "http://127.0.0.1:1")
    assert run(trial, ["show", "some trial"]).exit_code == 2


def test_a_name_that_is_no_site_is_wrong_use() -> None:
    result = run(site, ["show", "NCT00000001", "a hospital"])
    assert (result.exit_code, "a hospital is no id of a site" in result.output) == (2, True)


def test_the_sites_of_what_is_no_trial_are_wrong_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALWIRE_TRIALS_URL", "http://127.0.0.1:1")
    assert run(site, ["list", "some trial"]).exit_code == 2
    assert run(site, ["list", "NCT00000001"]).exit_code == 3


@pytest.mark.parametrize("command", ["show", "diversity"])
def test_enrolment_of_what_is_no_id_is_wrong_use(command: str) -> None:
    assert run(enrolment, [command, "NCT00000001"]).exit_code == 2


@pytest.mark.parametrize("command", ["show", "diversity"])
def test_enrolment_without_a_running_service_is_not_ready(command: str) -> None:
    assert run(enrolment, [command, "00000000-0000-7000-8000-000000000001"]).exit_code == 3


NCT, ID = "NCT00000001", "00000000-0000-0000-0000-000000000001"
SHEET = "trial_id,title\r\n1,A trial\r\n"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a service was asked that has one trial, whose sites are cut off in the middle."""
    paths: list[str] = []
    page: dict[str, Any] = {"trial_id": ID, "nct": NCT, "title": "A trial", "sponsor_name": "A sponsor"}
    page |= {"status": "active", "registry_status": None, "lifecycle": {"holds": []}, "sites": {"ready": 2}}
    page |= {"enrolled": 1, "target": 5, "deviations": 0, "deadlines": [], "correlation_id": None}
    site = {
        "city": "Oslo",
        "country": "Norway",
        "status": "ready",
        "registry_status": None,
        "name": "A hospital",
    }
    page |= {"phases": ["PHASE2"], "study_type": None, "registry": None}
    page |= {"first_sites": {"items": [site], "count": 2}}
    row = page | {"measure": "x", "median": 3.5}

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            if "as_of=2999" in self.path:
                self._answer(422, json.dumps({"detail": "as_of lies in the future"}))
            elif "format=csv" in self.path:
                self._answer(200, SHEET, missing=7 if "/sites" in self.path else 0)
            elif "quartiles" in self.path or self.path.startswith("/v1/trials?"):
                self._answer(200, json.dumps({"items": [row], "next": None}))
            else:
                self._answer(200, json.dumps(page))

        def _answer(self, status: int, text: str, missing: int = 0) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(text) + missing))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("TRIALWIRE_TRIALS_URL", f"http://127.0.0.1:{server.server_port}")
    yield paths
    server.shutdown()
    server.server_close()


def test_the_portfolio_is_asked_for_by_what_the_options_say(asked: list[str]) -> None:
    words = "--country US --site-status suspended --held --not-behind --sort name --deadlines missed"
    named = ["--condition", "asthma", "--sponsor", "x"]
    assert run(trial, ["list", *words.split(), *named]).exit_code == 0
    query = asked[0].partition("?")[2].split("&")
    assert {"country=US", "site_status=suspended", "holds=True", "behind=False", "sort=name"} <= set(query)
    assert {"deadlines=missed", "condition=asthma", "sponsor=x"} <= set(query)
    assert not [part for part in query if part.startswith(("status=", "phase=", "text="))]


def test_a_trial_is_shown_as_it_was(asked: list[str]) -> None:
    shown = run(trial, ["show", NCT, "--as-of", "2026-03-02T09:00:00Z"])
    assert (shown.exit_code, "A trial" in shown.output) == (0, True)
    assert f"1 more: trialwire site list {NCT}" in shown.output
    assert asked == [f"/v1/trials/nct/{NCT}", f"/v1/trials/{ID}?as_of=2026-03-02T09%3A00%3A00Z"]
    refused = run(trial, ["show", ID, "--as-of", "2999-01-01T00:00:00Z"])
    assert (refused.exit_code, "lies in the future" in refused.output) == (2, True)


def test_a_list_is_written_whole_or_not_at_all(asked: list[str], tmp_path: Path) -> None:
    assert run(trial, ["export"]).stdout_bytes == SHEET.encode()
    file = tmp_path / "subjects.csv"
    assert run(trial, ["export", NCT, "--of", "subjects", "--file", str(file)]).exit_code == 0
    assert file.read_bytes() == SHEET.encode()
    assert asked[-1] == f"/v1/trials/{ID}/subjects?format=csv"
    cut = tmp_path / "sites.csv"
    assert run(trial, ["export", ID, "--file", str(cut)]).exit_code == 3
    assert list(tmp_path.iterdir()) == [file]


def test_an_export_that_cannot_be_is_said(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(trial, ["export", "--as-of", "2026-03-02T09:00:00Z"]).exit_code == 2
    refused = run(trial, ["export", ID, "--of", "subjects", "--as-of", "2999-01-01T00:00:00Z"])
    assert (refused.exit_code, "lies in the future" in refused.output) == (2, True)
    monkeypatch.setenv("TRIALWIRE_TRIALS_URL", "http://127.0.0.1:1")
    assert run(trial, ["export"]).exit_code == 3


def test_cycle_times_are_shown_by_their_quartiles(asked: list[str]) -> None:
    shown = run(trial, ["cycle-times", ID])
    assert (shown.exit_code, "3.5" in shown.output) == (0, True)
    assert asked == [f"/v1/trials/{ID}/cycle-times/quartiles"]


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, bytes]]]:
    """What a service was sent that takes one of two parts of every import."""
    sent: list[tuple[str, bytes]] = []
    rejected = {
        "file": "sv",
        "line": 3,
        "part": "design 1",
        "field": "X",
        "rule": "a.rule",
        "reason": "is none",
    }
    summary = {"read": 2, "sites": 1, "imported": 1, "unchanged": 0, "rejected": [rejected], "trial_id": ID}
    summary |= {"criteria": {"inclusion": 2}, "not_taken": {"domain AE": 7}}

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            sent.append((self.path, body))
            text = json.dumps(summary).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("TRIALWIRE_TRIALS_URL", f"http://127.0.0.1:{server.server_port}")
    yield sent
    server.shutdown()
    server.server_close()


def test_tables_are_sent_one_after_the_other(taken: list[tuple[str, bytes]], tmp_path: Path) -> None:
    (tmp_path / "SV.csv").write_bytes(b"DOMAIN\nSV")
    (tmp_path / "dm.csv").write_bytes(b"DOMAIN\nDM")
    result = run(imports, ["sdtm", str(tmp_path), "--trial", ID, "--zone", "America/New_York"])
    assert (result.exit_code, taken) == (
        0,
        [(f"/v1/imports/sdtm?trial_id={ID}&zone=America%2FNew_York", b"DOMAIN\nDM\nDOMAIN\nSV\n")],
    )
    assert "new sites 1, imported 1, unchanged 0, rejected 1" in result.output
    assert "not taken: domain AE (7)" in result.output
    assert "sv line 3: X is none (a.rule)" in result.output


def test_a_study_is_sent_with_what_its_file_does_not_say(
    taken: list[tuple[str, bytes]], tmp_path: Path
) -> None:
    file = tmp_path / "study.json"
    assert run(imports, ["usdm", str(file)]).exit_code == 2
    file.write_bytes(b"{}")
    assert "criteria 2 inclusion" in run(imports, ["usdm", str(file), "--assignment", "randomised"]).output
    told = run(imports, ["usdm", str(file), "--json"])
    assert json.loads(told.output)["not_taken"] == {"domain AE": 7}
    paths = [path for path, _ in taken]
    assert paths == [
        "/v1/imports/usdm?route=other&assignment=randomised",
        "/v1/imports/usdm?route=other",
    ]
