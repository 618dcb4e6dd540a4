"""A container's health check: exit code 0 when the service of TRIALWIRE_PORT says that it is ready."""

from __future__ import annotations

import os
import sys

from shared.stack.home import LOOPBACK
from shared.stack.services import ready

if __name__ == "__main__":
    sys.exit(0 if ready(f"http://{LOOPBACK}:{os.environ['TRIALWIRE_PORT']}") else 1)
