"""What differs between deployments; everything else is a constant beside its use."""

from pathlib import Path

from pydantic import NonNegativeInt
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.identity.kafka import Kafka

EMBEDDED = "urn:trialwire:embedded"  # of the stack on one machine


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
    clock_file: Path | None = None
    session_ms: int = 45_000
    circuit_seconds: float = 60.0
    pool_size: int = 12
    rate: NonNegativeInt = 6_000  # requests a minute of a sponsor, or of one without; 0 sets no limit

    def dsn(self) -> str:
        """The address of the service's database with its password, from a file only the service reads."""
        return self.dsn_file.read_text().strip()

    def cluster(self) -> Kafka:
        """Where Kafka is, and how this service gets in."""
        file = self.kafka_login_file
        return Kafka(self.kafka, file.read_text().strip() if file else "", self.kafka_tls)
