"""Jars come from where the system's certificates, and no bundle of a library, say that it is trusted."""

import hashlib
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from shared.stack.faults import StackError
from shared.stack.fetch import fetch
from shared.stack.jars import Jar

BYTES = b"a jar of the tests"
JAR = Jar(hashlib.sha256(BYTES).hexdigest(), len(BYTES), "kafka", "org.example:thing:1.0")


class Mirror(http.server.BaseHTTPRequestHandler):
    """A Maven repository with one jar."""

    def do_GET(self) -> None:
        found = self.path == "/org/example/thing/1.0/thing-1.0.jar"
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(BYTES) if found else 0))
        self.end_headers()
        self.wfile.write(BYTES if found else b"")

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> Iterator[trustme.CA]:
    """A proxy's certificate authority, as a company has one; the mirror behind it is the only repository."""
    made = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert("localhost").configure_cert(context)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("TRIALWIRE_MAVEN", f"https://localhost:{server.server_port}")
        monkeypatch.setenv("NO_PROXY", "localhost")
        for bundle in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"):
            monkeypatch.delenv(bundle, raising=False)
        yield made
        server.shutdown()
        thread.join()


def test_a_certificate_that_only_the_system_knows_is_trusted(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "store.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "store.pem"))  # where OpenSSL has the system's store
    fetch([JAR], tmp_path)
    assert (tmp_path / JAR.file_name).read_bytes() == BYTES


def test_a_certificate_that_nobody_knows_is_a_fault_with_a_cure(
    authority: trustme.CA, tmp_path: Path
) -> None:
    with pytest.raises(StackError, match="could not be fetched"):
        fetch([JAR], tmp_path)
    assert not (tmp_path / JAR.file_name).exists()
