"""Loopback ports that are free, differ between stacks, and stay the same from one start to the next."""

from __future__ import annotations

import socket

import psutil

from shared.stack.home import LOOPBACK, Home
from shared.stack.state import changing

# Below the range from which systems take the local ports of outgoing connections, so that a port
# stays free while its server is being restarted.
_FIRST, _BLOCK, _BLOCKS = 20000, 16, 700
_PLACE = {
    "kafka": 0, "kafka-controller": 1, "postgres": 2, "zipkin": 3, "otlp": 4,
    "trials": 8, "regulatory": 9, "safety": 10, "retrieval": 11, "sponsors": 12, "operations": 13,
}  # fmt: skip


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Connections of the last run that linger in TIME_WAIT are no reason to move.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(port: int, host: str = LOOPBACK) -> bool:
    """Whether anybody accepts a connection there."""
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True


def preferred(home: Home, name: str) -> int:
    """The port a process gets in a stack that has never run: a block by the stack's id, a place by name."""
    block = int(home.id, 16) % _BLOCKS
    return _FIRST + block * _BLOCK + _PLACE[name]


def port_for(home: Home, name: str) -> int:
    """The port that a process is to listen on: the last one, else the preferred one, else any free one."""
    with changing(home) as state:
        taken = {port for other, port in state.ports.items() if other != name}
        wanted = [state.ports.get(name, 0), preferred(home, name)]
        free = [port for port in wanted if port and port not in taken and is_free(port)]
        state.ports[name] = free[0] if free else _any_free(taken)
        return state.ports[name]


def _any_free(taken: set[int]) -> int:
    for port in range(_FIRST + _BLOCK * _BLOCKS, 32000):
        if port not in taken and is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def holder(port: int) -> str:
    """Who listens on a port, for people: the process's name and pid as far as the system tells."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return "a process this user may not see"
    for connection in connections:
        if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
            return _named(connection.pid)
    return "nobody"


def _named(pid: int | None) -> str:
    if pid is None:
        return "a process of another user"
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return f"pid {pid}"
