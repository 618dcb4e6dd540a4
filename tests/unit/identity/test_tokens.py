"""Tokens that count for nothing: forged, expired, for others, unsigned, of keys nobody knows."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.identity import tokens
from shared.identity.access import DeniedError
from shared.identity.tokens import Issuer, IssuerAwayError

ISS, AUD = "https://issuer.example", "trialwire"
SPONSOR, TRIAL, SITE = (UUID(int=n) for n in (1, 2, 3))
KEY = OKPKey.generate_key("Ed25519", {"kid": "one"})
ACCESS = {"roles": ["auditor"], "sponsors": [str(SPONSOR)], "trials": [], "sites": {str(SITE): str(TRIAL)}}


def claims(**over: object) -> dict[str, Any]:
    now = int(time.time())
    usual = {"iss": ISS, "aud": AUD, "sub": "a-01", "iat": now, "exp": now + 60, "trialwire": ACCESS}
    return {name: value for name, value in (usual | over).items() if value is not None}


def signed(said: dict[str, Any], key: Any = KEY, alg: str = "Ed25519", kid: str | None = None) -> str:
    return jwt.encode({"alg": alg, "kid": kid or key.kid}, said, key, algorithms=[alg])


def jwks(file: Path, *keys: Any) -> Path:
    file.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in keys]}))
    return file


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(ISS, AUD, str(jwks(tmp_path / "keys.json", KEY)))


async def test_a_token_says_who_bears_it_and_what_they_reach(issuer: Issuer) -> None:
    found = await issuer.claims(signed(claims(name="A. Auditor", auth_time=7, nonce="n", email="x@y")))
    assert (found.sub, found.name, found.auth_time, found.nonce) == ("a-01", "A. Auditor", 7, "n")
    assert found.trialwire
    grants = found.trialwire.grants()
    assert grants.reach(SPONSOR, None, None)
    assert grants.reach(None, TRIAL, SITE)
    assert not grants.reach(None, TRIAL, None)
    assert not grants.reach(None, SPONSOR, SITE)
    assert not grants.everything


async def test_the_star_alone_reaches_everything(issuer: Issuer) -> None:
    found = await issuer.claims(signed(claims(trialwire=ACCESS | {"sponsors": ["*"]})))
    assert found.trialwire
    assert found.trialwire.grants().everything
    for mixed in (["*", str(SPONSOR)], ["all"], "*"):
        with pytest.raises(DeniedError, match="trialwire/sponsors"):
            await issuer.claims(signed(claims(trialwire=ACCESS | {"sponsors": mixed})))


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"exp": int(time.time()) - 120}, "expired"),
        ({"exp": None}, "exp"),
        ({"aud": "another"}, "aud"),
        ({"aud": None}, "aud"),
        ({"iss": "https://other.example"}, "iss"),
        ({"sub": None}, "sub"),
        ({"sub": "a b"}, "sub"),
        ({"sub": "x" * 101}, "sub"),
        ({"nbf": int(time.time()) + 3_600}, "nbf|signature"),
        ({"trialwire": {"roles": []}}, "trialwire/roles"),
        ({"trialwire": {"roles": ["auditor"], "admin": True}}, "trialwire/admin"),
        ({"trialwire": {"roles": ["auditor"], "trials": ["all"]}}, "trialwire/trials"),
    ],
)
async def test_a_claim_that_is_missing_wrong_or_over_denies(
    issuer: Issuer, over: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DeniedError, match=reason):
        await issuer.claims(signed(claims(**over)))


async def test_what_others_signed_or_nobody_is_denied(issuer: Issuer, tmp_path: Path) -> None:
    good = signed(claims())
    head, body, signature = good.split(".")

    def part(of: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(of).encode()).rstrip(b"=").decode()

    secret = json.dumps(KEY.as_dict(private=False)).encode()
    confused = f"{part({'alg': 'HS256', 'kid': 'one'})}.{body}"
    mac = base64.urlsafe_b64encode(hmac.digest(secret, confused.encode(), hashlib.sha256)).decode()
    another = OKPKey.generate_key("Ed25519", {"kid": "one"})
    forged = {
        "none": f"{part({'alg': 'none', 'kid': 'one'})}.{body}.",
        "None": f"{part({'alg': 'None', 'kid': 'one'})}.{body}.",
        "shared secret": f"{confused}.{mac.rstrip('=')}",
        "another's key": signed(claims(), another),
        "other claims": f"{head}.{part(claims(sub='somebody'))}.{signature}",
        "no signature": f"{head}.{body}.",
        "unknown kid": signed(claims(), KEY, kid="two"),
        "no kid": f"{part({'alg': 'Ed25519'})}.{body}.{signature}",
        "critical": f"{part({'alg': 'Ed25519', 'kid': 'one', 'crit': ['x'], 'x': 1})}.{body}.{signature}",
        "two parts": f"{head}.{body}",
        "nothing": "",
        "a list": f"{part([])}.{body}.{signature}",
        "bytes": "ÿ.þ.ý",
        "long": good + "x" * 20_000,
    }
    for name, token in forged.items():
        with pytest.raises(DeniedError) as denied:
            await issuer.claims(token)
        assert "a-01" not in str(denied.value), name
    assert (await issuer.claims(good)).sub == "a-01"


@pytest.mark.parametrize(
    ("alg", "key"),
    [
        ("ES256", ECKey.generate_key("P-256", {"kid": "k"})),
        ("RS256", RSAKey.generate_key(2048, {"kid": "k"})),
        ("PS256", RSAKey.generate_key(2048, {"kid": "k"})),
    ],
)
async def test_the_usual_algorithms_of_issuers_are_taken(tmp_path: Path, alg: str, key: Any) -> None:
    issuer = Issuer(ISS, AUD, str(jwks(tmp_path / "keys.json", key)))
    assert (await issuer.claims(signed(claims(), key, alg))).sub == "a-01"


async def test_a_new_key_of_the_issuer_counts_and_a_withdrawn_one_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_AGAIN", 0.0)
    new, file = OKPKey.generate_key("Ed25519", {"kid": "two"}), tmp_path / "keys.json"
    issuer = Issuer(ISS, AUD, str(jwks(file, KEY)))
    assert await issuer.claims(signed(claims()))
    jwks(file, new)
    assert await issuer.claims(signed(claims(), new)), "a key nobody knows makes us look again"
    with pytest.raises(DeniedError, match="none of the issuer's"):
        await issuer.claims(signed(claims()))


async def test_an_issuer_that_is_away_denies_only_whom_it_never_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_AGAIN", 0.0)
    monkeypatch.setattr(tokens, "_FRESH", 0.0)
    file = tmp_path / "keys.json"
    issuer = Issuer(ISS, AUD, str(file))
    with pytest.raises(IssuerAwayError):
        await issuer.claims(signed(claims()))
    jwks(file, KEY)
    assert await issuer.claims(signed(claims()))
    for gone in ("", "[]", '{"keys": 7}'):
        file.write_text(gone)
        assert await issuer.claims(signed(claims())), "what it said last still holds"
    with pytest.raises(IssuerAwayError):
        await issuer.claims(signed(claims(), KEY, kid="two"))


async def test_a_storm_of_unknown_keys_asks_the_issuer_once(issuer: Issuer) -> None:
    fetched = 0
    fetch = issuer._fetch

    async def counted() -> Any:
        nonlocal fetched
        fetched += 1
        return await fetch()

    issuer._fetch = counted  # type: ignore[method-assign]
    for _ in range(50):
        with pytest.raises(DeniedError):
            await issuer.claims(signed(claims(), KEY, kid="two"))
    assert fetched == 1


def test_keys_come_over_https_or_from_this_machine() -> None:
    with pytest.raises(ValueError, match="https"):
        Issuer("http://issuer.example", AUD, None)
    with pytest.raises(ValueError, match="https"):
        Issuer(ISS, AUD, "http://issuer.example/keys")
    assert Issuer("http://127.0.0.1:9/realm", AUD, None)
