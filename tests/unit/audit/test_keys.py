"""The files of keys: what is refused, what is made, and how a key is named."""

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from shared.audit.keys import KeyFileError, key_id, provided, public_keys_in, renewed, signer_in, valid


def test_a_key_is_made_once_and_its_public_half_is_published(tmp_path: Path) -> None:
    file, published = tmp_path / "secrets" / "anchor.pem", tmp_path / "keys"
    first = provided(file, published)
    assert provided(file, published).key_id == first.key_id == signer_in(file).key_id
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(public_keys_in(published)) == [first.key_id]


def test_a_new_key_leaves_the_old_one_published(tmp_path: Path) -> None:
    old = provided(tmp_path / "old.pem", tmp_path / "keys")
    new = provided(tmp_path / "new.pem", tmp_path / "keys")
    assert set(public_keys_in(tmp_path / "keys")) == {old.key_id, new.key_id}


def test_a_key_is_renewed_with_both_public_halves_known(tmp_path: Path) -> None:
    file, published = tmp_path / "anchor.pem", tmp_path / "keys"
    old = provided(file, tmp_path / "elsewhere")
    (tmp_path / ".anchor.pem.new").write_bytes(b"left by one that died")
    new = renewed(file, published)
    assert signer_in(file).key_id == new.key_id != old.key_id
    assert set(public_keys_in(published)) == {old.key_id, new.key_id}
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["anchor.pem", "elsewhere", "keys"]


def test_a_key_that_cannot_be_read_is_not_renewed(tmp_path: Path) -> None:
    file = tmp_path / "anchor.pem"
    file.write_bytes(b"nothing")
    file.chmod(0o600)
    with pytest.raises(KeyFileError, match="in PEM"):
        renewed(file, tmp_path / "keys")
    assert file.read_bytes() == b"nothing"


def test_a_key_is_named_by_the_hash_of_its_raw_public_half(tmp_path: Path) -> None:
    signer = provided(tmp_path / "anchor.pem", tmp_path / "keys")
    assert signer.key_id == hashlib.sha256(signer.public.public_bytes_raw()).hexdigest()[:16]


def test_a_signature_is_valid_for_its_text_and_key_alone(tmp_path: Path) -> None:
    signer = provided(tmp_path / "a.pem", tmp_path / "keys")
    other = provided(tmp_path / "b.pem", tmp_path / "keys")
    assert valid(signer.public, signer.sign(b"text"), b"text")
    assert not valid(signer.public, signer.sign(b"text"), b"texts")
    assert not valid(other.public, signer.sign(b"text"), b"text")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "anchor.pem"
    provided(file, tmp_path / "keys")
    file.chmod(mode)
    with pytest.raises(KeyFileError, match=r"anchor\.pem: only its owner"):
        signer_in(file)


def test_a_file_with_no_ed25519_key_is_refused_by_name(tmp_path: Path) -> None:
    other = generate_private_key(SECP256R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for content, published, rule in (
        (b"nothing", b"nothing", "in PEM"),
        (pem, public, "Ed25519"),
    ):
        private, folder = tmp_path / "anchor.pem", tmp_path / "keys"
        folder.mkdir(exist_ok=True)
        private.write_bytes(content)
        private.chmod(0o600)
        (folder / "one.pem").write_bytes(published)
        with pytest.raises(KeyFileError, match=rf"anchor\.pem.*{rule}"):
            signer_in(private)
        with pytest.raises(KeyFileError, match=rf"one\.pem.*{rule}"):
            public_keys_in(folder)


def test_a_folder_that_is_not_there_has_no_keys(tmp_path: Path) -> None:
    assert public_keys_in(tmp_path / "keys") == {}
    assert len(key_id(provided(tmp_path / "a.pem", tmp_path / "keys").public)) == 16
