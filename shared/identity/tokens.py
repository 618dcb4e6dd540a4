"""Bearer tokens of one issuer (RFC 7519, OpenID Connect Core 1.0): its keys fetched, their claims checked."""

import asyncio
import base64
import hashlib
import json
import ssl
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import truststore
from joserfc import errors, jwt
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.identity.access import Access, DeniedError

# Signatures by a key pair only: with a shared secret whoever checks tokens could make them (RFC 8725, 3.1).
ALGORITHMS = ["ES256", "ES384", "Ed25519", "PS256", "RS256"]
LEEWAY = 60  # seconds that clocks may differ
_FRESH, _AGAIN = 600.0, 10.0  # seconds that keys are kept; seconds between two fetches for a key nobody knows
_KEPT = 1_000  # tokens that need no second verification for as long as `_AGAIN`
_LIMIT = 16 * 1024  # characters


class IssuerAwayError(Exception):
    """The issuer's keys are not to be had."""


class Claims(BaseModel):
    """What we read of a token; `auth_time` is when its subject last proved who they are (seconds, UTC)."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    sub: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,100}$")]
    exp: int
    name: Annotated[str, Field(max_length=200)] | None = None
    auth_time: int | None = None
    nonce: str | None = None
    trialwire: Access | None = None


class Issuer:
    """Verifies tokens of one issuer. `keys`: where its JWK set is, an https address or a file; by discovery
    (`<issuer>/.well-known/openid-configuration`) where it is not given.
    """

    def __init__(self, issuer: str, audience: str, keys: str | None) -> None:
        self.name = issuer
        self._source = keys
        for address in (issuer if keys is None else keys,):
            _allowed(address)
        registry = {"iss": issuer, "aud": audience}
        required = {name: {"essential": True, "value": value} for name, value in registry.items()}
        self._registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            exp={"essential": True},
            sub={"essential": True},
            **required,  # type: ignore[arg-type]
        )
        self._set = KeySet([])
        self._known: set[str] = set()
        self._verified: dict[bytes, tuple[float, Claims]] = {}  # by the token's hash, for seconds
        self._fetched = -_FRESH
        self._lock = asyncio.Lock()

    async def claims(self, token: str) -> Claims:
        """The claims of a token that this issuer made for us and that still holds.

        DeniedError says why it does not; IssuerAwayError where the keys are not to be had.
        """
        if len(token) > _LIMIT:
            raise DeniedError("the token is too long")
        digest = hashlib.sha256(token.encode()).digest()
        until, known = self._verified.get(digest, (0.0, None))
        if known and time.time() < min(until, known.exp + LEEWAY):
            return known
        claims = await self._verify(token)
        if len(self._verified) >= _KEPT:
            self._verified.clear()
        self._verified[digest] = time.time() + _AGAIN, claims
        return claims

    async def _verify(self, token: str) -> Claims:
        try:
            header = json.loads(_decoded(token.split(".")[0]))
            kid, algorithm = header.get("kid"), header.get("alg")
        except (ValueError, AttributeError):
            raise DeniedError("the token is malformed") from None
        if algorithm not in ALGORITHMS or not isinstance(kid, str):
            raise DeniedError("the token needs a kid and an algorithm of " + ", ".join(ALGORITHMS))
        await self._refresh(kid)
        if kid not in self._known:
            raise DeniedError("the token's key is none of the issuer's")
        try:
            decoded = jwt.decode(token, self._set, algorithms=ALGORITHMS)
            self._registry.validate(decoded.claims)
            return Claims.model_validate_json(json.dumps(decoded.claims))
        except errors.ExpiredTokenError:
            raise DeniedError("the token has expired") from None
        except (errors.MissingClaimError, errors.InvalidClaimError) as fault:
            raise DeniedError(f"the claim {fault.claim} is missing or not for us") from None
        except ValidationError as fault:
            places = {"/".join(map(str, error["loc"])) for error in fault.errors()[:5]}
            raise DeniedError(f"the token's claims break a rule: {', '.join(sorted(places))}") from None
        except (errors.JoseError, ValueError):
            raise DeniedError("the token is malformed or its signature is wrong") from None

    async def _refresh(self, kid: str) -> None:
        """Fetch the keys where they are old, or where this one is unknown: the issuer has rotated them."""
        async with self._lock:
            age = time.monotonic() - self._fetched
            if age < _AGAIN or (age < _FRESH and kid in self._known):
                return
            self._fetched = time.monotonic()
            try:
                found = KeySet.import_key_set(await self._fetch())
            except (OSError, httpx.HTTPError, LookupError, TypeError, ValueError, errors.JoseError) as fault:
                if kid in self._known:
                    return  # the issuer is away: what it said last still holds
                self._fetched = -_FRESH
                raise IssuerAwayError(type(fault).__name__) from None
            self._verified.clear()
            self._set, self._known = found, {key.kid for key in found.keys if key.kid}

    async def _fetch(self) -> Any:
        if self._source and not self._source.startswith("http"):
            return json.loads(await asyncio.to_thread(Path(self._source).read_text, "utf-8"))
        trust = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        async with httpx.AsyncClient(verify=trust, timeout=5, follow_redirects=False) as client:
            keys = self._source
            if keys is None:
                described = await client.get(f"{self.name.rstrip('/')}/.well-known/openid-configuration")
                keys = str(described.raise_for_status().json()["jwks_uri"])
                _allowed(keys)
            return (await client.get(keys)).raise_for_status().json()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _allowed(address: str) -> None:
    """Keys come over https, from this machine, or from a file; ValueError else."""
    parts = urlsplit(address)
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError(f"{address} is plain http to another machine: the issuer's keys need https")
