"""The lines of a text that comes in chunks, as tables are read by."""

import codecs
from collections.abc import Iterator

LINE = 64 * 1024  # characters; a row of any table has some hundred
LOST = "\ufffd"  # stands where bytes were no UTF-8: nobody knows what was there


class LineTooLongError(Exception):
    """What comes is no table."""


def lines_of(chunks: Iterator[bytes]) -> Iterator[str]:
    """Each line of a text in UTF-8; what is none of it reads as `LOST`."""
    decoder, rest = codecs.getincrementaldecoder("utf-8-sig")(errors="replace"), ""
    for chunk in chunks:
        *whole, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in whole:
            if len(line) > LINE:
                raise LineTooLongError
            yield f"{line}\n"
        if len(rest) > LINE:
            raise LineTooLongError
    if rest := rest + decoder.decode(b"", final=True):
        yield rest
