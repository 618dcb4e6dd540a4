"""Where the services of one stack keep their vaults, and the master keys of each."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

from shared.stack.home import Home, write_private
from shared.vault.seal import KEY


def environment(home: Home, service: str) -> dict[str, str]:
    """What makes a service find its vault; a master key is made where it has none."""
    return {
        "TRIALWIRE_VAULT_URL": (home.root / "vault").as_uri(),
        "TRIALWIRE_MASTER_KEYS_FILE": str(provided(home.secret(f"{service}.master-keys.json"))),
    }


def provided(file: Path) -> Path:
    """The file with the master keys of a service, made where there is none.

    One that is lost takes every document with it.
    """
    if not file.exists():
        key = base64.b64encode(secrets.token_bytes(KEY)).decode()
        write_private(file, json.dumps({"current": "1", "keys": {"1": key}}))
    return file
