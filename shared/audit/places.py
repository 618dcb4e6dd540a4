"""Where a stack keeps what belongs to its anchors; `home` is its data folder."""

from pathlib import Path


def anchors(home: Path, service: str) -> Path:
    """The anchors of a service: to be on a disk that the database's owner cannot write to."""
    return home / "anchors" / service


def signing_key(home: Path) -> Path:
    return home / "secrets" / "anchor.pem"


def public_keys(home: Path) -> Path:
    """The public keys of all who ever signed here."""
    return home / "anchors" / "keys"
