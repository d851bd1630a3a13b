"""Processes that are known by more than a number, and waits that end.

Only the standard library: the keeper imports this and should start at once.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

_PR_SET_PDEATHSIG = 1


def wait_until(condition: Callable[[], bool], seconds: float, interval: float = 0.02) -> bool:
    """Poll until the condition holds; say whether it did before the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(interval)
    return True


class ProcessId(NamedTuple):
    """A process by number and start time, because numbers are given out again.

    >>> ProcessId.of(os.getpid()).is_alive()
    True
    """

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        """The process that has this number now.

        :raises ProcessLookupError: where there is none.
        """
        stat = _stat(pid)
        if stat is None:
            raise ProcessLookupError(pid)
        return cls(pid, stat.started)

    def is_alive(self) -> bool:
        """Whether exactly this process is still running; one that waits to be reaped is not."""
        stat = _stat(self.pid)
        return stat is not None and stat.started == self.started and stat.state not in "ZX"

    def send(self, number: signal.Signals) -> bool:
        """Signal exactly this process; say whether it was there."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            # The handle is bound to whoever has the number now: if that is ours, nobody can take its place.
            if not self.is_alive():
                return False
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True


def has_members(session: int) -> bool:
    """Whether a process of that session lives; everybody may see that, whoever it runs as."""
    stats = (_stat(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return any(stat is not None and stat.session == session and stat.state not in "ZX" for stat in stats)


class _Stat(NamedTuple):
    state: str
    session: int
    started: int


def _stat(pid: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command's name stands in parentheses and may hold anything, so count from the last one.
    fields = text[text.rindex(")") + 2 :].split()
    return _Stat(fields[0], int(fields[3]), int(fields[19]))


def dying_with_parent(number: signal.Signals) -> Callable[[], None]:
    """What a child calls before ``exec``, so that the kernel signals it when its parent ends in whatever way.

    Must be called after a change of user, which clears the request. A parent that died before the request is noticed.
    """
    if not sys.platform.startswith("linux"):
        return lambda: None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def request() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return request
