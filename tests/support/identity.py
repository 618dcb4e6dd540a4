"""Who asks in tests: an embedded issuer of their own, and a client's way to be somebody."""

import tempfile
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from shared.runtime.settings import EMBEDDED
from shared.stack.home import Home
from shared.stack.issuer import AUDIENCE, EmbeddedIssuer, jwks_file, machines_file
from shared.stack.vaults import provided


@cache
def home() -> Home:
    """Where the keys of this session's issuer and machine lie."""
    made = Home(Path(tempfile.mkdtemp(prefix="trialwire-issuer-")))
    made.prepare()
    EmbeddedIssuer.at(made)
    local = machines_file(made).read_text()
    others = [
        local.replace("[local]", f"[{role}]").replace("developer", role) for role in ("auditor", "nobody")
    ]
    machines_file(made).write_text("\n".join([local, *others]))
    return made


@cache
def issuer() -> EmbeddedIssuer:
    return EmbeddedIssuer.at(home())


def believed() -> dict[str, Any]:
    """The settings by which a service believes this issuer and the machine `local`, and has a vault."""
    return {
        "vault_url": (home().root / "vault").as_uri(),
        "master_keys_file": provided(home().secret("tests.master-keys.json")),
        "issuer": EMBEDDED,
        "audience": AUDIENCE,
        "jwks": str(jwks_file(home())),
        "machines_file": machines_file(home()),
    }


class Asking(httpx.Auth):
    """A client is whom the header `Trialwire-Actor: role:id` names, else a developer, and signs it all."""

    requires_request_body = True

    def __init__(self, **access: Any) -> None:
        self._access = access

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        actor = request.headers.pop("trialwire-actor", "developer:local")
        if "authorization" not in request.headers:
            request.headers.update(issuer().headers(actor, request.content, **self._access))
        yield request
