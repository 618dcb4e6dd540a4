"""What a query leaves of itself: who asked for which page, with which ids and parameters; no free text."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from structlog.contextvars import get_contextvars

Parameters = tuple[tuple[str, bool, TypeAdapter[Any] | None], ...]
_known: dict[Callable[..., Any], Parameters] = {}  # by endpoint: the types of a route never change


@dataclass(frozen=True)
class Reading:
    """A row of es.reading but for what the reader reaches.

    `path` is the route's, as `/v1/trials/{trial_id}`; `ids` are those that path and query name; `parameters`
    is JSON of those that were given, null for one that is a text: what people write may be a name.
    """

    actor: str
    roles: tuple[str, ...]
    page: str
    path: str
    ids: tuple[UUID, ...]
    parameters: str
    request_id: str


def reading_of(request: Request) -> Reading:
    """What this request leaves; its parameters have been validated by its route."""
    asking, route = request.state.principal, request.scope["route"]
    ids: list[UUID] = []
    said: dict[str, Any] = {}
    given: Any
    for name, many, kind in _parameters(route):
        if name in request.path_params:
            given = request.path_params[name]
        elif name in request.query_params:
            given = request.query_params.getlist(name) if many else request.query_params[name]
        else:
            continue
        value: Any = None if kind is None else kind.validate_python(given)
        ids += [one for one in (value if many else (value,)) if isinstance(one, UUID)]
        said[name] = None if kind is None else kind.dump_python(value, mode="json")
    return Reading(
        asking.id,
        asking.roles,
        request.state.page,
        route.path,
        tuple(dict.fromkeys(ids)),
        json.dumps(said),
        get_contextvars()["request_id"],
    )


def _parameters(route: APIRoute) -> Parameters:
    """Each parameter of the route: its name, whether it may be repeated, and its type; None for a text."""
    if route.endpoint not in _known:
        fields = (*route.dependant.path_params, *route.dependant.query_params)
        typed: list[tuple[str, Any]] = [(field.alias, field.field_info.annotation) for field in fields]
        _known[route.endpoint] = tuple(
            (name, list in kinds, None if str in kinds else TypeAdapter(type_))
            for name, type_ in typed
            for kinds in (set(_kinds(type_)),)
        )
    return _known[route.endpoint]


def _kinds(annotation: Any) -> Iterator[Any]:
    """The types that a value may have, and `list`; those of a list's items too."""
    if origin := getattr(annotation, "__origin__", None):
        yield origin
    arguments = get_args(annotation)
    yield from (kind for one in arguments if not isinstance(one, str) for kind in _kinds(one))
    if not arguments:
        yield annotation
