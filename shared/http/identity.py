"""Who asks, whether their role may, and what they reach: denied is whatever nobody has allowed."""

import hashlib
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Annotated

from fastapi import Depends, Request

from shared.contracts.message import Actor, Command, Signature, Signed
from shared.http.problems import ProblemError
from shared.identity.access import Access, DeniedError
from shared.identity.machines import PREFIX
from shared.identity.tokens import Claims, Issuer, IssuerAwayError
from shared.rules.grants import Grants
from shared.rules.roles import clash, first_that
from shared.runtime import clock, metrics
from shared.runtime.machines import machines_in
from shared.runtime.settings import EMBEDDED, Settings

BANNER = "EMBEDDED ISSUER: whoever reads this machine's files may be anybody. Never for real trials."
_REAUTHENTICATED = 300  # seconds for which a proof of who signs counts (21 CFR 11.200(a)(1))
# What a 401 asks for (RFC 6750, 3; RFC 9470, 3): nothing is told of a token to one who brought none.
_CHALLENGES = {
    "no-identity": "Bearer",
    "token": 'Bearer error="invalid_token"',
    "roles": 'Bearer error="invalid_token"',
    "reauthentication": f'Bearer error="insufficient_user_authentication", max_age={_REAUTHENTICATED}',
}


@dataclass(frozen=True)
class Principal:
    """Who asks: an opaque id, their name where the issuer tells it, their roles and what they reach."""

    id: str
    name: str | None
    roles: tuple[str, ...]
    grants: Grants
    person: bool


class Identity:
    """The one issuer of persons' tokens, and the keys of machines, that this deployment believes."""

    def __init__(self, settings: Settings) -> None:
        self.embedded = settings.issuer == EMBEDDED
        if self.embedded:
            _alone(settings.host)
        self._issuer = Issuer(settings.issuer, settings.audience, settings.jwks) if settings.issuer else None
        self._machines = machines_in(settings.machines_file) if settings.machines_file else None

    async def principal(self, request: Request) -> Principal:
        """Who bears the request's token; ProblemError 401 for nobody, 503 where the issuer is away."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _nobody("no-identity", "Authorization: Bearer <token> is required")
        try:
            if token.startswith(PREFIX):
                return self._machine(token)
            claims = await self._claims(token)
        except DeniedError as fault:
            raise _nobody("token", str(fault)) from None
        if claims.trialwire is None:
            raise _nobody("token", "the token names no role here: its claim `trialwire` is missing")
        return _principal(claims.sub, claims.name, claims.trialwire, person=True)

    async def signature(
        self, request: Request, signer: Principal, command: Command, body: bytes
    ) -> Signature | None:
        """The signature of a signed act, None for any other; 401 where nobody proves anew who signs.

        The proof is a second token of the issuer for the same subject, made less than five minutes after they
        proved who they are (`auth_time`), whose `nonce` is the SHA-256 of the body: it signs no other act.
        """
        if not isinstance(command, Signed):
            return None
        if not signer.person:
            raise ProblemError(403, "signature", "a machine does not sign")
        try:
            claims = await self._claims(request.headers.get("trialwire-reauthentication", ""))
        except DeniedError as fault:
            raise _nobody("reauthentication", f"Trialwire-Reauthentication: {fault}") from None
        digest = hashlib.sha256(body).hexdigest()
        if claims.sub != signer.id:
            raise _nobody("reauthentication", "somebody else proved who they are")
        if claims.nonce != digest:
            raise _nobody(
                "reauthentication", "the proof is for another act: its nonce is not the body's SHA-256"
            )
        if claims.auth_time is None or time.time() - claims.auth_time > _REAUTHENTICATED:
            raise _nobody("reauthentication", f"the proof is older than {_REAUTHENTICATED} s")
        proved = datetime.fromtimestamp(claims.auth_time, UTC)
        return Signature(signer.name or signer.id, command.meaning, clock.now(), proved, digest)

    async def _claims(self, token: str) -> Claims:
        if not self._issuer:
            raise DeniedError("this service believes no issuer")
        try:
            return await self._issuer.claims(token)
        except IssuerAwayError as fault:
            raise ProblemError(503, "unavailable", f"the issuer's keys: {fault}") from None

    def _machine(self, token: str) -> Principal:
        if not self._machines:
            raise DeniedError("this service knows no machines")
        name, machine = self._machines.by_secret(token)
        return _principal(name, None, machine, person=False)


def _principal(id_: str, name: str | None, access: Access, person: bool) -> Principal:
    if apart := clash(access.roles):
        raise _nobody("roles", f"nobody is both {apart[0]} and {apart[1]}")
    return Principal(id_, name, access.roles, access.grants(), person)


def _nobody(rule: str, detail: str) -> ProblemError:
    metrics.DENIED.labels(rule).inc()
    return ProblemError(401, rule, detail, headers={"WWW-Authenticate": _CHALLENGES[rule]})


def _alone(host: str) -> None:
    """Refuse to start with the embedded issuer on an address that others can reach."""
    name = "127.0.0.1" if host == "localhost" else host
    if not ip_address(name).is_loopback:
        raise SystemExit(f"{BANNER} TRIALWIRE_HOST={host} is not a loopback address.")


async def principal(request: Request) -> Principal:
    """Who bears the request's token; 401 for nobody, 429 for one who asks too often."""
    identity: Identity = request.app.state.identity
    found = await identity.principal(request)
    request.app.state.pace.take(found.grants, found.person, found.id)
    return found


def permit(request: Request, asking: Principal, command: str) -> Actor:
    """As whom the principal may give `<service>.<command>`; 403 before anything of the body is read."""
    embedded = request.app.state.identity.embedded
    name = first_that(asking.roles, lambda known: known.may_give(command), embedded)
    if name is None:
        raise _forbidden(asking, f"may not give {command}")
    return Actor(asking.id, name)


async def permitted(request: Request, asking: Annotated[Principal, Depends(principal)]) -> Principal:
    """Who asks for a route that is no command of the domain; 403 where its page is not for their roles.

    The page is the first part of the path. To GET is to read it, anything else is a command of that name.
    """
    page = f"{request.app.state.service}.{request.scope['route'].path.split('/')[2]}"
    embedded = request.app.state.identity.embedded
    if request.method != "GET":
        permit(request, asking, page)
    elif not first_that(asking.roles, lambda known: known.may_read(page), embedded):
        raise _forbidden(asking, f"may not read {page}")
    elif first_that(asking.roles, lambda known: known.restricted and known.may_read(page), embedded):
        asking = replace(asking, grants=replace(asking.grants, restricted=True))
    request.state.principal, request.state.page = asking, page
    return asking


def _forbidden(asking: Principal, what: str) -> ProblemError:
    metrics.DENIED.labels("role").inc()
    return ProblemError(403, "role", f"{', '.join(asking.roles)} {what}")
