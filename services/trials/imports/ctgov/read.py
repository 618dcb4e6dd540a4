"""The entries of an upload, told by its first bytes to be XML, an array, a page or objects in lines."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from services.trials.commands.trial import RecordRegistryEntry
from services.trials.imports.ctgov import legacy, split, v2
from services.trials.imports.ctgov.rejection import FieldError, Rejection


def entries(chunks: Iterable[bytes]) -> Iterator[RecordRegistryEntry | Rejection]:
    """Every record as an entry or as a rejection; holds one record in memory at a time."""
    source = iter(chunks)
    head = b""
    for chunk in source:
        head = (head + chunk).removeprefix(b"\xef\xbb\xbf").lstrip()
        if len(head) >= 64:
            break
    rest = chain([head], source)
    if not head:
        return
    if head.startswith(b"<"):
        yield from _each(split.xml_documents(rest), _from_xml)
    elif head.startswith(b"[") or split.is_page(head):
        yield from _each(split.json_array(rest), _from_json)
    elif head.startswith(b"{"):
        yield from _each(split.json_lines(rest), _from_json)
    else:
        yield Rejection(None, None, f"begins with {head[:20]!r}: neither JSON nor XML")


def _each(
    records: Iterable[bytes | Rejection], read: Callable[[bytes], RecordRegistryEntry | Rejection]
) -> Iterator[RecordRegistryEntry | Rejection]:
    for record in records:
        yield record if isinstance(record, Rejection) else read(record)


def _from_json(record: bytes) -> RecordRegistryEntry | Rejection:
    try:
        study: Any = json.loads(record)
    except UnicodeDecodeError as error:
        return Rejection(None, None, f"is not UTF-8 at byte {error.start}")
    except json.JSONDecodeError as error:
        return Rejection(None, None, f"is not JSON: {error.msg} at character {error.pos}")
    except ValueError as error:
        return Rejection(None, None, f"is not JSON that can be read: {error}")
    except RecursionError:
        return Rejection(None, None, "is nested too deeply")
    return _entry(study)


def _from_xml(document: bytes) -> RecordRegistryEntry | Rejection:
    try:
        study = legacy.study(document)
    except FieldError as error:
        return Rejection(_legible(document), error.field, error.reason)
    return _entry(study)


def _entry(study: Any) -> RecordRegistryEntry | Rejection:
    try:
        return v2.entry(study)
    except FieldError as error:
        return Rejection(v2.nct_of(study), error.field, error.reason)


def _legible(document: bytes) -> str | None:
    _, found, rest = document.partition(b"<nct_id>")
    return rest[:11].decode("ascii", "replace") if found else None
