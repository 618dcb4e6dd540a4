"""The Java programs of the stack: only what a committed list names, by SHA-256, ever runs."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from shared.stack.faults import StackError
from shared.stack.home import cache_folder

LIST = Path(__file__).with_name("jars.sha256")


@dataclass(frozen=True)
class Jar:
    """One line of the list: `coordinate` is group:artifact:version, with :classifier where there is one."""

    sha256: str
    size: int
    program: str
    coordinate: str

    @property
    def file_name(self) -> str:
        _, *rest = self.coordinate.split(":")
        return "-".join(rest) + ".jar"


def listed(program: str | None = None, text: str | None = None) -> list[Jar]:
    """The jars of a program (`kafka` or `zipkin`), or all, in the order of the class path."""
    lines = (LIST.read_text(encoding="utf-8") if text is None else text).splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    jars = [Jar(sha256, int(size), name, coordinate) for sha256, size, name, coordinate in rows]
    return [jar for jar in jars if program in (None, jar.program)]


def folder() -> Path:
    return cache_folder() / "jars"


def sound(jar: Jar, path: Path) -> bool:
    """Whether the file is there and is, byte for byte, the one that was reviewed."""
    try:
        if path.stat().st_size != jar.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
    except FileNotFoundError:
        return False


def unsound(wanted: list[Jar]) -> list[Jar]:
    """The jars that are missing or are not what the list says."""
    return [jar for jar in wanted if not sound(jar, folder() / jar.file_name)]


def ready(*programs: str) -> list[Path]:
    """The programs' jars, every one checked now; what is missing or unsound is fetched again first."""
    wanted = [jar for program in programs for jar in listed(program)]
    if unsound(wanted):
        _fetch_missing(wanted)
    return [folder() / jar.file_name for jar in wanted]


def _fetch_missing(wanted: list[Jar]) -> None:
    folder().mkdir(parents=True, exist_ok=True)
    with FileLock(cache_folder() / ".jars.lock", timeout=600):
        missing = unsound(wanted)  # another `up` may have fetched them while we waited
        if missing:
            from shared.stack.fetch import fetch  # pulls in requests and rich: only a first start pays for it

            fetch(missing, folder())


def place(jar: Jar, fetched: Path, target: Path) -> None:
    """Move a fetched file into the cache if it is the reviewed one; refuse it otherwise."""
    if not sound(jar, fetched):
        fetched.unlink(missing_ok=True)
        raise StackError(
            f"{jar.coordinate} does not have the expected SHA-256; it was thrown away and not run.",
            "A proxy or mirror may have changed it: try again, or let TRIALWIRE_MAVEN name another.",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(fetched, target)


def class_path(paths: list[Path]) -> str:
    """Only checked files: a class path of `folder/*` would also run what somebody else put there."""
    return os.pathsep.join(map(str, paths))
