"""Ports: free, apart, and the same again."""

import socket
from pathlib import Path

from shared.stack import ports
from shared.stack.home import LOOPBACK, Home


def prepared(path: Path) -> Home:
    home = Home.at(path)
    home.prepare()
    return home


def test_a_port_stays_the_same_from_one_start_to_the_next(tmp_path: Path) -> None:
    home = prepared(tmp_path)
    assert ports.port_for(home, "kafka") == ports.port_for(home, "kafka")


def test_a_port_that_somebody_took_is_replaced(tmp_path: Path) -> None:
    home = prepared(tmp_path)
    first = ports.port_for(home, "kafka")
    with socket.socket() as other:
        other.bind((LOOPBACK, first))
        other.listen()
        second = ports.port_for(home, "kafka")
        assert second != first
        assert "pid" in ports.holder(first)
    assert ports.is_free(second)
    assert ports.port_for(home, "kafka") == second


def test_no_two_processes_of_a_stack_get_one_port(tmp_path: Path) -> None:
    home = prepared(tmp_path)
    names = ["kafka", "kafka-controller", "postgres", "zipkin", "otlp", "trials", "safety"]
    assert len({ports.port_for(home, name) for name in names}) == len(names)


def test_two_stacks_prefer_different_ports(tmp_path: Path) -> None:
    one, other = Home.at(tmp_path / "one"), Home.at(tmp_path / "other")
    assert ports.preferred(one, "kafka") != ports.preferred(other, "kafka")
