"""Waiting for a condition, with a deadline; whoever keeps it from coming true is named."""

from __future__ import annotations

import time
from collections.abc import Callable

from egrow_replica.db import describe, ending
from egrow_replica.errors import NotCaughtUp
from egrow_replica.results import Blocker

POLL_SECONDS = 0.1
#: From when on, and how often, is asked for whom it is; a stream that runs waits for somebody now and then.
ASKED_AFTER_SECONDS, ASKED_EVERY_SECONDS = 2.0, 1.0


def nobody() -> tuple[Blocker, ...]:
    """Whom a wait is for that is no lock's."""
    return ()


def wait_until(
    condition: Callable[[], bool],
    seconds: float,
    complaint: str,
    *,
    poll: float = POLL_SECONDS,
    whom: Callable[[], tuple[Blocker, ...]] = nobody,
    say: Callable[[str], None] = lambda text: None,
) -> None:
    """Ask until the condition holds.

    :param whom: who holds what is needed for it; ``say`` is told of them once.
    :raises NotCaughtUp: ``complaint`` and who it was, when ``seconds`` have passed.
    """
    begun = time.monotonic()
    asked = begun + ASKED_AFTER_SECONDS - ASKED_EVERY_SECONDS
    told: set[int] = set()
    while not condition():
        now = time.monotonic()
        if now >= begun + seconds:
            raise _too_long(f"{complaint} within {seconds:g} s", whom())
        if now >= asked + ASKED_EVERY_SECONDS:
            asked = now
            blockers = whom()
            pids = {blocker.pid for blocker in blockers}
            if not pids <= told:
                told |= pids
                say(f"waiting on prod for {describe(blockers)}")
        time.sleep(poll)


def _too_long(complaint: str, blockers: tuple[Blocker, ...]) -> NotCaughtUp:
    if not blockers:
        return NotCaughtUp(complaint)
    return NotCaughtUp(f"{complaint}: it waits for {describe(blockers)}", hint=ending(blockers[-1]))
