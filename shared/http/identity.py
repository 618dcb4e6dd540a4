"""Who asks: for now the development identity, on loopback only; without it every request is denied."""

from ipaddress import ip_address

from fastapi import Request

from shared.contracts.message import Actor
from shared.http.problems import ProblemError

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
