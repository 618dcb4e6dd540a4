"""A baseline's files: templates that load nothing, lines at fault named, and the rest loaded in order."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from services.trials.cli import baseline as cli
from services.trials.cli.imports import imports
from services.trials.imports.baseline import cells, load
from services.trials.imports.baseline.counts import Count, counts, now
from services.trials.imports.baseline.files import read, templates
from services.trials.imports.baseline.load import Tally
from services.trials.imports.baseline.sheets import SHEETS, Sheet
from shared.stack.client import Attempt
from shared.stack.clock import put_forward
from shared.stack.home import Home

PROGRAMME = "programme,sponsor,product,indication,phase,phase_since\n"
TRIAL = "trial,sponsor,title,status,status_since,authorised,programme,phases\n"
SITE = "site,trial,name,country,zone,status,selected_on,activated_on,gates\n"
APPROVAL = "approval,trial,sites,protocol_version,effective_on,expires_on\n"
SUBJECT = "subject,trial,site,status,status_since,enrolled_on\n"
CASE = "case,trial,site,subject,received_on,zone,seriousness\n"
REQUEST = "request,trial,subject,case,purpose,opened_on,zone,custodian,record_types,range_from,range_to,leg\n"
LINES = {
    "programmes": f"{PROGRAMME}P1,A sponsor,A product,a disease,II,2024-06-01\n",
    "trials": f"{TRIAL}T1,A sponsor,A trial,active,2025-02-01,US:2024-12-15,P1,PHASE2\n",
    "sites": f"{SITE}01,T1,A place,US,America/New_York,enrolling,2025-01-10,2025-03-01,*:2025-02-20\n",
    "approvals": f"{APPROVAL}B1,T1,01,3.0,2025-06-01,2099-05-31\n",
    "cases": f"{CASE}C1,T1,01,S-1,2026-03-02,America/New_York,death\n",
    "requests": f"{REQUEST}R1,T1,S-1,C1,rwe,2026-03-03,UTC,c-1,notes,2026-01-01,2026-03-01,draft\n",
    "subjects": f"{SUBJECT}S-1,T1,01,on-study,2025-04-02,2025-04-02\n",
}
run = CliRunner().invoke


def sheet(name: str) -> Sheet:
    return next(one for one in SHEETS if one.name == name)


def by_name(tallies: list[Tally]) -> dict[str, Tally]:
    return {tally.sheet.name: tally for tally in tallies}


def folder(path: Path, **files: str) -> Path:
    for name, text in (LINES | files).items():
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


_KINDS = ("request", "case", "approval", "subject", "site", "trial", "programme")


class Services:
    """Answers each command as told, and keeps what it was given."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.given, self.keys = answers, [], []  # type: ignore[var-annotated]

    def __call__(self, service: str, command: str, body: Mapping[str, Any], key: str) -> Attempt:
        self.given.append((service, command, dict(body)))
        self.keys.append(key)
        said = self.answers.get(command.replace("-", "_"), [201])
        status = said.pop(0) if len(said) > 1 else said[0]
        if isinstance(status, Attempt):
            return status
        id_ = next(body[f"{name}_id"] for name in _KINDS if f"{name}_id" in body)
        return Attempt(status, {"stream_id": id_})


def of(services: Services, command: str) -> dict[str, Any]:
    body: dict[str, Any] = next(body for _, given, body in services.given if given == command)
    return body


def problem(status: int, rule: str, **more: Any) -> Attempt:
    return Attempt(status, {"type": f"urn:trialwire:problem:{rule}", "detail": "so it is"} | more)


def test_a_template_says_every_column_and_its_example_is_never_read(tmp_path: Path) -> None:
    for name, text in templates():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for one in SHEETS:
        found = read(tmp_path, one)
        assert (found.count, found.lines) == (0, [])
        header = (tmp_path / f"{one.name}.csv").read_text(encoding="utf-8").split("\n")[0]
        assert header == ",".join(column.name for column in one.columns)


