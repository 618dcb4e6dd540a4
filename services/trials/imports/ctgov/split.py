"""A stream of bytes cut into records, one record at a time: lines, arrays, pages, XML documents."""

import re
from collections.abc import Iterable, Iterator

from services.trials.imports.ctgov.rejection import Rejection

# The largest record seen has 0.8 MB; what is larger than this is skipped and told.
RECORD_LIMIT = 16 * 1024 * 1024

_END = b"</clinical_study>"
_IN_TEXT = re.compile(rb'["\\]')
_OUTSIDE = re.compile(rb'["{}\[\]]')
_SCALAR_END = re.compile(rb"[,\]]")
_BETWEEN = b" \t\r\n,"
_PAGE = re.compile(rb'\s*\{(?:\s*"(?:totalCount|nextPageToken)"\s*:\s*[^,{\[]+,)*\s*"studies"\s*:\s*\[')
_TOO_LARGE = Rejection(None, None, f"the record is larger than {RECORD_LIMIT // 2**20} MiB")


def xml_documents(chunks: Iterable[bytes]) -> Iterator[bytes | Rejection]:
    """Each XML document, one after the other; the rest after the last end tag must be blank."""
    buffer, skipping = b"", False
    for chunk in chunks:
        buffer += chunk
        while (at := buffer.find(_END)) >= 0:
            if not skipping:
                yield buffer[: at + len(_END)].lstrip()
            buffer, skipping = buffer[at + len(_END) :], False
        if len(buffer) > RECORD_LIMIT:
            if not skipping:
                yield _TOO_LARGE
            buffer, skipping = buffer[-len(_END) :], True
    if buffer.strip() and not skipping:
        yield buffer.lstrip()


def json_lines(chunks: Iterable[bytes]) -> Iterator[bytes | Rejection]:
    """Each object of a file of objects, one a line or each over many lines.

    An object begins where a line begins with a brace, so a broken record costs no other.
    """
    record: list[bytes] = []
    size = 0
    for line in _lines(chunks):
        if isinstance(line, Rejection):
            yield line
            record, size = [], 0
            continue
        if record and line.startswith(b"{"):
            yield b"".join(record)
            record, size = [], 0
        if not record and not line.strip():
            continue
        record.append(line)
        size += len(line)
        if size > RECORD_LIMIT:
            yield _TOO_LARGE
            record, size = [], 0
        elif line.rstrip().endswith(b"}") and (len(record) == 1 or line.startswith(b"}")):
            yield b"".join(record)
            record, size = [], 0
    if record:
        yield b"".join(record)


def json_array(chunks: Iterable[bytes]) -> Iterator[bytes | Rejection]:
    """Each element of one array, which may stand in a page of the API (`{"studies": [...]}`)."""
    source = iter(chunks)
    buffer = next(source, b"")
    page = _PAGE.match(buffer)
    buffer = buffer[page.end() if page else buffer.index(b"[") + 1 :]
    while True:
        buffer = buffer.lstrip(_BETWEEN)
        scan = _Scan()
        while (end := scan.end(buffer)) is None:
            if (chunk := next(source, None)) is None:
                yield buffer or Rejection(None, None, "the array ends without its closing bracket")
                return
            buffer = buffer + chunk if buffer else chunk.lstrip(_BETWEEN)
            if len(buffer) > RECORD_LIMIT:
                yield _TOO_LARGE
                return
        if end == 0:
            return
        yield buffer[:end]
        buffer = buffer[end:]


def is_page(head: bytes) -> bool:
    """Whether the bytes begin a page of the API and not a study."""
    return _PAGE.match(head) is not None


class _Scan:
    """Where the first element of a growing buffer ends; it goes on where it stopped, so cost is linear."""

    def __init__(self) -> None:
        self._at = 0
        self._depth = 0
        self._in_text = False

    def end(self, buffer: bytes) -> int | None:
        """The end's position; 0 where the array ends instead, None where more bytes are needed."""
        if buffer[:1] == b"]":
            return 0
        if buffer and buffer[:1] not in b"{[":
            found = _SCALAR_END.search(buffer)
            return found.start() if found else None
        while mark := (_IN_TEXT if self._in_text else _OUTSIDE).search(buffer, self._at):
            if mark[0] == b"\\" and mark.end() == len(buffer):
                return None
            self._at = mark.end() + (mark[0] == b"\\")
            self._in_text ^= mark[0] == b'"'
            self._depth += {b"{": 1, b"[": 1, b"}": -1, b"]": -1}.get(mark[0], 0)
            if self._depth == 0:
                return self._at
        self._at = len(buffer)
        return None


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes | Rejection]:
    rest, skipping = b"", False
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if not skipping:
                yield line + b"\n"
            skipping = False
        if len(rest) > RECORD_LIMIT:
            if not skipping:
                yield _TOO_LARGE
            rest, skipping = b"", True
    if rest and not skipping:
        yield rest
