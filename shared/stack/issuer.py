"""The embedded issuer: a key of this stack that makes tokens for whoever may read the stack's files."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.runtime.settings import EMBEDDED
from shared.stack.home import Home, write_private

AUDIENCE = "trialwire"
MACHINE = "local"  # the machine that may write commands on this stack's topics, as a developer
_HOUR = 3_600


class EmbeddedIssuer:
    """Makes tokens that the services of one stack believe. Never for real trials."""

    def __init__(self, key: OKPKey) -> None:
        self._key = key
        self._made: dict[tuple[object, ...], tuple[float, str]] = {}

    @classmethod
    def at(cls, home: Home) -> EmbeddedIssuer:
        """The issuer of this stack; keys and files are made where missing."""
        key = OKPKey.import_key(_pem(home.secret("issuer.pem")))
        key = OKPKey.import_key(key.as_dict(private=True), {"kid": key.thumbprint()})
        write_private(jwks_file(home), json.dumps({"keys": [key.as_dict(private=False)]}))
        if not machines_file(home).exists():
            write_private(machines_file(home), _local(machine_key(home)))
        return cls(key)

    def token(
        self,
        subject: str,
        roles: Sequence[str],
        *,
        sponsors: Sequence[object] = ("*",),
        trials: Sequence[object] = (),
        sites: Mapping[Any, Any] | None = None,
        organisations: Sequence[object] = (),
        seconds: int = _HOUR,
        **more: object,
    ) -> str:
        """A token for a subject with these roles; `more` are further claims, or replace the usual ones."""
        now = int(time.time())
        access = {
            "roles": list(roles),
            "sponsors": [str(one) for one in sponsors],
            "trials": [str(one) for one in trials],
            "sites": {str(site): str(trial) for site, trial in (sites or {}).items()},
            "organisations": [str(one) for one in organisations],
        }
        claims: dict[str, Any] = {"iss": EMBEDDED, "aud": AUDIENCE, "sub": subject, "iat": now}
        claims |= {"exp": now + seconds, "auth_time": now, "trialwire": access} | more
        header = {"alg": "Ed25519", "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=["Ed25519"])

    def headers(self, actor: str, body: bytes | None = None, **access: Any) -> dict[str, str]:
        """The headers by which `role:id` is known; with a body, also those by which they sign it."""
        asked = (actor, *sorted((name, str(value)) for name, value in access.items()))
        role, _, subject = actor.partition(":")
        until, token = self._made.get(asked, (0.0, ""))
        if until < time.time():
            token = self.token(subject, [role], **access)
            self._made[asked] = time.time() + _HOUR / 2, token
        given = {"Authorization": f"Bearer {token}"}
        if body is not None:
            nonce = hashlib.sha256(body).hexdigest()
            given["Trialwire-Reauthentication"] = self.token(subject, [role], seconds=60, nonce=nonce)
        return given


def environment(home: Home) -> dict[str, str]:
    """What makes a service believe this stack's issuer and machines."""
    return {
        "TRIALWIRE_ISSUER": EMBEDDED,
        "TRIALWIRE_AUDIENCE": AUDIENCE,
        "TRIALWIRE_JWKS": str(jwks_file(home)),
        "TRIALWIRE_MACHINES_FILE": str(machines_file(home)),
    }


def jwks_file(home: Home) -> Path:
    return home.root / "issuer.json"


def machines_file(home: Home) -> Path:
    return home.root / "machines.toml"


def machine_key(home: Home) -> Ed25519PrivateKey:
    """The key of the machine `local`, which signs command records; made where missing."""
    return _private(_pem(home.secret("machine.pem")))


def _pem(file: Path) -> bytes:
    if not file.exists():
        key = Ed25519PrivateKey.generate()
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(file, text.decode())
    return file.read_bytes()


@lru_cache
def _private(pem: bytes) -> Ed25519PrivateKey:
    return cast("Ed25519PrivateKey", load_pem_private_key(pem, None))


def _local(key: Ed25519PrivateKey) -> str:
    public = base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    expires = (datetime.now(UTC) + timedelta(days=3_650)).date()
    return (
        f'[{MACHINE}]\nroles = ["developer"]\nsponsors = ["*"]\n'
        f'expires = "{expires}T00:00:00Z"\ned25519 = "{public}"\n'
    )
