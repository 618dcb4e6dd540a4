"""Fetching jars from a Maven repository: by jgo, trusting the system's certificates, with a progress bar."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
import truststore
from jgo.maven import MavenContext, PythonResolver
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from shared.stack.faults import StackError
from shared.stack.jars import Jar, place


def fetch(wanted: list[Jar], target: Path) -> None:
    """Fetch each jar beside the cache, check it, move it in; nothing unchecked ever lies in `target`."""
    truststore.inject_into_ssl()
    try:
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target) as beside, _bar(wanted) as advance:
            context = maven(Path(beside), advance)
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda jar: _fetch_one(context, jar, target), wanted))
    except requests.RequestException as error:
        raise StackError(
            f"The Java programs of the stack could not be fetched: {_plain(error)}",
            "A first start needs the network (proxy variables are honoured; TRIALWIRE_MAVEN names a mirror).",
        ) from error
    finally:
        truststore.extract_from_ssl()


def maven(folder: Path, advance: Callable[[int], None] | None = None) -> MavenContext:
    """jgo's view of the repositories, with a local folder that nobody else writes."""
    mirror = os.environ.get("TRIALWIRE_MAVEN")

    @contextlib.contextmanager
    def progress(_name: str, _size: int) -> Iterator[Callable[[int], None]]:
        yield advance or (lambda _count: None)

    return MavenContext(
        repo_cache=folder, remote_repos={"mirror": mirror.rstrip("/")} if mirror else None,
        resolver=PythonResolver(progress_callback=progress), timeout=60,
    )  # fmt: skip


def _fetch_one(context: MavenContext, jar: Jar, target: Path) -> None:
    group, artifact, version, *classifier = jar.coordinate.split(":")
    component = context.project(group, artifact).at_version(version)
    try:
        fetched = component.artifact(classifier="".join(classifier)).resolve()
    except RuntimeError as error:  # jgo's word for "no repository has it"
        raise StackError(
            f"No repository has {jar.coordinate}.", "Unset TRIALWIRE_MAVEN or name a repository that has it."
        ) from error
    place(jar, fetched, target / jar.file_name)


@contextlib.contextmanager
def _bar(wanted: list[Jar]) -> Iterator[Callable[[int], None]]:
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    console = Console(stderr=True)
    if not console.is_terminal:
        console.print(f"Fetching {len(wanted)} jars, {sum(jar.size for jar in wanted) / 1e6:.0f} MB")
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("Fetching Kafka and Zipkin", total=sum(jar.size for jar in wanted))
        yield lambda count: progress.update(task, advance=count)


def _plain(error: requests.RequestException) -> str:
    return str(error).splitlines()[0][:300] or type(error).__name__
