"""What may run: exactly the reviewed files."""

import hashlib
from pathlib import Path

import pytest

from shared.stack import jars
from shared.stack.faults import StackError

CONTENT = b"a program"
JAR = jars.Jar(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "kafka", "org.example:thing:1.0:exec")


def test_a_jar_with_other_content_is_refused_and_thrown_away(tmp_path: Path) -> None:
    fetched, target = tmp_path / "fetched.jar", tmp_path / "cache" / JAR.file_name
    fetched.write_bytes(b"A program")
    with pytest.raises(StackError, match="SHA-256"):
        jars.place(JAR, fetched, target)
    assert not fetched.exists()
    assert not target.exists()


def test_a_jar_with_the_reviewed_content_is_moved_into_the_cache(tmp_path: Path) -> None:
    fetched, target = tmp_path / "fetched.jar", tmp_path / "cache" / JAR.file_name
    fetched.write_bytes(CONTENT)
    jars.place(JAR, fetched, target)
    assert target.read_bytes() == CONTENT
    assert not fetched.exists()


def test_a_jar_that_was_changed_in_the_cache_is_unsound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIALWIRE_CACHE", str(tmp_path))
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / JAR.file_name).write_bytes(CONTENT)
    assert jars.unsound([JAR]) == []
    (tmp_path / "jars" / JAR.file_name).write_bytes(CONTENT[::-1])
    assert jars.unsound([JAR]) == [JAR]


def test_the_list_names_each_file_once_and_the_logging_backend_without_which_the_broker_dies_silently() -> (
    None
):
    listed = jars.listed()
    assert len({jar.file_name for jar in listed}) == len(listed)
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in listed)
    assert "org.slf4j:slf4j-simple:1.7.36" in [jar.coordinate for jar in jars.listed("kafka")]


def test_a_classifier_is_part_of_the_file_name() -> None:
    assert JAR.file_name == "thing-1.0-exec.jar"
