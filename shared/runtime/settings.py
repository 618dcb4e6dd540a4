"""What differs between deployments; everything else is a constant beside its use."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import NonNegativeInt
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.identity.kafka import Kafka
from shared.identity.secret import Secret, address_in, dsn_in, login_in, user_in
from shared.runtime import logs, metrics

EMBEDDED = "urn:trialwire:embedded"  # of the stack on one machine
T = TypeVar("T")


class Settings(BaseSettings):
    """Read from variables `TRIALWIRE_…`; secrets come from files, never from the variables themselves."""

    model_config = SettingsConfigDict(env_prefix="TRIALWIRE_", env_ignore_empty=True, extra="ignore")

    dsn_file: Path
    kafka: str
    kafka_login_file: Path | None = None  # one line, user:password; without it nobody logs in
    kafka_tls: str = ""  # `system`, or a file with the authorities that are believed; else no TLS
    host: str = "127.0.0.1"
    port: int = 8000
    otlp: str | None = None
    issuer: str | None = None  # of persons' tokens; without one no person is let in
    audience: str = "trialwire"
    jwks: str | None = None  # its keys, an https address or a file; else found by discovery
    machines_file: Path | None = None  # those that may call and write commands, and what they reach
    anchor_folder: Path | None = None  # where anchors of the log are kept outside the database, and
    anchor_key_file: Path | None = None  # the Ed25519 key, PEM, that signs them
    vault_url: str | None = None  # where a service keeps sealed bytes, `file:///…` or `s3://…`,
    master_keys_file: Path | None = None  # and the keys that wrap those of its subjects
    document_bytes: int = 8 * 2**30  # the largest document that a vault takes
    clock_file: Path | None = None
    session_ms: int = 45_000
    circuit_seconds: float = 60.0
    pool_size: int = 12
    rate: NonNegativeInt = 6_000  # requests a minute of a sponsor, or of one without; 0 sets no limit

    def dsn(self) -> Secret[str]:
        """The address of the service's database with its password, from a file only the service reads."""
        return self.secret("dsn_file", dsn_in, address_in)

    def cluster(self) -> Kafka:
        """Where Kafka is, and how this service gets in."""
        login = self.secret("kafka_login_file", login_in, user_in) if self.kafka_login_file else ""
        return Kafka(self.kafka, login, self.kafka_tls)

    def secret(
        self, name: str, read: Callable[[Path], T], lasting: Callable[[T], object] = lambda value: None
    ) -> Secret[T]:
        """The secret in the file of this setting; a file that cannot be used later is counted and logged."""

        def kept(fault: Exception) -> None:
            metrics.SECRET_KEPT.labels(name).inc()
            logs.log.warning("secret.kept", name=name, error=type(fault).__name__)

        return Secret(getattr(self, name), read, kept, lasting)
