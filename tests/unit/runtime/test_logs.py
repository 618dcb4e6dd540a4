"""What leaves as a log line: named fields, and of a library's own lines neither text nor values."""

import json
import subprocess
import sys

PATIENT = "Name Of A Patient"
PROGRAM = f"""
import logging
from shared.runtime import logs
logs.configure("tester")
logs.log.warning("something", error="ValueError", patient="{PATIENT}", count=2)
try:
    raise LookupError("{PATIENT}")
except LookupError:
    logging.getLogger("some.library").exception("row %s", "{PATIENT}")
logging.getLogger("some.library").info("below the level")
"""


def test_only_named_fields_leave_and_of_a_librarys_line_its_name_and_its_errors_type() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)  # noqa: S603
    assert PATIENT not in ran.stdout + ran.stderr
    ours, librarys = (json.loads(line) for line in ran.stdout.splitlines())
    assert ours.pop("timestamp")
    assert ours == {
        "event": "something",
        "level": "warning",
        "service": "tester",
        "error": "ValueError",
        "count": 2,
    }
    assert {name: librarys[name] for name in ("event", "name", "error", "level", "service")} == {
        "event": "library",
        "name": "some.library",
        "error": "LookupError",
        "level": "error",
        "service": "tester",
    }
