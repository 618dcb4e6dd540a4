"""A file of master keys is taken by the rules, or refused by the rule that it breaks and without its keys."""

import base64
import json
from pathlib import Path

import pytest

from shared.vault.errors import DamagedError, MasterKeyError
from shared.vault.keys import FileMasterKeys

ONE = base64.b64encode(bytes(range(32))).decode()
TWO = base64.b64encode(bytes(range(1, 33))).decode()
SUBJECT_KEY = b"k" * 32


def file(folder: Path, content: object, mode: int = 0o600) -> Path:
    path = folder / "masters.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)
    return path


def masters(folder: Path, current: str = "one", **keys: str) -> FileMasterKeys:
    return FileMasterKeys(file(folder, {"current": current, "keys": keys}))


async def test_a_key_is_unwrapped_by_the_master_key_that_wrapped_it(tmp_path: Path) -> None:
    before = masters(tmp_path, "one", one=ONE)
    wrapped = await before.wrap(before.current(), SUBJECT_KEY, b"context")
    after = masters(tmp_path, "two", one=ONE, two=TWO)
    assert after.current() == "two"
    assert await after.unwrap("one", wrapped, b"context") == SUBJECT_KEY
    assert SUBJECT_KEY not in wrapped


@pytest.mark.parametrize("spoilt", ["another context", "another key", "changed", "cut", "empty"])
async def test_a_wrapped_key_that_is_not_as_it_was_is_refused(tmp_path: Path, spoilt: str) -> None:
    keys = masters(tmp_path, one=ONE, two=TWO)
    wrapped = await keys.wrap("one", SUBJECT_KEY, b"context")
    changed = {"changed": wrapped[:-1] + bytes([wrapped[-1] ^ 1]), "cut": wrapped[:20], "empty": b""}
    with pytest.raises(DamagedError, match="is not what was wrapped under"):
        await keys.unwrap(
            "two" if spoilt == "another key" else "one",
            changed.get(spoilt, wrapped),
            b"other" if spoilt == "another context" else b"context",
        )


async def test_a_master_key_that_is_not_in_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match=r"masters\.json: no key has the id 'old'"):
        await masters(tmp_path, one=ONE).unwrap("old", b"", b"context")


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("", "must be JSON"),
        ("{" + ONE, "must be JSON"),
        ("[" * 60_000, "must be JSON"),
        (chr(92) + "udcff", "must be JSON"),
        (f'{{"current": "one", "keys": {{"one": "{ONE}", "one": "{TWO}"}}}}', "names nothing twice"),
        ([ONE], "must be {"),
        ({"keys": {"one": ONE}}, "must be {"),
        ({"current": "one"}, "must be {"),
        ({"current": 1, "keys": {"one": ONE}}, "must be {"),
        ({"current": "one", "keys": [ONE]}, "must be {"),
        ({"current": "one", "keys": {"one": ONE}, "more": TWO}, "must be {"),
        ({"current": "two", "keys": {"one": ONE}}, "called current is not among the keys"),
        ({"current": "one", "keys": {"one": ONE[:-8] + "===="}}, "'one' must be base64 of 32 bytes"),
        ({"current": "one", "keys": {"one": ONE + "!"}}, "'one' must be base64 of 32 bytes"),
        ({"current": "one", "keys": {"one": "é" + ONE}}, "'one' must be base64 of 32 bytes"),
        ({"current": "one", "keys": {"one": 32}}, "'one' must be base64 of 32 bytes"),
        ({"current": "one", "keys": {"one": ""}}, "'one' must be base64 of 32 bytes"),
        (
            {"current": "one", "keys": {"one": ONE, "two": base64.b64encode(b"x" * 16).decode()}},
            "'two' must be base64 of 32 bytes",
        ),
        (" " * 2**16 + "{}", "must have 65536 bytes at most"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused_by_it(tmp_path: Path, content: object, rule: str) -> None:
    with pytest.raises(MasterKeyError) as refused:
        FileMasterKeys(file(tmp_path, content))
    assert rule in str(refused.value)
    assert str(tmp_path / "masters.json") in str(refused.value)
    assert ONE[:8] not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_file_that_others_have_access_to_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(MasterKeyError, match=f"no access, its mode is {mode:03o}"):
        FileMasterKeys(file(tmp_path, {"current": "one", "keys": {"one": ONE}}, mode))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match=r"none\.json: it cannot be read \(FileNotFoundError\)"):
        FileMasterKeys(tmp_path / "none.json")


def test_keys_do_not_show_when_they_are_printed(tmp_path: Path) -> None:
    keys = masters(tmp_path, one=ONE)
    assert ONE not in f"{keys} {keys!r} {vars(keys)}"
