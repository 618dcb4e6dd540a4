"""Writes jars.sha256 anew, after a version here has changed: `python -m shared.stack.lock`."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import truststore

from shared.stack.fetch import maven
from shared.stack.jars import LIST

# slf4j-simple: without a logging backend a broker that finds its port taken dies without a word.
PROGRAMS = {
    "kafka": ["org.apache.kafka:kafka_2.13:4.4.0", "org.slf4j:slf4j-simple:1.7.36"],
    "zipkin": ["io.zipkin:zipkin-server:3.6.1:exec"],
}
_HEAD = "# SHA-256, bytes, program and Maven coordinate of every jar that may run; by shared/stack/lock.py"


def lock() -> None:
    """Resolve each program's jars with jgo; Zipkin's `exec` jar carries its own dependencies."""
    from jgo.maven import Dependency

    truststore.inject_into_ssl()
    rows: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        context = maven(Path(folder))
        for program, roots in PROGRAMS.items():
            wanted = [context.create_dependency(_full(root)) for root in roots]
            found: list[Dependency] = list(wanted)
            if program == "kafka":
                found += context.resolver.resolve(wanted)[1]
            for artifact in (dependency.artifact for dependency in found):
                parts = [artifact.groupId, artifact.artifactId, artifact.version, artifact.classifier]
                data = artifact.resolve().read_bytes()
                digest = hashlib.sha256(data).hexdigest()
                rows.append(f"{digest} {len(data):>10} {program:<7} {':'.join(filter(None, parts))}")
    LIST.write_text("\n".join([_HEAD, *rows]) + "\n", encoding="utf-8")


def _full(coordinate: str) -> str:
    """jgo wants the packaging before a classifier: group:artifact:jar:classifier:version."""
    group, artifact, version, *classifier = coordinate.split(":")
    return ":".join([group, artifact, "jar", *classifier, version])


if __name__ == "__main__":
    lock()
