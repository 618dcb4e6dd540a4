"""Places where a fault test may end the process as a power cut would: `TRIALWIRE_FAIL=relay.sent:3`."""

import os
import signal

_NAME, _, _COUNT = os.environ.get("TRIALWIRE_FAIL", "").partition(":")
_left = int(_COUNT or 1)


def reach(name: str) -> None:
    """Die by SIGKILL at the n-th time that this place is reached, where the environment says so."""
    global _left
    if name == _NAME:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
