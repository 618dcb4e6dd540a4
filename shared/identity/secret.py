"""Secrets in files that may be replaced while a process runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlsplit

T = TypeVar("T")


class UnfitSecretError(ValueError):
    """A file that holds no such secret, or changes more than the secret; the text has nothing of it."""


class Secret(Generic[T]):
    """What `read` makes of a file, which is read again at each use: a replaced one counts from the next on.

    A file that cannot be used, or whose `lasting` part is another than at the start, leaves the former value
    in force; `kept` is told why. The first reading raises instead: what `read` raises, OSError for one.
    """

    def __init__(
        self,
        file: Path,
        read: Callable[[Path], T],
        kept: Callable[[Exception], None],
        lasting: Callable[[T], object] = lambda value: None,
    ) -> None:
        self._file, self._read, self._kept, self._lasting = file, read, kept, lasting
        self._value = read(file)

    def __call__(self) -> T:
        """The secret in force now."""
        try:
            found = self._read(self._file)
            if self._lasting(found) != self._lasting(self._value):
                raise UnfitSecretError(f"{self._file}: only the secret may change while a process runs")
            self._value = found
        except Exception as fault:  # it is being replaced, or a person's mistake: work goes on
            self._kept(fault)
        return self._value


def dsn_in(file: Path) -> str:
    """The address of a database that a file holds; UnfitSecretError, OSError."""
    text = file.read_text("utf-8").strip()
    if not text.startswith(("postgresql://", "postgres://")):
        raise UnfitSecretError(
            f"{file}: must hold one address, postgresql://user:password@host:port/database"
        )
    return text


def address_in(dsn: str) -> tuple[Any, ...]:
    """An address without its password: what two of them share where only the password is another."""
    parts = urlsplit(dsn)
    account, _, place = parts.netloc.rpartition("@")
    more = [(name, value) for name, value in parse_qsl(parts.query) if name != "password"]
    return account.partition(":")[0], place, parts.path, more


def login_in(file: Path) -> str:
    """The line `user:password` that a file holds; UnfitSecretError, OSError."""
    text = file.read_text("utf-8").strip()
    user, _, password = text.partition(":")
    if not (user and password) or len(text.splitlines()) > 1:
        raise UnfitSecretError(f"{file}: must hold one line, user:password")
    return text


def user_in(login: str) -> str:
    return login.partition(":")[0]
