"""A service is told to stop and has ended 20 s later, whatever is away: its steps add up to less."""

from shared.http import app, connection, stopping
from shared.runtime import process
from shared.stack import services
from shared.vault import keeper

OF_HTTP = (connection.LISTENING["timeout_graceful_shutdown"], app.BESIDE, app.SPANS, keeper.CLOSING)
OF_THE_PROCESS = (process.CONSUMING, process.ENDING, process.RELAYING, process.LEASES, process.POOL)
PROMISED = 20.0
BETWEEN = 0.5  # what uvicorn sleeps before it looks, and all that is no waiting


def test_the_steps_of_a_stop_end_within_what_is_promised() -> None:
    assert sum(OF_HTTP) + sum(OF_THE_PROCESS) + BETWEEN <= stopping.LAST < PROMISED
    assert sum(OF_THE_PROCESS) <= 13, "what Process.running says of itself"


def test_a_step_within_another_ends_before_it() -> None:
    assert process.HANDLING < process.CONSUMING


def test_the_stack_kills_no_service_that_keeps_its_promise() -> None:
    (_, patience), *_ = services._STOP
    assert patience >= PROMISED
