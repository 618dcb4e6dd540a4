"""A service's API page: its OpenAPI document as plain HTML, with nothing loaded from elsewhere."""

import base64
import hashlib
import json
from html import escape
from typing import Any

from shared.http.door import NOTHING

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1b1b1b; background: #fff }
h2 { margin-top: 2rem } code, pre { font: .9rem/1.4 ui-monospace, monospace } pre { overflow-x: auto }
code { overflow-wrap: anywhere }
summary { cursor: pointer; padding: .4rem 0 }
.method { font-weight: 700; display: inline-block; min-width: 4rem }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #161616 } a { color: #8ab4ff } }
"""
# The page has no script, and of styles this one alone.
POLICY = (
    f"{NOTHING}; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)


def page(document: dict[str, Any]) -> str:
    """The page of an OpenAPI document: a section a tag, an entry a route with its schema."""
    title = escape(document["info"]["title"])
    sections: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method, route in item.items():
            sections.setdefault((route.get("tags") or ["queries"])[0], []).append(_route(method, path, route))
    body = "".join(f"<h2>{escape(tag)}</h2>{''.join(routes)}" for tag, routes in sorted(sections.items()))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{title}</h1><p>The same as a document for programs: "
        f'<a href="/openapi.json">openapi.json</a></p>{body}</main></body></html>'
    )


def _route(method: str, path: str, route: dict[str, Any]) -> str:
    parameters = "".join(
        f"<li><code>{escape(p['name'])}</code> in {escape(p['in'])}"
        f"{', required' if p.get('required') else ''}"
        for p in route.get("parameters", [])
    )
    content = route.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = f"<pre tabindex='0'>{escape(json.dumps(content['schema'], indent=2))}</pre>" if content else ""
    answers = ", ".join(
        f"{code} {escape(a['description'])}" for code, a in route.get("responses", {}).items()
    )
    return (
        f'<details><summary><span class="method">{method.upper()}</span> <code>{escape(path)}</code> '
        f"{escape(route.get('summary', ''))}</summary><p>{escape(route.get('description', ''))}</p>"
        f"<ul>{parameters}</ul>{schema}<p>Answers: {answers}</p></details>"
    )
