"""`trialwire tell`: a command's body from FIELD=VALUE by the schema, and clear words for what is wrong."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner

from services.trials.api import router
from services.trials.handlers import SERVICE
from shared.http.app import create_app
from shared.runtime.settings import Settings
from shared.stack.cli import app
from shared.stack.fields import Fields, WrongFieldError
from tests.support import identity

SITE: dict[str, Any] = {
    "type": "object",
    "required": ["id", "place"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "place": {"$ref": "#/components/schemas/Place"},
        "beds": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
        "share": {"type": "number", "default": 0.5},
        "open": {"type": "boolean"},
        "kind": {"enum": ["clinic", "hospital"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "steps": {"type": "array", "items": {"$ref": "#/components/schemas/Place"}},
        "dose": {"oneOf": [{"$ref": "#/components/schemas/Single"}, {"$ref": "#/components/schemas/Double"}]},
    },
}
PARTS: dict[str, Any] = {
    "Place": {
        "type": "object",
        "required": ["city"],
        "properties": {"city": {"type": "string", "description": "where"}, "floor": {"type": "integer"}},
    },
    "Single": {
        "type": "object",
        "required": ["form"],
        "properties": {"form": {"const": "single"}, "mg": {"type": "integer"}},
    },
    "Double": {
        "type": "object",
        "required": ["form", "second"],
        "properties": {"form": {"const": "double"}, "mg": {"type": "integer"}, "second": {"type": "integer"}},
    },
}
FIELDS = Fields(SITE, PARTS)
ENOUGH = ["id=7", "place.city=Paris"]


def body(*given: str, **begun: Any) -> dict[str, Any]:
    return FIELDS.body(begun, [*ENOUGH, *given])


def test_a_value_becomes_what_its_field_is() -> None:
    told = body("beds=3", "share=0.25", "open=yes", "kind=clinic", "place.floor=-1")
    assert told == {
        "id": "7",
        "place": {"city": "Paris", "floor": -1},
        "beds": 3,
        "share": 0.25,
        "open": True,
        "kind": "clinic",
    }
    assert body("beds=null")["beds"] is None


def test_a_list_comes_by_repetition_or_as_json_and_takes_the_place_of_the_files() -> None:
    assert body("tags=a", "tags=b", tags=["c"])["tags"] == ["a", "b"]
    assert body('tags=["a", "b=c"]')["tags"] == ["a", "b=c"]
    assert body('steps={"city": "Rome"}', "steps=" + json.dumps({"city": "Bonn"}))["steps"] == [
        {"city": "Rome"},
        {"city": "Bonn"},
    ]


def test_what_is_given_stands_over_what_the_file_began() -> None:
    assert FIELDS.body({"id": "1", "place": {"city": "Rome", "floor": 2}}, ["id=2", "place.city=Bonn"]) == {
        "id": "2",
        "place": {"city": "Bonn", "floor": 2},
    }


def test_of_several_forms_the_one_that_fits_best_is_asked_for() -> None:
    assert body("dose.form=single", "dose.mg=5")["dose"] == {"form": "single", "mg": 5}
    assert body("dose.form=double", "dose.second=5")["dose"]["second"] == 5


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["id=7"], "place is missing"),
        (["place.floor=1"], "id is missing; place.city is missing"),
        ([*ENOUGH, "bed=3"], "there is no field bed; did you mean beds?"),
        ([*ENOUGH, "place.citty=x"], "there is no field place.citty; did you mean city?"),
        ([*ENOUGH, "beds=many"], "beds=many is no integer"),
        ([*ENOUGH, "beds=true"], "beds=true is no integer"),
        ([*ENOUGH, "open=perhaps"], "open=perhaps is no boolean"),
        ([*ENOUGH, "kind=clinik"], "kind=clinik is no clinic|hospital; did you mean clinic?"),
        ([*ENOUGH, "nonsense"], "nonsense is not written FIELD=VALUE"),
        ([*ENOUGH, "=3"], "=3 is not written FIELD=VALUE"),
        ([*ENOUGH, 'steps={"floor": 1}'], "steps[0].city is missing"),
        ([*ENOUGH, "id=1", "id.part=2"], "id is given twice, whole and in parts"),
    ],
)
def test_what_is_wrong_is_said_by_its_field(given: list[str], said: str) -> None:
    with pytest.raises(WrongFieldError) as fault:
        FIELDS.body({}, given)
    assert str(fault.value) == said


def test_a_field_that_is_given_whole_has_no_parts() -> None:
    with pytest.raises(WrongFieldError, match="place is given twice"):
        FIELDS.body({"id": "1", "place": "Rome"}, ["place.city=Bonn"])


def test_the_fields_are_described_with_their_parts() -> None:
    rows = {row["field"]: row for row in FIELDS.described()}
    assert rows["place.city"] == {
        "field": "place.city",
        "type": "string",
        "required": "yes",
        "about": "where",
    }
    assert (rows["share"]["about"], rows["beds"]["type"]) == ("else 0.5", "integer")
    assert rows["steps"]["type"] == "list of object"
    assert {"dose.form", "dose.second"} <= set(rows)


@pytest.fixture(scope="module")
def document() -> Any:
    """The API's document of the trials service."""
    settings = Settings(dsn_file=Path("none"), kafka="none:9", **identity.believed())
    return create_app(SERVICE, router, settings).openapi()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, document: Any) -> Any:
    """An address that answers as the trials service's does to its document and to commands; what was sent."""
    done = {"stream_id": "7", "version": 2, "correlation_id": "8", "events": [{"id": "1", "type": "a.b.v1"}]}
    sent: list[tuple[str, Any, str]] = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(document)

        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["content-length"])))
            sent.append((self.path, told, self.headers["idempotency-key"]))
            self._answer(done if len(sent) == 1 else {**done, "events": []})

        def _answer(self, said: Any) -> None:
            text = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("TRIALWIRE_TRIALS_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("TRIALWIRE_HOME", str(identity.home().root))
    yield sent
    server.shutdown()
    server.server_close()


def tell(*words: str, text: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["tell", "trials", *words], input=text)
    return result.exit_code, result.output


def test_a_command_is_given_and_its_events_are_printed(service: Any) -> None:
    words = ("activate_site", "trial_id=1", "site_id=2", "meaning=approval", "--key", "once")
    assert tell(*words) == (0, "stream 7 version 2\na.b.v1\n")
    assert service == [
        ("/v1/commands/activate-site", {"trial_id": "1", "site_id": "2", "meaning": "approval"}, "once")
    ]
    assert "nothing changed" in tell(*words)[1]
    assert json.loads(tell(*words, "--json")[1])["version"] == 2


def test_nothing_is_sent_that_the_document_does_not_know(service: Any) -> None:
    assert tell("activate-sit") == (
        2,
        "trials has no command activate-sit; did you mean activate-site, terminate-site?\n",
    )
    code, said = tell("activate-site", "trial_id=1", "sit_id=2")
    assert (code, "there is no field sit_id; did you mean site_id" in said) == (2, True)
    code, said = tell("activate-site", "trial_id=1")
    assert (code, "site_id is missing" in said, "meaning is missing" in said) == (2, True, True)
    assert "meaning=yes is no approval" in tell("activate-site", "meaning=yes")[1]
    assert tell()[0] == 2
    assert not service


def test_a_body_comes_from_a_file_or_from_standard_input(service: Any, tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text('{"trial_id": "1", "site_id": "2"}')
    assert tell("activate-site", "meaning=approval", "--file", str(file))[0] == 0
    text = '{"trial_id": "3", "site_id": "4"}'
    assert tell("activate-site", "meaning=approval", "--file", "-", text=text)[0] == 0
    assert [told["trial_id"] for _, told, _ in service] == ["1", "3"]
    for wrong in ("[]", "{", ""):
        assert tell("activate-site", "--file", "-", text=wrong)[0] == 2
    assert tell("activate-site", "--file", str(tmp_path / "none"))[0] == 2


def test_the_list_has_what_the_role_may_give(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(*words: str) -> list[str]:
        return [row["command"] for row in json.loads(tell("--list", "--json", *words)[1])["items"]]

    assert {"activate-site", "dose-subject"} < set(listed())
    assert "apply-hold" in (theirs := listed("--as", "sponsor:s-1"))
    assert "activate-site" not in theirs
    assert tell("--list", "--as", "sponsr:s-1") == (2, "there is no role sponsr; did you mean sponsor?\n")
    token = identity.home().root / "token"
    token.write_text(identity.issuer().token("m-1", ["project_manager"]))
    monkeypatch.setenv("TRIALWIRE_TOKEN_FILE", str(token))
    assert "activate-site" in (theirs := listed())
    assert "dose-subject" not in theirs
    token.write_text(identity.issuer().token("m-1", ["auditor"]))
    assert listed() == []
    token.write_text("tw_secret")
    assert tell("--list")[0] == 2


def test_the_fields_of_a_command_are_shown_from_its_own_schema(service: Any) -> None:
    rows = {
        row["field"]: row for row in json.loads(tell("apply-hold", "--help-fields", "--json")[1])["items"]
    }
    assert rows["trial_id"]["required"] == "yes"
    assert "sponsor_pause" in rows["source"]["type"]
