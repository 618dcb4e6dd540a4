"""The folder of anchors: written once, read back, and replayed into the heads of all streams."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from shared.audit import files
from shared.audit.anchor import Anchor, BrokenAnchorsError, Head, from_json
from shared.audit.heads import Heads, Replay
from shared.audit.keys import Signer
from shared.audit.merkle import proves

SIGNER = Signer(Ed25519PrivateKey.generate())
KEYS = {SIGNER.key_id: SIGNER.public}
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
STREAMS = st.dictionaries(st.uuids(), st.integers(1, 9), max_size=20)


def head(stream: UUID, version: int) -> Head:
    return Head(stream, version, hashlib.sha256(b"%d" % version).digest())


def anchored(folder: Path, *rounds: list[Head]) -> list[Anchor]:
    """A folder with an anchor for each of these lists of changed heads."""
    heads, anchors = Heads(), list[Anchor]()
    for number, changed in enumerate(rounds, 1):
        heads.update(changed)
        before = anchors[-1].digest() if anchors else ""
        anchor = Anchor("safety", number, NOW, number, len(heads), heads.root, before, "").signed(SIGNER)
        files.write(folder, anchor, sorted(changed, key=lambda head: head.stream_id.bytes))
        anchors.append(anchor)
    return anchors


A, B, C = (UUID(int=n) for n in (1, 2, 3))


def test_an_anchor_is_read_as_it_was_written(tmp_path: Path) -> None:
    (anchor,) = anchored(tmp_path, [head(A, 1), head(B, 2)])
    assert files.read(tmp_path, 1) == anchor == from_json(json.loads(json.dumps(anchor.as_json())))
    assert list(files.heads(tmp_path, 1)) == [[head(A, 1), head(B, 2)]]
    assert anchor.fault("safety", 1, KEYS) is None


def test_a_number_that_is_taken_is_never_written_again(tmp_path: Path) -> None:
    (anchor,) = anchored(tmp_path, [head(A, 1)])
    before = files.path_of(tmp_path, 1).read_bytes()
    with pytest.raises(FileExistsError):
        files.write(tmp_path, anchor, [])
    assert files.path_of(tmp_path, 1).read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["0000000001.ndjson"]


def test_what_a_crash_left_half_written_is_no_anchor(tmp_path: Path) -> None:
    (tmp_path / ".1.abcd").write_text("half")
    assert files.numbers(tmp_path) == []
    assert files.numbers(tmp_path / "none") == []


@given(st.lists(STREAMS, max_size=6))
def test_the_files_alone_bring_back_every_head_and_its_proof(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[dict[UUID, int]]
) -> None:
    folder, latest = tmp_path_factory.mktemp("anchors"), dict[UUID, int]()
    anchored(folder, *[[head(*one) for one in changed.items()] for changed in rounds])
    for changed in rounds:
        latest |= changed
    replay = Replay(folder, "safety")
    replay.catch_up()
    assert len(replay.heads) == len(latest)
    for stream, version in latest.items():
        index, path = replay.heads.proof(stream)
        assert replay.heads.get(stream) == head(stream, version)
        assert proves(head(stream, version).leaf(), index, len(latest), path, replay.heads.root)


def test_a_replay_reads_only_what_was_added_since(tmp_path: Path) -> None:
    anchored(tmp_path / "whole", [head(A, 1)], [head(A, 2), head(C, 1)])
    part = tmp_path / "part"
    part.mkdir()
    replay = Replay(part, "safety")
    for number in (1, 2):
        name = files.path_of(part, number).name
        (part / name).write_bytes((tmp_path / "whole" / name).read_bytes())
        replay.catch_up()
        assert replay.number == number
    assert [replay.heads.version(stream) for stream in (A, B, C)] == [2, 0, 1]


def test_a_replay_refuses_a_folder_that_is_not_whole(tmp_path: Path) -> None:
    def edit(number: int, old: str, new: str) -> None:
        file = files.path_of(tmp_path, number)
        text = file.read_text().replace(old, new)
        file.unlink()
        file.write_text(text)

    anchored(tmp_path, [head(A, 1)], [head(B, 1)])
    whole = {number: files.path_of(tmp_path, number).read_text() for number in (1, 2)}
    for number, old, new, said in (
        (2, '",1,"', '",2,"', "anchor 2 of safety does not fit its heads"),
        (2, '["', "[", "anchor 2 of safety: its line 2 is no head"),
        (2, '{"', '{"x', "anchor 2 of safety: its first line is no anchor"),
        (1, '"upto_pos": 1', '"upto_pos": 7', "anchor 2 of safety does not follow"),
        (1, '"safety"', '"trials"', "anchor 1 of safety is another's"),
    ):
        edit(number, old, new)
        with pytest.raises(BrokenAnchorsError, match=said):
            Replay(tmp_path, "safety").catch_up()
        edit(number, files.path_of(tmp_path, number).read_text(), whole[number])
    files.path_of(tmp_path, 1).unlink()
    with pytest.raises(BrokenAnchorsError, match="anchor 1 of safety is missing"):
        Replay(tmp_path, "safety").catch_up()


def test_heads_that_do_not_ascend_are_no_anchor_s(tmp_path: Path) -> None:
    anchored(tmp_path, [head(A, 1)])
    file = files.path_of(tmp_path, 1)
    lines = file.read_text().splitlines(keepends=True)
    file.unlink()
    file.write_text("".join([*lines, lines[1]]))
    with pytest.raises(files.UnreadableAnchorError, match="line 3"):
        list(files.heads(tmp_path, 1))


def test_the_fault_of_an_anchor_is_named(tmp_path: Path) -> None:
    (anchor,) = anchored(tmp_path, [head(A, 1)])
    stranger = anchor.signed(Signer(Ed25519PrivateKey.generate()))
    for changed, what in (
        (replace(anchor, root=bytes(32)), "anchor_forged"),
        (replace(anchor, upto_pos=0), "anchor_forged"),
        (replace(anchor, number=2), "anchor_forged"),
        (replace(anchor, service="trials"), "anchor_forged"),
        (stranger, "anchor_unknown_key"),
        (replace(stranger, key_id=anchor.key_id), "anchor_forged"),
    ):
        fault = changed.fault("safety", 1, KEYS)
        assert fault
        assert fault[0] == what
