"""Who asks, and whether their role may: for now by the development identity, on loopback only.

Without an identity every request is denied, and so is whatever the role's data do not name.
"""

from ipaddress import ip_address
from typing import Annotated

from fastapi import Depends, Request

from shared.contracts.message import Actor
from shared.http.problems import ProblemError
from shared.rules.roles import role

BANNER = "DEVELOPMENT IDENTITY: whoever reaches this port is believed. Loopback only; never for real trials."


def development(host: str) -> None:
    """Refuse to start with the development identity on an address that others can reach."""
    name = "127.0.0.1" if host == "localhost" else host
    if not ip_address(name).is_loopback:
        raise SystemExit(f"{BANNER} TRIALWIRE_HOST={host} is not a loopback address.")


async def actor(request: Request) -> Actor:
    """The actor of a request, from the header `Trialwire-Actor: role:id`; 401 without an identity."""
    if not request.app.state.dev_identity:
        raise ProblemError(401, "no-identity", "this service has no identity provider configured")
    try:
        return Actor.parse(request.headers.get("trialwire-actor", "developer:local"))
    except ValueError as fault:
        raise ProblemError(401, "malformed-identity", f"Trialwire-Actor: {fault}") from None


def permit(request: Request, actor: Actor, command: str) -> None:
    """Let the actor's role give `<service>.<command>`; else 403, before anything of the body is read."""
    known = role(actor.role, request.app.state.dev_identity)
    if known is None or not known.may_give(command):
        raise ProblemError(403, "role", f"the role {actor.role} may not give {command}")


async def permitted(request: Request, actor: Annotated[Actor, Depends(actor)]) -> Actor:
    """The actor of a route that is no command of the domain; 403 where its page is not for their role.

    The page is the first part of the path. To GET is to read it, anything else is a command of that name.
    """
    page = f"{request.app.state.service}.{request.scope['route'].path.split('/')[2]}"
    if request.method != "GET":
        permit(request, actor, page)
    elif not ((known := role(actor.role, request.app.state.dev_identity)) and known.may_read(page)):
        raise ProblemError(403, "role", f"the role {actor.role} may not read {page}")
    return actor
