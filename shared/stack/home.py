"""Where one stack keeps its state, and where all stacks of a user share their downloads."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from shared.stack.faults import StackError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Home:
    """The data folder of one stack: `TRIALWIRE_HOME`, else the user's data folder."""

    root: Path

    @classmethod
    def at(cls, path: str | os.PathLike[str] | None = None) -> Home:
        chosen = path or os.environ.get("TRIALWIRE_HOME") or platformdirs.user_data_path("trialwire")
        return cls(Path(chosen).expanduser().resolve())

    @property
    def id(self) -> str:
        """Twelve hex digits that tell this stack from every other on the machine."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

    @property
    def state_file(self) -> Path:
        return self.root / "stack.json"

    @property
    def kafka(self) -> Path:
        return self.root / "kafka"

    @property
    def postgres(self) -> Path:
        """Postgres refuses to run as root, and another user cannot enter root's folders: it gets its own."""
        return Path("/var/lib/trialwire", self.id) if is_root() else self.root / "postgres"

    def log(self, name: str) -> Path:
        return self.root / "logs" / f"{name}.log"

    def secret(self, name: str) -> Path:
        return self.root / "secrets" / name

    def prepare(self) -> None:
        """Make the folders; raise `StackError` when the home cannot be written."""
        try:
            for folder in (self.root, self.root / "logs", self.root / "secrets", self.kafka):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StackError(
                f"The stack's folder {self.root} cannot be written: {error.strerror}.",
                "Give it to this user or set TRIALWIRE_HOME to a folder that can be written.",
            ) from error


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def cache_folder() -> Path:
    """Downloads, shared by all stacks of a user: `TRIALWIRE_CACHE`, else the user's cache folder."""
    return Path(os.environ.get("TRIALWIRE_CACHE") or platformdirs.user_cache_path("trialwire")).expanduser()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(unfinished, path)


def password_in(path: Path) -> str:
    """The password a file holds; a new one is written when there is none."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text(encoding="utf-8")
