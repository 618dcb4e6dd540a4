"""The FastAPI application of a service: within the door, and with a document that says all it answers."""

from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from shared.http.door import Door

_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token of the issuer (OpenID Connect), or a machine's secret",
}


class Api(FastAPI):
    """What FastAPI leaves open: headers on errors too, and who has to ask.

    `definitions`: the schemas that the bodies of commands refer to, by their name in the document.
    """

    definitions: dict[str, Any]

    def build_middleware_stack(self) -> ASGIApp:
        # Around Starlette's own handler of errors: a middleware that is added stands within it.
        return Door(super().build_middleware_stack())

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            parts = document.setdefault("components", {})
            parts.setdefault("schemas", {}).update(self.definitions)
            parts["securitySchemes"] = {"bearer": _BEARER}
            document["security"] = [{"bearer": []}]
        return super().openapi()
