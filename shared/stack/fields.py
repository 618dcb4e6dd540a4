"""A command's body from FIELD=VALUE, by the JSON Schema of the command: types, missing and unknown fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

_WORDS = {"true": True, "yes": True, "false": False, "no": False}
_REF = "#/components/schemas/"


class WrongFieldError(Exception):
    """A field that is missing, unknown, or given a value that is none of its type."""


@dataclass(frozen=True)
class Fields:
    """The fields of one command; `parts` are the schemas that its own refers to."""

    schema: Mapping[str, Any]
    parts: Mapping[str, Any]

    def body(self, begun: Mapping[str, Any], given: Sequence[str]) -> dict[str, Any]:
        """The body: what a file began, and over it what is given; WrongFieldError says what is wrong."""
        body = dict(begun)
        fresh: set[str] = set()
        for text in given:
            name, mark, value = text.partition("=")
            if not (mark and name):
                raise WrongFieldError(f"{text[:60]} is not written FIELD=VALUE")
            self._put(body, self.schema, name.split("."), "", value, fresh)
        if faults := list(self._faults(self.schema, body, "")):
            raise WrongFieldError("; ".join(faults))
        return body

    def described(self) -> list[dict[str, Any]]:
        """A row a field, those of nested objects by their dotted names."""
        return list(self._rows(self.schema, "", ()))

    def _rows(self, schema: Mapping[str, Any], at: str, within: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        for one in self._choices(schema):
            for name, inner in one.get("properties", {}).items():
                about = inner.get("description") or ("" if "default" not in inner else _default(inner))
                needed = "yes" if name in one.get("required", ()) else ""
                kind = self._kind(inner)
                yield {"field": f"{at}{name}", "type": kind, "required": needed, "about": about}
                if kind not in within and "object" in kind:
                    yield from self._rows(inner, f"{at}{name}.", (*within, kind))

    def _choices(self, schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The schema's alternatives, each without references; a schema of one form is its only one."""
        if ref := schema.get("$ref"):
            return self._choices(self.parts[ref.removeprefix(_REF)])
        given = schema.get("anyOf") or schema.get("oneOf")
        return [found for one in given for found in self._choices(one)] if given else [schema]

    def _kind(self, schema: Mapping[str, Any]) -> str:
        names: list[str] = []
        for one in self._choices(schema):
            if "enum" in one or "const" in one:
                names.append("|".join(map(str, one.get("enum") or [one["const"]])))
            elif one.get("type") == "array":
                names.append(f"list of {self._kind(one.get('items', {}))}")
            elif one.get("type") != "null":
                names.append(str(one.get("format") or one.get("type", "any")))
        return " or ".join(dict.fromkeys(names))

    def _put(
        self,
        body: dict[str, Any],
        schema: Mapping[str, Any],
        path: list[str],
        at: str,
        value: str,
        fresh: set[str],
    ) -> None:
        """Set one value where the dotted path leads; `fresh` are the lists that these values have begun."""
        name, where = path[0], f"{at}{path[0]}"
        forms = [one.get("properties", {}) for one in self._choices(schema)]
        if not (found := [form[name] for form in forms if name in form]):
            known = {field for form in forms for field in form}
            raise WrongFieldError(f"there is no field {where}{alike(name, known)}")
        of_it = {"anyOf": found}
        if path[1:]:
            inner = body.setdefault(name, {})
            if not isinstance(inner, dict):
                raise WrongFieldError(f"{where} is given twice, whole and in parts")
            self._put(inner, of_it, path[1:], f"{where}.", value, fresh)
            return
        items = next((one for one in self._choices(of_it) if one.get("type") == "array"), None)
        if items is None or value.startswith("["):
            body[name] = self._value(of_it, where, value)
            return
        if where not in fresh:
            body[name] = []
            fresh.add(where)
        body[name].append(self._value(items.get("items", {}), where, value))

    def _value(self, schema: Mapping[str, Any], where: str, text: str) -> Any:
        choices = self._choices(schema)
        for one in choices:
            fits, value = _as(one, text)
            if fits:
                return value
        allowed = [str(word) for one in choices for word in one.get("enum", ())]
        raise WrongFieldError(f"{where}={text[:60]} is no {self._kind(schema)}{alike(text, allowed)}")

    def _faults(self, schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
        """What is missing or unknown, all of it; of several forms, by the one with the fewest faults."""
        found = [list(self._of_one(one, value, at)) for one in self._choices(schema)]
        yield from min(found, key=len, default=[])

    def _of_one(self, one: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
        if isinstance(value, list) and one.get("type") == "array":
            for n, item in enumerate(value):
                yield from self._faults(one.get("items", {}), item, f"{at.rstrip('.')}[{n}].")
        if not isinstance(value, dict) or "properties" not in one:
            return
        known = one["properties"]
        yield from (f"{at}{name} is missing" for name in one.get("required", ()) if name not in value)
        for name, inner in value.items():
            if name in known:
                yield from self._faults(known[name], inner, f"{at}{name}.")
            else:
                yield f"there is no field {at}{name}{alike(name, known)}"


def _as(one: Mapping[str, Any], text: str) -> tuple[bool, Any]:
    """Whether the text is of this form, and the value that it then is."""
    if "enum" in one or "const" in one:
        return text in (one.get("enum") or [one["const"]]), text
    kind = one.get("type")
    if kind == "string":
        return True, text
    if kind == "boolean":
        return text.lower() in _WORDS, _WORDS.get(text.lower())
    try:
        value = json.loads(text)
    except ValueError:
        return False, None
    kinds = {"integer": int, "number": (int, float), "array": list, "object": dict, "null": type(None)}
    expected: Any = kinds.get(str(kind), object)
    return isinstance(value, expected) and not (isinstance(value, bool) and kind != "boolean"), value


def _default(schema: Mapping[str, Any]) -> str:
    return "" if schema["default"] is None else f"else {json.dumps(schema['default'])}"


def alike(name: str, known: Iterable[str]) -> str:
    """Those of the known names that are close, as the end of a sentence."""
    near = get_close_matches(name, list(known))
    return f"; did you mean {', '.join(near)}?" if near else ""