@pytest.mark.parametrize("one", SHEETS, ids=lambda one: str(one.name))
def test_an_example_is_a_command_that_its_service_takes(one: Sheet, tmp_path: Path) -> None:
    """But for its name, which keeps it from being read."""
    for name, text in templates():
        (tmp_path / name).write_text(text.replace(cells.EXAMPLE, "X-"), encoding="utf-8")
    services = Services()
    _, tallies = load.load(tmp_path, "cut-over/7", services)
    assert [tally.rejected for tally in tallies] == [[]] * len(SHEETS)
    given = next(body for _, command, body in services.given if command == one.command)
    type_ = f"{one.service}.{one.command.replace('-', '_')}.v1"
    service = import_module(f"services.{one.service}.handlers").SERVICE
    service.commands[type_][0].model_validate_json(json.dumps(given), strict=True)


def test_each_line_becomes_a_command_of_its_service_in_order(tmp_path: Path) -> None:
    services = Services()
    known, tallies = load.load(folder(tmp_path), "cut-over/7", services)
    assert [command for _, command, _ in services.given] == [one.command for one in SHEETS]
    assert [(tally.read, tally.loaded, tally.unchanged) for tally in tallies] == [(1, 1, 0)] * len(SHEETS)
    bodies = {command: body for _, command, body in services.given}
    assert all(body["document_ref"] == "cut-over/7" for body in bodies.values())
    board = next(e for e in bodies["adopt-site"]["evidence"] if e["gate"] == "irb_current")
    assert board["evidence_id"] == bodies["adopt-approval"]["approval_id"]
    assert board["valid_to"] == "2099-05-31"
    assert len(bodies["adopt-site"]["evidence"]) == len(cells.GATES)
    assert bodies["adopt-approval"]["zone"] == "America/New_York"
    assert bodies["adopt-subject"]["site_id"] == str(known.sites["T1", "01"])


def test_the_same_files_give_the_same_commands_under_the_same_keys(tmp_path: Path) -> None:
    first, second = Services(), Services()
    load.load(folder(tmp_path), "cut-over/7", first)
    load.load(tmp_path, "cut-over/7", second)
    assert (first.given, first.keys) == (second.given, second.keys)
    assert len(set(first.keys)) == len(SHEETS)


def test_a_trial_that_is_known_by_its_number_keeps_its_id(tmp_path: Path) -> None:
    id_ = uuid4()
    services = Services(adopt_trial=[Attempt(200, {"stream_id": str(id_)})])
    known, tallies = load.load(folder(tmp_path), "x", services)
    assert known.trials == {"T1": id_}
    assert by_name(tallies)["trials"].unchanged == 1
    assert of(services, "adopt-site")["trial_id"] == str(id_)


def test_what_hangs_on_a_line_that_was_rejected_is_rejected_and_the_rest_goes_on(tmp_path: Path) -> None:
    sites = LINES["sites"] + "02,T1,A place,US,America/New_York,identified,,,\n"
    refused = problem(409, "site.date_before_cause", field="activated_on")
    services = Services(adopt_site=[refused, 201])
    _, tallies = load.load(folder(tmp_path, sites=sites), "x", services)
    by = {tally.sheet.name: tally for tally in tallies}
    (one,) = by["sites"].rejected
    assert (one.line, one.column, one.rule) == (2, "activated_on", "site.date_before_cause")
    assert by["sites"].loaded == 1
    assert [(r.column, r.rule) for r in by["approvals"].rejected] == [("sites", "baseline.unknown")]
    assert [(r.column, r.rule) for r in by["subjects"].rejected] == [("site", "baseline.unknown")]


