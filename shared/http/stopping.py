"""The end of a service within 20 s of SIGTERM, also of one whose start never comes to its end."""

import os
import threading
from types import FrameType

import uvicorn

from shared.runtime import logs

LAST, STARTING = 19.8, 2.0  # seconds; what has not ended by then is given up, as a lost connection would be


class Server(uvicorn.Server):
    """uvicorn looks at a signal once the start is over, which may be never while a database does not come."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.should_exit:
            late = threading.Timer(LAST if self.started else STARTING, _give_up)
            late.daemon = True
            late.start()
        super().handle_exit(sig, frame)


def _give_up() -> None:
    logs.log.error("stop.late")
    os._exit(1)
