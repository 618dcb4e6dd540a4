"""`trialwire token` and `trialwire machine`: identities of the embedded stack, by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer

from shared.identity.machines import new_secret
from shared.rules.roles import roles
from shared.stack.faults import StackError
from shared.stack.home import Home
from shared.stack.issuer import EmbeddedIssuer

Roles = Annotated[list[str] | None, typer.Option("--role", help="A role; may be repeated.")]
Sponsors = Annotated[list[str] | None, typer.Option("--sponsor", help="A sponsor's id, or * for all.")]
Trials = Annotated[list[str] | None, typer.Option("--trial", help="A trial's id; may be repeated.")]
Organisations = Annotated[
    list[str] | None, typer.Option("--organisation", help="The id of a CRO or vendor; may be repeated.")
]


def token(
    role: Roles = None,
    subject: Annotated[str, typer.Option(help="Whose token it is: an opaque id.")] = "local",
    sponsor: Sponsors = None,
    trial: Trials = None,
    site: Annotated[list[str] | None, typer.Option(help="SITE=TRIAL, both ids; may be repeated.")] = None,
    organisation: Organisations = None,
    minutes: Annotated[int, typer.Option(min=1, max=1_440)] = 60,
) -> None:
    """Print a token of this stack's issuer; where nothing says what it reaches, it reaches everything."""
    wanted = role or ["developer"]
    _known(wanted)
    try:
        sites = {str(UUID(one)): str(UUID(of)) for one, _, of in (text.partition("=") for text in site or ())}
        named = (*(sponsor or ()), *(trial or ()), *(organisation or ()))
        reached = [str(UUID(one)) for one in named if one != "*"]
    except ValueError:
        raise typer.BadParameter(
            "sponsors, trials, sites and organisations are named by their ids, a site as SITE=TRIAL"
        ) from None
    everything = not (reached or sites)
    typer.echo(
        EmbeddedIssuer.at(_prepared()).token(
            subject,
            wanted,
            sponsors=["*"] if everything else sponsor or [],
            trials=trial or [],
            sites=sites,
            organisations=organisation or [],
            seconds=minutes * 60,
        )
    )


def machine(
    name: str,
    role: Roles = None,
    sponsor: Sponsors = None,
    trial: Trials = None,
    organisation: Organisations = None,
    days: int = 365,
) -> None:
    """Print an API secret for a machine, and the entry that says to the services what it may and reaches."""
    _known(wanted := role or ["system"])
    secret, digest = new_secret(name)
    expires = (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0).isoformat()
    typer.echo(f"{secret}\n", err=True)
    reached = {"sponsors": sponsor or [], "trials": trial or [], "organisations": organisation or []}
    entry = {"roles": wanted, **reached, "expires": expires, "sha256": digest}
    typer.echo("\n".join([f"[{name}]", *[f"{key} = {json.dumps(value)}" for key, value in entry.items()]]))


def _known(wanted: list[str]) -> None:
    if unknown := sorted(set(wanted) - roles().keys()):
        raise StackError(f"There is no role {unknown[0]}.", f"The roles: {', '.join(roles())}.")


def _prepared() -> Home:
    home = Home.at()
    home.prepare()
    return home