@pytest.mark.parametrize(
    ("errors", "column"),
    [
        ([{"pointer": "/status", "detail": "no"}], "status"),
        ([{"pointer": "/evidence/0/valid_to", "detail": "no"}], "gates"),
        ([{"pointer": "/", "detail": "Value error, activated_on: a site has one"}], "activated_on"),
        ([{"pointer": "/", "detail": "something else"}], None),
        ([{"pointer": "/document_ref", "detail": "too long"}], None),
    ],
)
def test_a_field_at_fault_is_named_by_its_column(
    errors: list[dict[str, str]], column: str | None, tmp_path: Path
) -> None:
    services = Services(adopt_site=[problem(422, "invalid", errors=errors)])
    _, tallies = load.load(folder(tmp_path), "x", services)
    assert [(one.column, one.rule) for one in by_name(tallies)["sites"].rejected] == [(column, "invalid")]


def test_a_service_that_has_not_heard_of_the_trial_is_asked_again_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "PAUSE_SECONDS", 0.0)
    unheard = problem(404, "unknown-trial")
    services = Services(adopt_approval=[unheard, problem(503, "busy"), 201])
    _, tallies = load.load(folder(tmp_path), "x", services)
    assert (by_name(tallies)["approvals"].loaded, len(services.given)) == (1, len(SHEETS) + 2)
    monkeypatch.setattr(load, "PATIENCE_SECONDS", 0.0)
    _, tallies = load.load(tmp_path, "x", Services(adopt_approval=[unheard]))
    assert [one.rule for one in by_name(tallies)["approvals"].rejected] == ["unknown-trial"]


