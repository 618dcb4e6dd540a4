"""Machines: by a secret of which only the hash is kept, or by a signature over the whole record."""

import base64
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from shared.identity import machines
from shared.identity.access import DeniedError
from shared.identity.machines import Machines

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
RECORD = ("an-id", "trials.enrol_subject.v1", "2026-03-02T09:00:00+00:00", b"key", b"{}")


def entry(name: str, **over: str) -> str:
    usual = {"roles": '["system"]', "sponsors": "[]", "expires": '"2027-01-01T00:00:00Z"'} | over
    return "\n".join([f"[{name}]", *[f"{key} = {value}" for key, value in usual.items()], ""])


def known(file: Path, *entries: str) -> Machines:
    file.write_text("\n".join(entries))
    return Machines(file)


def test_a_secret_opens_to_its_machine_until_it_expires(tmp_path: Path) -> None:
    secret, digest = machines.new_secret("edc-1")
    found = known(tmp_path / "m.toml", entry("edc-1", sha256=f'"{digest}"'))
    name, machine = found.by_secret(secret, NOW)
    assert (name, machine.roles) == ("edc-1", ("system",))
    assert secret.partition("edc-1_")[2] not in (tmp_path / "m.toml").read_text()
    with pytest.raises(DeniedError):
        found.by_secret(secret, NOW + timedelta(days=365))


@pytest.mark.parametrize(
    "given", ["", "twk_", "twk_edc-1", "twk_edc-1_", "twk_edc-1_wrong", "twk_nobody_x", "x"]
)
def test_any_other_secret_opens_to_nobody(tmp_path: Path, given: str) -> None:
    _, digest = machines.new_secret("edc-1")
    with pytest.raises(DeniedError, match="no such key"):
        known(tmp_path / "m.toml", entry("edc-1", sha256=f'"{digest}"')).by_secret(given, NOW)


def test_a_machine_without_a_secret_has_none(tmp_path: Path) -> None:
    found = known(tmp_path / "m.toml", entry("edc-1", ed25519=f'"{PUBLIC}"'))
    with pytest.raises(DeniedError):
        found.by_secret("twk_edc-1_", NOW)


def test_a_signature_covers_every_part_of_a_record(tmp_path: Path) -> None:
    found = known(
        tmp_path / "m.toml", entry("edc-1", ed25519=f'"{PUBLIC}"'), entry("edc-2", sha256=f'"{"0" * 64}"')
    )
    signature = machines.sign(KEY, *RECORD)
    assert found.by_signature("edc-1", signature, machines.signed_text(*RECORD), NOW)[0] == "edc-1"
    for n, part in enumerate(RECORD):
        other = b"other" if isinstance(part, bytes) else "other"
        changed = machines.signed_text(*[other if at == n else one for at, one in enumerate(RECORD)])  # type: ignore[arg-type]
        with pytest.raises(DeniedError, match="ce_signature"):
            found.by_signature("edc-1", signature, changed, NOW)
    for name in ("edc-2", "nobody", ""):
        with pytest.raises(DeniedError, match="ce_keyid"):
            found.by_signature(name, signature, machines.signed_text(*RECORD), NOW)
    for wrong in ("", "ÿ", "AAAA", signature[:-4]):
        with pytest.raises(DeniedError, match="ce_signature"):
            found.by_signature("edc-1", wrong, machines.signed_text(*RECORD), NOW)


Parts = st.tuples(st.text(), st.text(), st.text(), st.binary(), st.binary())


@given(Parts, Parts)
def test_two_records_never_come_to_the_same_signed_bytes(
    one: tuple[str, str, str, bytes, bytes], other: tuple[str, str, str, bytes, bytes]
) -> None:
    assert (machines.signed_text(*one) == machines.signed_text(*other)) == (one == other)


def test_a_changed_file_counts_at_once_and_a_broken_one_is_an_error_that_tells_no_secret(
    tmp_path: Path,
) -> None:
    file = tmp_path / "m.toml"
    secret, digest = machines.new_secret("edc-1")
    found = known(file, entry("edc-1", sha256=f'"{digest}"'))
    assert found.by_secret(secret, NOW)
    file.write_text(entry("edc-2"))
    os.utime(file, ns=(1, 1))
    with pytest.raises(DeniedError):
        found.by_secret(secret, NOW)
    for broken, place in (
        (entry("edc-1", sha256='"secret"'), "edc-1/sha256"),
        (entry("edc-1", ed25519='"c2VjcmV0"'), "edc-1/ed25519"),
        (entry("edc-1", roles="[]"), "edc-1/roles"),
        (entry("edc-1", admin="true"), "edc-1/admin"),
        (entry("edc-1", expires="2027-01-01T00:00:00"), "edc-1/expires"),
        (entry('"Bad Name"'), "Bad Name"),
        ("[edc-1", "is not TOML"),
    ):
        with pytest.raises(ValueError, match=place) as fault:
            known(tmp_path / "broken.toml", broken)
        assert "secret" not in str(fault.value).replace("m.toml", "")


APART = entry("edc-1", roles='["finance", "quality", "retrieval_vendor"]')
WRONG = (APART, "[edc-1", entry("edc-1", roles="[]"), "\xff", "a = " + "[" * 100_000)


def test_an_entry_whose_roles_exclude_each_other_is_refused_by_its_name_and_theirs(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="edc-1: nobody is both retrieval_vendor and quality"):
        known(tmp_path / "m.toml", entry("edc-2"), APART)
    together = entry("edc-1", roles='["finance", "retrieval_vendor"]')
    assert known(tmp_path / "m.toml", together)


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_file_stops_a_process_at_its_start(wrong: str, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_bytes(wrong.encode("latin-1"))
    with pytest.raises(ValueError, match=r"m\.toml"):
        Machines(tmp_path / "m.toml")
    with pytest.raises(OSError, match=r"none\.toml"):
        Machines(tmp_path / "none.toml")


@pytest.mark.parametrize("wrong", [*WRONG, None])
def test_a_change_that_is_wrong_is_told_once_and_leaves_the_machines_as_they_are(
    wrong: str | None, tmp_path: Path
) -> None:
    file, told = tmp_path / "m.toml", list[str]()
    secret, digest = machines.new_secret("edc-1")
    file.write_text(entry("edc-1", sha256=f'"{digest}"'))
    found = Machines(file, told.append)
    for _ in range(2):
        if wrong is None:
            file.unlink()
        else:
            file.write_bytes(wrong.encode("latin-1"))
        for _ in range(3):
            assert found.by_secret(secret, NOW)[0] == "edc-1"
            with pytest.raises(DeniedError):
                found.by_secret("twk_edc-2_x", NOW)
        file.write_text(entry("edc-1", sha256=f'"{digest}"') + "\n")
        os.utime(file, ns=(1, len(told)))
        assert found.by_secret(secret, NOW)
    assert len(told) == 2
    assert all("m.toml" in fault for fault in told)
    file.write_text(entry("edc-2"))
    with pytest.raises(DeniedError):
        found.by_secret(secret, NOW)
