"""Where Kafka is and how a client gets in: one value, from which every client takes its arguments."""

import ssl
from dataclasses import dataclass, field
from typing import Any

from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLScram512

SYSTEM = "system"  # the authorities that this machine believes


@dataclass(frozen=True)
class Kafka:
    """Servers, a `login` like `user:password` or none, and as `tls` nothing, SYSTEM or a file of CAs."""

    servers: str
    login: str = field(default="", repr=False)
    tls: str = ""

    @property
    def user(self) -> str:
        return self.login.partition(":")[0]

    @property
    def password(self) -> str:
        return self.login.partition(":")[2]

    @property
    def security(self) -> BaseSecurity:
        """As FastStream's broker takes it."""
        authorities = None if self.tls == SYSTEM else self.tls
        context = ssl.create_default_context(cafile=authorities) if self.tls else None
        return SASLScram512(self.user, self.password, context) if self.login else BaseSecurity(context)

    @property
    def arguments(self) -> dict[str, Any]:
        """As aiokafka's producer, consumer and administrator take it."""
        return {"bootstrap_servers": self.servers, **parse_security(self.security)}
