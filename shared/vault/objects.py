"""The sealed bytes of documents: objects in a local folder or a bucket, named by service and reference."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import obstore
from obstore.store import LocalStore, from_url

_PART = 8 * 2**20  # bytes that are sent or fetched at once; a bucket wants 5 MiB a part or more
_PARTS_AT_ONCE = 2
_PAGE = 1_000


class Objects:
    """The objects of one service."""

    def __init__(self, url: str, service: str) -> None:
        """`url` is `file:///…` or `s3://…`; of services that share one, each sees its own objects only."""
        self._store = from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)
        self._service = service

    def _path(self, ref: UUID) -> str:
        return f"{self._service}/{ref}"

    def _folder(self) -> Path | None:
        """Where the objects are files; None where they are not."""
        if not isinstance(self._store, LocalStore) or self._store.prefix is None:
            return None
        return Path(self._store.prefix) / self._service

    async def write(self, ref: UUID, blobs: AsyncIterator[bytes]) -> None:
        """Store an object whole or not at all, durably; a fault of `blobs` undoes it and is raised."""
        faults: list[BaseException] = []
        try:
            await obstore.put_async(
                self._store, self._path(ref), _noting(blobs, faults), chunk_size=_PART,
                max_concurrency=_PARTS_AT_ONCE,
            )  # fmt: skip
        except Exception:
            if faults:  # a bucket that cannot give up the upload would speak of that instead
                raise faults[0] from None
            raise
        if folder := self._folder():  # a bucket answers when it is safe, a folder only when told to
            await asyncio.to_thread(_flush, folder / str(ref), folder, folder.parent)

    async def size(self, ref: UUID) -> int | None:
        """How many bytes an object has; None if there is none."""
        try:
            return (await obstore.head_async(self._store, self._path(ref)))["size"]
        except FileNotFoundError:
            return None

    async def read(self, ref: UUID, size: int) -> AsyncIterator[memoryview]:
        """The bytes of an object of `size` bytes, fewer if it is gone or shorter.

        Each range is a request of its own: a single one would be cut off by the time that it may take, where
        whoever reads is slow.
        """
        for start in range(0, size, _PART):
            try:
                found = await obstore.get_range_async(
                    self._store, self._path(ref), start=start, end=min(start + _PART, size)
                )
            except FileNotFoundError:
                return
            yield memoryview(found)

    async def pages(self) -> AsyncIterator[list[tuple[UUID, datetime]]]:
        """References and times of all objects, a page at a time; what no reference names is left out."""
        async for page in obstore.list(self._store, self._service, chunk_size=_PAGE):
            named = ((_reference(meta["path"]), meta["last_modified"]) for meta in page)
            yield [(ref, at) for ref, at in named if ref]

    async def delete(self, refs: Sequence[UUID]) -> None:
        """Remove objects; one that is not there is no fault."""
        paths = [self._path(ref) for ref in refs]
        try:
            await obstore.delete_async(self._store, paths)
        except FileNotFoundError:  # only a folder says so, and leaves the others
            for path in paths:
                with contextlib.suppress(FileNotFoundError):
                    await obstore.delete_async(self._store, path)

    async def delete_parts(self, before: datetime) -> int:
        """Remove what broken writes left in a folder that was last written to before then; answers how many.

        A bucket forgets such parts by a lifecycle rule of its own.
        """
        folder = self._folder()
        return await asyncio.to_thread(_delete_parts, folder, before.timestamp()) if folder else 0


async def _noting(blobs: AsyncIterator[bytes], faults: list[BaseException]) -> AsyncIterator[bytes]:
    try:
        async for blob in blobs:
            yield blob
    except Exception as fault:
        faults.append(fault)
        raise


def _reference(path: str) -> UUID | None:
    try:
        return UUID(path.rpartition("/")[2])
    except ValueError:
        return None


def _flush(*paths: Path) -> None:
    for path in paths:
        opened = os.open(path, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _delete_parts(folder: Path, before: float) -> int:
    # a write in progress is a file named by its object, "#" and a number; lists leave it out
    found = [path for path in folder.glob("*#*") if path.stat().st_mtime < before]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
