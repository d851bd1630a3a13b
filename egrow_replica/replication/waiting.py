"""Waiting for a condition, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

from egrow_replica.errors import NotCaughtUp

POLL_SECONDS = 0.1


def wait_until(condition: Callable[[], bool], seconds: float, complaint: str, *, poll: float = POLL_SECONDS) -> None:
    """Ask until the condition holds.

    :raises NotCaughtUp: ``complaint``, when ``seconds`` have passed.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            raise NotCaughtUp(f"{complaint} within {seconds:g} s")
        time.sleep(poll)
