"""Where Kafka is and how a client gets in: one value, from which every client takes its arguments."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLScram512

from shared.identity.secret import user_in

SYSTEM = "system"  # the authorities that this machine believes


class Password(str):
    """A password as aiokafka takes it, which encodes it at each login: it gets the one in force by then."""

    _now: Callable[[], str]

    def __new__(cls, now: Callable[[], str]) -> "Password":
        made = super().__new__(cls, now())
        made._now = now
        return made

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return str(self._now()).encode(encoding, errors)


@dataclass(frozen=True)
class Kafka:
    """Servers, a `login` like `user:password` or none, and as `tls` nothing, SYSTEM or a file of CAs.

    A login that is a callable is asked at each connection: a changed password counts from the next one on.
    """

    servers: str
    login: str | Callable[[], str] = field(default="", repr=False)
    tls: str = ""

    @property
    def user(self) -> str:
        return user_in(self._login())

    @property
    def password(self) -> str:
        return self._login().partition(":")[2]

    def _login(self) -> str:
        return self.login() if callable(self.login) else self.login

    @property
    def security(self) -> BaseSecurity:
        """As FastStream's broker takes it."""
        authorities = None if self.tls == SYSTEM else self.tls
        context = ssl.create_default_context(cafile=authorities) if self.tls else None
        password = Password(lambda: self.password)
        return SASLScram512(self.user, password, context) if self.login else BaseSecurity(context)

    @property
    def arguments(self) -> dict[str, Any]:
        """As aiokafka's producer, consumer and administrator take it."""
        return {"bootstrap_servers": self.servers, **parse_security(self.security)}
