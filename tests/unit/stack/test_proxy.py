"""A proxy of the environment is for downloads, never for what runs on this machine."""

import pytest

from shared.stack.process import past_the_proxy


def test_loopback_is_added_to_what_the_environment_excepts_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    assert past_the_proxy()["no_proxy"] == "intranet.example,127.0.0.1,localhost"
    monkeypatch.delenv("NO_PROXY")
    assert past_the_proxy()["NO_PROXY"] == "127.0.0.1,localhost"
