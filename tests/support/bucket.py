"""A real S3 endpoint on this machine: S3Proxy on the JVM of the wheel, its objects in a folder."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.stack import jars
from shared.stack.faults import StackError
from shared.stack.fetch import fetch
from shared.stack.java import java, options
from shared.stack.ports import answers

_LIST = Path(__file__).with_name("s3proxy.sha256")
_SETTINGS = """
s3proxy.endpoint=http://127.0.0.1:{port}
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity={identity}
s3proxy.credential={credential}
s3proxy.ignore-unknown-headers=true
jclouds.provider=filesystem-nio2
jclouds.filesystem.basedir={folder}
"""


@dataclass(frozen=True)
class Bucket:
    """An empty bucket, and as `environment` what a client needs to get in."""

    name: str
    folder: Path
    environment: dict[str, str]

    def objects(self) -> list[Path]:
        """The objects that are whole; what the server writes of others lies beside the services' folders."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        places = ((path, path.relative_to(self.folder).parts) for path in files)
        return sorted(path for path, parts in places if len(parts) > 1 and parts[0][0] != ".")


@contextlib.contextmanager
def bucket(folder: Path, name: str = "vault") -> Iterator[Bucket]:
    """Start the server for a block; the test is skipped where its jars are not to be had."""
    wanted = jars.listed(text=_LIST.read_text("utf-8"))
    jars.folder().mkdir(parents=True, exist_ok=True)
    try:
        if missing := jars.unsound(wanted):
            fetch(missing, jars.folder())
    except StackError as fault:
        pytest.skip(f"S3Proxy is not to be had: {fault}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "objects" / name).mkdir(parents=True)
    given = {"identity": "tests", "credential": "a-secret-of-the-tests"}
    settings = folder / "s3proxy.properties"
    settings.write_text(_SETTINGS.format(port=port, folder=folder / "objects", **given))
    # S3Proxy sends what is written to the standard error to its log: which must not write there.
    quiet = ["-Dorg.slf4j.simpleLogger.logFile=System.out", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    class_path = jars.class_path([jars.folder() / jar.file_name for jar in wanted])
    command = [str(java()), *options(256), *quiet, "-cp", class_path, "org.gaul.s3proxy.Main"]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([*command, "--properties", str(settings)], stdout=log, stderr=log)  # noqa: S603
    try:
        end = time.monotonic() + 30
        while not answers(port):
            assert running.poll() is None, (folder / "log").read_text()[-2_000:]
            assert time.monotonic() < end, (folder / "log").read_text()[-2_000:]
            time.sleep(0.1)
        environment = {
            "AWS_ENDPOINT": f"http://127.0.0.1:{port}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": given["identity"], "AWS_SECRET_ACCESS_KEY": given["credential"],
        }  # fmt: skip
        yield Bucket(name, folder / "objects" / name, environment)
    finally:
        running.terminate()
        running.wait(20)
