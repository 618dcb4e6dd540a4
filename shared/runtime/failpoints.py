"""Places where a fault test ends or freezes us: `TRIALWIRE_FAIL=relay.sent:3` or `relay.sent:3:STOP`."""

import os
import signal

_NAME, _COUNT, _SIGNAL, *_ = (os.environ.get("TRIALWIRE_FAIL", "") + ":::").split(":")
_left = int(_COUNT or 1)


def reach(name: str) -> None:
    """Die by SIGKILL, or the signal named, at the n-th time that this place is reached."""
    global _left
    if name == _NAME:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.Signals[f"SIG{_SIGNAL or 'KILL'}"])