@pytest.mark.parametrize(
    ("text", "line", "column", "rule"),
    [
        ("site,trial\n", 1, "name", "baseline.header"),
        (SITE.replace("gates", "gates,extra"), 1, None, "baseline.header"),
        (SITE.replace("gates", "gates,gates"), 1, None, "baseline.header"),
        (f"{SITE}01,T1\n", 2, None, "baseline.line"),
        (f'{SITE}"01"x,T1,P,US,UTC,identified,,,\n', 2, None, "baseline.line"),
        (f"{SITE}01,T1,{'x' * 70_000},US,UTC,identified,,,\n", 2, None, "baseline.line"),
        (f"{SITE}01,,P,US,UTC,identified,,,\n", 2, "trial", "baseline.missing"),
        (f"{SITE}01,T1,P,US,UTC,selected,2025-1-1,,\n", 2, "selected_on", "baseline.cell"),
        (f"{SITE}01,T1,P,US,UTC,selected,2025-02-30,,\n", 2, "selected_on", "baseline.cell"),
        (f"{SITE}01,T1,P,US,UTC,selected,2025-01-01,,door:2025-01-01\n", 2, "gates", "baseline.cell"),
        (f"{SITE}01,T1,P,US,Mars,selected,2025-01-01,,\n", 2, "zone", "baseline.cell"),
        (f"{SITE}01,T1,P,US,UTC,selected,2025-01-01,,contract\n", 2, "gates", "baseline.cell"),
        (SITE + "01,T1,P,US,UTC,identified,,,\n" * 2, 3, "site", "baseline.twice"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(
    text: str, line: int, column: str | None, rule: str, tmp_path: Path
) -> None:
    found = read(folder(tmp_path, sites=text), sheet("sites"))
    assert [(one.line, one.column, one.rule) for one in found.rejected] == [(line, column, rule)]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_a_cell_that_is_no_utf_8_is_rejected_and_not_guessed_at(encoding: str, tmp_path: Path) -> None:
    """A name that lost a letter would make another sponsor, and another programme."""
    text = f"{LINES['programmes']}P2,Société,A product,a disease,II,2024-06-01\n"
    path = folder(tmp_path) / "programmes.csv"
    path.write_bytes(text.encode(encoding))
    found = read(tmp_path, sheet("programmes"))
    assert len(found.lines) == (2 if encoding == "utf-8" else 1)
    faults = [(one.line, one.column, one.rule) for one in found.rejected]
    assert faults == ([] if encoding == "utf-8" else [(3, "sponsor", "baseline.encoding")])


def test_empty_lines_and_files_hold_nothing(tmp_path: Path) -> None:
    assert read(folder(tmp_path, sites=f"{SITE}\n , \n"), sheet("sites")).count == 0
    assert read(folder(tmp_path, sites=""), sheet("sites")).count == 0
    assert read(tmp_path / "nowhere", sheet("sites")).count == 0


def test_a_site_that_a_registry_named_is_found_by_its_id(tmp_path: Path) -> None:
    header, id_ = SITE.replace("gates", "gates,site_id"), uuid4()
    rest = "01,T1,P,US,UTC,identified,,,,"
    services = Services()
    load.load(folder(tmp_path, sites=f"{header}{rest}{id_}\n"), "x", services)
    assert of(services, "adopt-site")["site_id"] == str(id_)
    _, tallies = load.load(folder(tmp_path, sites=f"{header}{rest}none\n"), "x", services)
    assert [one.column for one in by_name(tallies)["sites"].rejected] == ["site_id"]


def test_cells_are_read_by_their_kind() -> None:
    told = {"contract": ("2025-01-01", "2026-01-01"), "*": ("2025-02-01", None)}
    assert cells.gates("contract:2025-01-01:2026-01-01 *:2025-02-01") == told
    assert cells.identifiers("nct:NCT01234567 a:b") == [
        {"system": "nct", "value": "NCT01234567"},
        {"system": "a", "value": "b"},
    ]
    assert cells.authorisations("ind:123456:US:2024-01-05")[0]["number"] == "123456"
    assert (cells.count("12"), cells.yes("yes"), cells.yes("no")) == (12, True, False)
    for reader, text in ((cells.count, "1.5"), (cells.yes, "maybe"), (cells.countries, "US")):
        with pytest.raises(ValueError, match="is "):
            reader(text)


NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)


def case_row(status: str, case_id: UUID | None = None) -> dict[str, Any]:
    return {"status": status, "case_id": str(case_id)}


def listing(rows: dict[str, list[dict[str, Any]]]) -> Any:
    return lambda service, path, **asked: rows.get(path.rpartition("/")[2], [])


def test_the_figures_stand_side_by_side_and_a_difference_is_seen(tmp_path: Path) -> None:
    known, tallies = load.load(folder(tmp_path), "x", Services())
    known.trials["T1"] = UUID(int=1)
    rows: dict[str, list[dict[str, Any]]] = {
        "sites": [{"status": "suspended"}],
        "subjects": [{"status": "on-study"}],
        "approvals": [{"status": "expiring"}, {"status": "lapsed"}],
        "trials": [{"trial_id": str(UUID(int=1))}, {"trial_id": str(UUID(int=2))}],
        "cases": [case_row("reportable"), case_row("acknowledged")],
        "requests": [{"status": "frozen"}, {"status": "complete"}],
        "deadlines": [{"status": "armed", "service": "safety"}],
    }
    found = {one.what: one for one in counts(tallies, known, listing(rows), NOW)}
    assert found["trials"] == Count("trials", 1, 1)
    assert found["active sites"].differs
    assert found["subjects on-study"] == Count("subjects on-study", 1, 1)
    assert found["approvals in force"] == Count("approvals in force", 1, 1)
    assert found["open cases"] == Count("open cases", 1, 1)
    assert found["open requests"] == Count("open requests", 1, 1)
    assert found["open deadlines"] == Count("open deadlines", None, 1)
    assert not found["open deadlines"].differs


SETTLED = f"{CASE.rstrip()},determination,settled\n"
CASE_LINE = "C1,T1,01,S-1,2026-03-02,America/New_York,death,reportable,"


@pytest.mark.parametrize(
    ("settled", "shown", "figures"),
    [
        ("us_ind_7_day us_ind_15_day", "acknowledged", (0, 0)),
        ("us_ind_7_day", "reportable", (1, 1)),
        ("", "acknowledged", (1, 0)),  # acknowledged since, or wrongly: the file says that it is open
    ],
)
def test_a_case_whose_reports_are_all_settled_is_not_open_in_the_files(
    settled: str, shown: str, figures: tuple[int, int], tmp_path: Path
) -> None:
    """Whether they are all of them, only the service knows: its rules say what is owed."""
    files = folder(tmp_path, cases=f"{SETTLED}{CASE_LINE}{settled}\n")
    known, tallies = load.load(files, "x", Services())
    rows = {"cases": [case_row(shown, known.cases["T1", "C1"])]}
    found = {one.what: one for one in counts(tallies, known, listing(rows), NOW)}
    assert (found["open cases"].files, found["open cases"].services) == figures


@pytest.mark.parametrize(
    ("zone", "now", "current"),
    [
        ("", datetime(2026, 6, 1, 3, tzinfo=UTC), 1),  # still 31 May at the site, in New York
        ("", datetime(2026, 6, 1, 5, tzinfo=UTC), 0),
        ("Pacific/Auckland", datetime(2026, 5, 31, 11, tzinfo=UTC), 1),
        ("Pacific/Auckland", datetime(2026, 5, 31, 13, tzinfo=UTC), 0),
    ],
)
def test_an_approval_is_in_force_to_the_end_of_its_last_local_day(
    zone: str, now: datetime, current: int, tmp_path: Path
) -> None:
    text = f"{APPROVAL.rstrip()},zone\nB1,T1,01,3.0,2025-06-01,2026-05-31,{zone}\n"
    known, tallies = load.load(folder(tmp_path, approvals=text), "x", Services())
    found = {one.what: one for one in counts(tallies, known, listing({}), now)}
    assert found["approvals in force"].files == current


def test_the_business_time_of_the_stack_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALWIRE_HOME", str(tmp_path))
    assert abs(now() - datetime.now(UTC)) < timedelta(minutes=1)
    put_forward(Home.at(), timedelta(days=400))
    assert abs(now() - datetime.now(UTC) - timedelta(days=400)) < timedelta(minutes=1)


def test_templates_are_written_once(tmp_path: Path) -> None:
    where = str(tmp_path / "new")
    assert run(imports, ["baseline", "--templates", where]).exit_code == 0
    assert len(list((tmp_path / "new").glob("*.csv"))) == len(SHEETS)
    again = run(imports, ["baseline", where, "--templates"])
    assert (again.exit_code, "already" in again.output) == (2, True)


def test_wrong_use_is_said(tmp_path: Path) -> None:
    assert run(imports, ["baseline", str(tmp_path)]).exit_code == 2
    empty = run(imports, ["baseline", str(tmp_path), "--record", "x"])
    assert (empty.exit_code, "holds none of" in empty.output) == (2, True)


@pytest.mark.parametrize(("status", "code"), [("enrolling", 0), ("suspended", 1)])
def test_a_difference_makes_the_exit_code(
    status: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, _ = load.load(folder(tmp_path), "cut-over/7", Services())
    rows: dict[str, list[dict[str, Any]]] = {
        "sites": [{"status": status}],
        "subjects": [{"status": "on-study"}],
        "approvals": [{"status": "active"}],
        "cases": [case_row("received")],
        "requests": [{"status": "open"}],
        "trials": [{"trial_id": str(known.trials["T1"])}],
    }
    services = Services()
    monkeypatch.setattr(
        cli, "attempt", lambda service, path, body, key, actor: services(service, path[13:], body, key)
    )
    monkeypatch.setattr(
        cli, "listed", lambda service, path, most, **asked: {"items": listing(rows)(service, path)}
    )
    where = str(folder(tmp_path))
    said = run(imports, ["baseline", where, "--record", "cut-over/7"])
    assert (said.exit_code, "active sites" in said.output) == (code, True)
    as_json = run(imports, ["baseline", where, "--record", "cut-over/7", "--json"])
    assert json.loads(as_json.output)["files"][0]["read"] == 1


def test_a_rejected_line_is_printed_with_its_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = problem(409, "programme.already_begun", field="trial_id")
    monkeypatch.setattr(cli, "attempt", lambda *given: refused)
    monkeypatch.setattr(cli, "listed", lambda *given, **asked: {"items": []})
    said = run(imports, ["baseline", str(folder(tmp_path)), "--record", "x"])
    assert said.exit_code == 1
    assert "programmes.csv line 2, the line: so it is (programme.already_begun)" in said.output


def test_a_tally_of_nothing_is_nothing() -> None:
    assert Tally(SHEETS[0]).read == 0


def test_a_trial_of_a_programme_that_was_not_loaded_is_rejected(tmp_path: Path) -> None:
    refused = Services(adopt_programme=[problem(409, "programme.already_begun")])
    _, tallies = load.load(folder(tmp_path), "x", refused)
    assert [one.column for one in by_name(tallies)["trials"].rejected] == ["programme"]
    services = Services()
    known, _ = load.load(tmp_path, "x", services)
    assert of(services, "adopt-trial")["programme_id"] == str(known.programmes["P1"])
    load.load(folder(tmp_path, trials=LINES["trials"].replace(",P1,", ",,")), "x", alone := Services())
    assert "programme_id" not in of(alone, "adopt-trial")


def test_a_request_has_a_line_a_custodian_and_names_its_case(tmp_path: Path) -> None:
    second = LINES["requests"].split("\n")[1].replace("c-1", "c-2").replace(",C1,", ",,")
    services = Services()
    known, tallies = load.load(folder(tmp_path, requests=f"{LINES['requests']}{second}\n"), "x", services)
    assert by_name(tallies)["requests"].loaded == 2
    first, other = (body for _, command, body in services.given if command == "adopt-request")
    assert first["request_id"] == other["request_id"]
    assert first["leg_id"] != other["leg_id"]
    assert (first["case_id"], "case_id" in other) == (str(known.cases["T1", "C1"]), False)
    assert "site_id" not in first
    lost = Services(adopt_case=[problem(409, "case.already_known")])
    _, tallies = load.load(tmp_path, "x", lost)
    assert [one.column for one in by_name(tallies)["requests"].rejected] == ["case"]


def test_the_reference_names_every_column_as_the_files_have_it() -> None:
    text = (Path(__file__).parents[3] / "docs" / "howto" / "baseline.md").read_text(encoding="utf-8")
    for one in SHEETS:
        part = text.partition(f"### {one.name}.csv\n")[2].partition("\n### ")[0]
        told = [line.split("|")[1:3] for line in part.splitlines() if line.startswith("| ")][2:]
        named = [(f"**{c.name}**" if c.needed else c.name, c.about) for c in one.columns]
        assert [(name.strip(), about.strip()) for name, about in told] == named


@pytest.mark.parametrize(
    ("gates", "approved", "board"),
    [
        ("*:2025-02-20", True, ["2025-06-01"]),
        ("*:2025-02-20", False, ["2025-02-20"]),
        ("irb_current:2025-01-15:2025-05-31", True, ["2025-01-15", "2025-06-01"]),
        ("contract:2025-01-15", False, []),
    ],
)
def test_evidence_of_a_board_is_its_first_approval_and_those_in_force(
    gates: str, approved: bool, board: list[str], tmp_path: Path
) -> None:
    sites = LINES["sites"].replace("*:2025-02-20", gates)
    services = Services()
    approvals = LINES["approvals"] if approved else APPROVAL
    load.load(folder(tmp_path, sites=sites, approvals=approvals), "x", services)
    evidence = of(services, "adopt-site")["evidence"]
    assert [one["valid_from"] for one in evidence if one["gate"] == "irb_current"] == board
