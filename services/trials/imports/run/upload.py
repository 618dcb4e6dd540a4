"""An upload as the readers take it, and how much of it goes into the log at once."""

from collections.abc import AsyncIterator, Iterator

from anyio import from_thread

BATCH = 20
# An upload that is wrong throughout is told once and not a million times.
REJECTIONS = 10_000


def chunks(upload: AsyncIterator[bytes]) -> Iterator[bytes]:
    """The upload's chunks for the thread that parses them: it waits for each in the event loop."""
    while chunk := from_thread.run(_next, upload):
        yield chunk


async def _next(upload: AsyncIterator[bytes]) -> bytes:
    return await anext(upload, b"")
