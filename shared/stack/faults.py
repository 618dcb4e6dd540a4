"""What can go wrong with the embedded stack: each fault says its cause and its cure."""

from __future__ import annotations


class StackError(Exception):
    """The stack could not do what was asked; `cause` says why, `cure` says what to do next."""

    exit_code = 1

    def __init__(self, cause: str, cure: str) -> None:
        super().__init__(f"{cause} {cure}")
        self.cause = cause
        self.cure = cure


class NotReady(StackError):
    """The stack, or a part of it, does not answer (yet)."""

    exit_code = 3
